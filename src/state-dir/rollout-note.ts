import { join } from "node:path";
import * as v from "valibot";
import { jsonAs } from "../core/answer.ts";
import { countsSchema } from "../core/fleet/progress.ts";
import { MEMBER_STATES, rolloutSchema } from "../core/fleet/rollout.ts";
import { HELD_BECAUSE, type OwnPart, type RolloutSeen } from "../core/fleet/seen.ts";
import { moment } from "../core/record/clock-schema.ts";
import { readIfThere, replaceFile } from "../host/files/durable.ts";

/** The last view of this host, on its disk. */
const rolloutNoteSchema = v.object({
  schemaVersion: v.literal(1),
  group: v.string(),
  /** When it last saw the rollout. */
  at: moment,
  rollout: rolloutSchema,
  counts: v.nullable(countsSchema),
  /** When it counted; null if it has not. */
  countedAt: v.optional(v.nullable(moment), null),
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
    // The host that looked last is believed, so an answer without the rollout is no look at it.
    at: rollout === null ? (known?.at ?? at) : at,
    rollout: current,
    ...(counts !== null
      ? { counts, countedAt: at }
      : { counts: isSame ? known.counts : null, countedAt: isSame ? known.countedAt : null }),
    own: own === null ? (known?.own ?? null) : { ...own, since: sinceWhen(known, own, at) },
    finalization: ofRecord === current.name ? id : isSame ? known.finalization : null,
  };
}

function sinceWhen(before: RolloutNote | null, own: OwnPart, at: string): string {
  const was = before?.own ?? null;
  return was?.state === own.state && was.rollout === own.rollout ? was.since : at;
}

function notePath(stateDir: string): string {
  return join(stateDir, "rollout-seen.json");
}

/** The last view of the rollout; null if there is none. */
export function readRolloutNote(stateDir: string): RolloutNote | null {
  return parseRolloutNote(readIfThere(notePath(stateDir)) ?? "");
}

export function parseRolloutNote(text: string): RolloutNote | null {
  return jsonAs(rolloutNoteSchema, text);
}

/** Not synced: after a power cut, the next look at the rollout writes it again. */
export function writeRolloutNote(stateDir: string, note: RolloutNote): void {
  replaceFile(notePath(stateDir), `${JSON.stringify(note)}\n`, { sync: "unsynced" });
}
