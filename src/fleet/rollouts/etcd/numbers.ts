import type { LowerWave } from "../../../core/fleet/admission.ts";
import type { Rollout } from "../../../core/fleet/rollout.ts";
import { foundIn } from "./answers.ts";
import type { EtcdGroup } from "./group.ts";
import { waveIn } from "./keys.ts";
import { counting, MOST_OPERATIONS } from "./requests.ts";
import type { Progress } from "../rollout-server.ts";

const COUNTED = ["member", "done", "live"] as const;

/** As many waves as one transaction can count. */
const AT_ONCE = Math.floor(MOST_OPERATIONS / COUNTED.length);

/** The waves that have hosts, in their order. */
export async function countWaves(group: EtcdGroup, below = Infinity): Promise<LowerWave[]> {
  const { keys } = group;
  const rosters = foundIn(await group.look({ range: keys.rosters, only: "keys" }), 0);
  const waves = rosters.entries.flatMap(({ key }) => waveIn(keys, key) ?? []);
  const wanted = waves.filter((wave) => wave < below).toSorted((a, b) => a - b);
  const counted: LowerWave[] = [];
  for (let at = 0; at < wanted.length; at += AT_ONCE) {
    counted.push(...(await countThese(group, wanted.slice(at, at + AT_ONCE))));
  }
  return counted.filter(({ members, done }) => members > 0 || done > 0);
}

async function countThese(group: EtcdGroup, waves: readonly number[]): Promise<LowerWave[]> {
  const looks = waves.flatMap((wave) =>
    COUNTED.map((kind) => counting(group.keys.inWave(kind, wave))),
  );
  const answer = await group.look(...looks);
  return waves.map((wave, index) => {
    const count = (which: number): number => foundIn(answer, index * COUNTED.length + which).count;
    return { wave, members: count(0), done: count(1), live: count(2) };
  });
}

/** How far the group is. */
export async function progressOf(group: EtcdGroup, rollout: Rollout): Promise<Progress> {
  const waves = await countWaves(group);
  const firstOpen = waves.findIndex(({ members, done }) => members !== done);
  const sum = (of: (wave: LowerWave) => number): number =>
    waves.reduce((total, wave) => total + of(wave), 0);
  return {
    rollout,
    waves: waves.length,
    complete: firstOpen === -1 ? waves.length : firstOpen,
    members: sum(({ members }) => members),
    live: sum(({ live }) => live),
  };
}
