import type { Done, Member, Rollout } from "../../../../src/core/fleet/rollout.ts";
import type { GroupView, Progress } from "../../../../src/fleet/rollouts/rollout-server.ts";

type Marks = ReadonlyMap<string, Done>;

export function viewOf(
  group: string,
  rollout: Rollout | null,
  members: readonly Member[],
  done: Marks,
): GroupView {
  const seq = rollout?.seq ?? 0;
  const seen = members.toSorted(byName).map((member) => ({
    ...member,
    done: done.get(member.id) ?? null,
    hasJoined: member.seq === seq && member.state !== "left",
  }));
  const waves = wavesOf(members).map((wave) => ({
    wave,
    members: seen.filter((member) => member.wave === wave),
  }));
  return { kind: "known", group, rollout, waves };
}

export function progressOf(rollout: Rollout, members: readonly Member[], done: Marks): Progress {
  const waves = wavesOf(members);
  const isComplete = (wave: number): boolean =>
    members.every((member) => member.wave !== wave || done.has(member.id));
  const firstOpen = waves.findIndex((wave) => !isComplete(wave));
  return {
    rollout,
    waves: waves.length,
    complete: firstOpen === -1 ? waves.length : firstOpen,
    members: members.length,
    live: [...done.values()].filter((each) => each === "live").length,
  };
}

function wavesOf(members: readonly Member[]): number[] {
  return [...new Set(members.map(({ wave }) => wave))].toSorted((one, other) => one - other);
}

function byName(one: Member, other: Member): number {
  return one.host < other.host ? -1 : 1;
}
