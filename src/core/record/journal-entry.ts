import { RESUME_UNIT, unitName } from "./id.ts";
import { awaitsConfirmation, type FinalizationRecord } from "./record.ts";
import { printableLine } from "../printable.ts";
import { isTerminal, type State } from "../states.ts";

export interface JournalEntry {
  readonly message: string;
  /**
   * The units of the entry, for `journalctl --unit`: the journal does not always know the unit of a
   * program that ends right after it has written (notes/journal.md).
   */
  readonly units: readonly string[];
  /** By field name: systemd.journal-fields(7), and ours, which start with DEPLOY_FINALIZE. */
  readonly fields: Readonly<Record<string, string>>;
}

export function stateEntry(record: FinalizationRecord): JournalEntry {
  const { id, state, plan, target, previous, timeline, rollbackOf, retryOf } = record;
  const kind = awaitsConfirmation(record) ? "confirmation-wanted" : state;
  return eventEntry(kind, id, `${state}: ${timeline.at(-1)?.detail ?? ""}`, {
    STATE: state,
    ACTION: plan.action,
    TARGET: target,
    ...(previous !== null && { PREVIOUS: previous }),
    ...(rollbackOf !== null && { ROLLBACK_OF: rollbackOf }),
    ...(retryOf !== null && { RETRY_OF: retryOf }),
    ...(isTerminal(state) && { OUTCOME: state, REASON: record.outcome?.reason ?? "" }),
  });
}

/**
 * The entry for any other event.
 *
 * @param own more fields, named without their prefix
 */
export function eventEntry(
  kind: EventKind,
  id: string,
  message: string,
  own: Readonly<Record<string, string>> = {},
): JournalEntry {
  const { messageId, priority } = EVENT_KINDS[kind];
  const ours = Object.entries({ ID: id, EVENT: kind, ...own });
  const fields = {
    MESSAGE: message,
    MESSAGE_ID: messageId,
    PRIORITY: String(priority),
    SYSLOG_IDENTIFIER: "deploy-finalize",
    ...Object.fromEntries(ours.map(([name, value]) => [`DEPLOY_FINALIZE_${name}`, value])),
  };
  const resumes = kind === "taken-up" || kind === "record-lost" ? [RESUME_UNIT] : [];
  return { message, units: [`${unitName(id)}.service`, ...resumes], fields };
}

/**
 * The entry for `logger --journald`: one field a line, so a value must not contain a line end. Other
 * control characters go too, because the journal would show the value as a blob.
 */
export function formatEntry({ fields, units }: JournalEntry): string {
  const about = units.map((unit) => ["OBJECT_SYSTEMD_UNIT", unit] as const);
  return [...Object.entries(fields), ...about]
    .map(([name, value]) => `${name}=${printableLine(value).trim()}\n`)
    .join("");
}

/** Events with a journal entry that are not states. */
type OtherEvent =
  | "confirmation-wanted"
  | "taken-up"
  | "held-up"
  | "switch-late"
  | "inhibitor-overridden"
  | "hook-failed"
  | "soak-failed"
  | "record-broken"
  | "record-lost";

export type EventKind = State | OtherEvent;

interface Kind {
  /** The MESSAGE_ID. Never reused, because people filter and alert by it. */
  readonly messageId: string;
  /** syslog(3): 3 error, 4 warning, 5 notice, 6 information. */
  readonly priority: 3 | 4 | 5 | 6;
}

/** Every kind of journal entry; contrib/deploy-finalize.catalog explains each. */
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
  "switch-late": { messageId: "e2eb6ada2cce47118bd172ba752b11c8", priority: 4 },
  "inhibitor-overridden": { messageId: "fe42d19ba49e4358842a589da4d7d2cd", priority: 4 },
  "hook-failed": { messageId: "c47ca3f81cff475ba7e913d677e2d438", priority: 4 },
  "soak-failed": { messageId: "11de644f73374f4f9946f1d7935415f1", priority: 3 },
  "record-broken": { messageId: "154eb4e404b44ae0a34d11d0aaf7d1c5", priority: 3 },
  "record-lost": { messageId: "d1df1e86e54a486fbb2e07171a53b262", priority: 3 },
};
