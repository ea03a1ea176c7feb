import type { Rollout } from "../../core/fleet/rollout.ts";
import { waitsNow } from "../../core/fleet/waits-now.ts";
import type { GroupView, MemberView, WaveView } from "../../fleet/rollouts/rollout-server.ts";
import type { Unknown } from "../../fleet/slot-keeping.ts";
import type { FleetHostJson, FleetJson, RolloutJson, WaveJson } from "../../json/fleet.ts";
import type { FleetPlace } from "./place.ts";

type Named = Pick<FleetPlace, "group" | "endpoints" | "id">;

export async function lookAtFleet(place: FleetPlace): Promise<FleetJson> {
  return toFleetJson(place, await place.server.look());
}

export function toFleetJson(place: Named, seen: GroupView | Unknown): FleetJson {
  const { group, endpoints } = place;
  const common = { schemaVersion: 1 as const, group, server: [...endpoints] };
  switch (seen.kind) {
    case "unknown":
      return { ...common, rollout: null, waves: null, unknown: seen.why };
    case "known":
      return {
        ...common,
        rollout: seen.rollout === null ? null : toRolloutJson(seen.rollout),
        waves: seen.waves.map((wave) => toWaveJson(place, wave, seen)),
        unknown: null,
      };
  }
}

export function toRolloutJson(rollout: Rollout): RolloutJson {
  const { seq, name, startedAt, startedBy, forgiven } = rollout;
  const failures = rollout.failures.map((failure, index) => ({
    ...failure,
    isForgiven: index < forgiven,
  }));
  const halt = toHaltJson(rollout.halt);
  return { seq, name, startedAt, startedBy, halt, resumed: rollout.resumed ?? null, failures };
}

function toHaltJson(halt: Rollout["halt"]): RolloutJson["halt"] {
  if (halt === null) return null;
  const { at, by, why, kind } = halt;
  return { at, by, why, kind };
}

/** web2 before web10. */
const BY_NAME = new Intl.Collator("en", { numeric: true });

function toWaveJson(place: Named, { wave, members }: WaveView, seen: GroupView): WaveJson {
  const lower = seen.waves.filter((other) => other.wave < wave);
  const below = lower.flatMap(({ members: hosts }) => hosts);
  const whys = new Map<string, string>();
  const whyOf = ({ state, why }: MemberView): string | null => {
    if (why === null || state !== "waiting") return why;
    const now = whys.get(why) ?? waitsNow(why, below);
    whys.set(why, now);
    return now;
  };
  return {
    wave,
    isComplete: members.every(({ done }) => done !== null),
    live: members.filter(({ done }) => done === "live").length,
    hosts: members
      .map((member) => toHostJson(place, { ...member, why: whyOf(member) }, seen.rollout))
      .toSorted((one, other) => BY_NAME.compare(one.host, other.host)),
  };
}

/** What a host did in an earlier rollout does not count in this one; that it left this one does. */
function toHostJson(
  { id: own }: Named,
  member: MemberView,
  rollout: Rollout | null,
): FleetHostJson {
  const { id, host, done, hasJoined, seq } = member;
  const common = { id, host, isThisHost: id === own, done };
  if (!hasJoined && seq !== rollout?.seq) {
    return {
      ...common,
      state: "not-joined",
      since: null,
      generation: null,
      finalization: null,
      why: null,
    };
  }
  const { state, since, generation, finalization, why } = member;
  return { ...common, state, since, generation, finalization, why };
}
