import * as v from "valibot";
import { moment } from "../record/clock-schema.ts";
import { type Counts, countsSchema } from "./progress.ts";
import { type MemberState, MEMBER_STATES, type Rollout, rolloutSchema } from "./rollout.ts";

/** Why a host waits in a rollout. */
export const HELD_BECAUSE = ["wave", "missing", "halted", "superseded"] as const;
export type HeldBecause = (typeof HELD_BECAUSE)[number];

/** What a host has just seen of the rollout of its group, for the reports and the metrics. */
export interface RolloutSeen {
  readonly group: string;
  /** The rollout of the group; null if the answer did not say: the last one that was seen stays. */
  readonly rollout: Rollout | null;
  /** Null if the answer did not count. */
  readonly counts: Counts | null;
  /** This host; null for an act of an operator. */
  readonly own: OwnPart | null;
}

/** The part of this host in the rollout that it joined last. */
export interface OwnPart {
  /** The name of the rollout. */
  readonly rollout: string;
  readonly wave: number;
  readonly state: MemberState;
  /** Why it waits; null if it does not. */
  readonly because: HeldBecause | null;
}

/** The last view of this host, on its disk. */
export const rolloutNoteSchema = v.object({
  schemaVersion: v.literal(1),
  group: v.string(),
  /** When it looked. */
  at: moment,
  rollout: rolloutSchema,
  counts: v.nullable(countsSchema),
  own: v.nullable(
    v.object({
      rollout: v.string(),
      wave: v.number(),
      state: v.picklist(MEMBER_STATES),
      because: v.nullable(v.picklist(HELD_BECAUSE)),
      /** When it came to this state. */
      since: moment,
    }),
  ),
  /** The finalization of this host in the rollout, which knows its commit; null if there is none. */
  finalization: v.nullable(v.string()),
});
export type RolloutNote = Readonly<v.InferOutput<typeof rolloutNoteSchema>>;

/** The note after another look; null if no rollout is known. */
export function noteAfter(
  before: RolloutNote | null,
  { group, rollout, counts, own }: RolloutSeen,
  at: string,
  { id, rollout: ofRecord }: { readonly id: string; readonly rollout: string | null },
): RolloutNote | null {
  const known = before?.group === group ? before : null;
  const current = rollout ?? known?.rollout ?? null;
  if (current === null) return null;
  const isSame = known?.rollout.seq === current.seq;
  return {
    schemaVersion: 1,
    group,
    at,
    rollout: current,
    counts: counts ?? (isSame ? known.counts : null),
    own: own === null ? (known?.own ?? null) : { ...own, since: sinceWhen(known, own, at) },
    finalization: ofRecord === current.name ? id : isSame ? known.finalization : null,
  };
}

function sinceWhen(before: RolloutNote | null, own: OwnPart, at: string): string {
  const was = before?.own ?? null;
  return was?.state === own.state && was.rollout === own.rollout ? was.since : at;
}
