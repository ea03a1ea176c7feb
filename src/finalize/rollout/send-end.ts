import type { RolloutSeen } from "../../core/fleet/seen.ts";
import type { Part, PartEnd } from "../../core/record/fleet/part.ts";
import { asTheGroupKnowsIt } from "../../fleet/part/part-store.ts";
import type { RolloutPart, Telling } from "../../fleet/part/rollout-part.ts";
import { groupOf } from "../../fleet/part/terms.ts";
import { seenAtEnd } from "../../fleet/rollouts/seen.ts";
import type { RolloutServer, Self, Told } from "../../fleet/rollouts/rollout-server.ts";
import type { RecordStore } from "../../state-dir/store.ts";

/** What a group is told. */
export type Request = (server: RolloutServer, self: Self) => Promise<Told>;

export const soaks: Request = async (server, self) => await server.soaks(self);

/** How the end is told; null if there is none yet, or another finalization tells it. */
export function requestOf(end: PartEnd | null): Request | null {
  switch (end?.kind) {
    case undefined:
    case "handed-on":
    case "soaking":
      return null;
    case "live":
      return async (server, self) => await server.ends(self, { kind: "live" });
    case "failed": {
      const { why } = end;
      return async (server, self) => await server.ends(self, { kind: "failed", why });
    }
    case "left": {
      const { why } = end;
      return async (server, self) => await server.leaves(self, why);
    }
  }
}

interface Sender {
  readonly rollout: RolloutPart;
  readonly store: RecordStore;
}

/**
 * Tells the group an end. A host that it does not know yet joins first.
 *
 * @returns null as for `RolloutPart.tell`
 */
export async function sendEnd(
  { rollout, store }: Sender,
  part: Part,
  request: Request,
  how: Telling,
): Promise<{ readonly part: Part; readonly told: Told } | null> {
  const isLeft = part.end?.kind === "left";
  const joined = isLeft ? part : await rollout.join(part, how);
  if (joined === null) return null;
  const known = isLeft ? joined : await asTheGroupKnowsIt(store, joined);
  const told = await rollout.tell(known, request, how);
  return told === null ? null : { part: joined, told };
}

/** What this host has seen when it told an end, for the metrics and the status of the group; null for nothing. */
export function seenWhenTold(part: Part, told: Told): RolloutSeen | null {
  const state = part.end?.kind;
  if (state === undefined || state === "handed-on") return null;
  const who = { rollout: part.rollout, wave: part.fleet.wave };
  return seenAtEnd(groupOf(part), who, state, told);
}
