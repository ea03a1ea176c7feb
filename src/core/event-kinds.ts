import type { State } from "./states.ts";

/** Events of which the journal gets an entry although no state is entered. */
type OtherEvent = "confirmation-wanted" | "taken-up" | "held-up" | "record-broken";

export type EventKind = State | OtherEvent;

interface Kind {
  /** The MESSAGE_ID: never given to another kind, as people filter and alert by it. */
  readonly messageId: string;
  /** syslog(3): 3 error, 4 warning, 5 notice, 6 information. */
  readonly priority: 3 | 4 | 5 | 6;
}

/** Every kind of journal entry. contrib/deploy-finalize.catalog explains each to people. */
export const EVENT_KINDS: Readonly<Record<EventKind, Kind>> = {
  scheduled: { messageId: "70895d9eaf0a468db94bf7a15fb29184", priority: 5 },
  waiting: { messageId: "b7dc75074a29496395cd7c6fc08aecfa", priority: 6 },
  switching: { messageId: "4fef6d10aaa64da3bbad1244a38f7f07", priority: 5 },
  rebooting: { messageId: "68d2341f629946a0bed2f382d3ccc3dc", priority: 5 },
  verifying: { messageId: "7c614ffba18341beaecc2cd0c4c50775", priority: 6 },
  "rolling-back": { messageId: "3882724ac34246d8a4e727da53c09a28", priority: 4 },
  live: { messageId: "77008520fc14421aafd2ca001e9c0f6d", priority: 5 },
  "rolled-back": { messageId: "445dc890000b401893b230325e950310", priority: 4 },
  failed: { messageId: "c545211980524a59ad3683c42c789a40", priority: 3 },
  superseded: { messageId: "1341a6c03df149d7a9419d258dde4085", priority: 6 },
  cancelled: { messageId: "79d4cfc84a5a4ea2ad892154412b3372", priority: 5 },
  "confirmation-wanted": { messageId: "b070e7dee44846d7a90d1ec7e8d6047f", priority: 5 },
  "taken-up": { messageId: "7c4ab0bddea74b39a36079e49d339074", priority: 5 },
  "held-up": { messageId: "45312109809f4173bc8316244581ead6", priority: 4 },
  "record-broken": { messageId: "154eb4e404b44ae0a34d11d0aaf7d1c5", priority: 3 },
};
