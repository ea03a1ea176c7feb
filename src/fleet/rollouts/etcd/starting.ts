import { nextRollout } from "../../../core/fleet/admission.ts";
import type { PastRollout, Rollout } from "../../../core/fleet/rollout.ts";
import { foundIn } from "./answers.ts";
import type { EtcdGroup } from "./group.ts";
import { PER_ROLLOUT } from "./keys.ts";
import { countWaves } from "./numbers.ts";
import { counting, type Operation, put, remove } from "./requests.ts";
import type { Self } from "../rollout-server.ts";
import type { Read } from "./snapshot.ts";

/** Older rollouts are forgotten. */
const MOST_PAST = 1000;

/** So many waves fit into the transaction; the next rollout removes the others. */
const MOST_EMPTY = 100;

/** Begins the next rollout, unless another host was faster. The caller reads again in either case. */
export async function starting(group: EtcdGroup, self: Self, read: Read): Promise<void> {
  const { keys } = group;
  const rollout = nextRollout(read.rollout, self, group.now());
  const past = read.rollout === null ? [] : await ending(group, read.rollout);
  const empty = (await emptyWaves(group, read.waves)).map((wave) => keys.roster(wave));
  // A host that comes to such a wave meanwhile would be in a wave without a roster.
  const still = empty.map((key) => ({
    kind: "none-since" as const,
    range: { key },
    revision: read.revision,
  }));
  await group.commit(
    [read.control, ...still],
    [
      ...empty.map((key) => remove({ key })),
      ...past,
      ...PER_ROLLOUT.map((kind) => remove(keys.all(kind))),
      put(keys.control, rollout),
      put(keys.named(rollout.name), { seq: rollout.seq }),
    ],
  );
}

/** The waves that all hosts have left: nobody is let in because of these any more. */
async function emptyWaves(group: EtcdGroup, waves: readonly number[]): Promise<number[]> {
  const counted = await countWaves(group, waves);
  const hasHosts = (wave: number): boolean =>
    counted.some((each) => each.wave === wave && each.members > 0);
  return waves.filter((wave) => !hasHosts(wave)).slice(0, MOST_EMPTY);
}

async function ending(group: EtcdGroup, rollout: Rollout): Promise<Operation[]> {
  const { keys, now } = group;
  const kinds = ["live", "done", "member"] as const;
  const answer = await group.look(...kinds.map((kind) => counting(keys.all(kind))));
  const [live, done, members] = [0, 1, 2].map((index) => foundIn(answer, index).count);
  const past: PastRollout = {
    ...rollout,
    endedAt: now().toISOString(),
    live: live ?? 0,
    members: members ?? 0,
    isOver: done === members,
  };
  const kept = put(keys.past(rollout.seq), past);
  const oldest = rollout.seq - MOST_PAST;
  if (oldest <= 0) return [kept];
  return [kept, remove({ key: keys.history.key, end: keys.past(oldest) })];
}
