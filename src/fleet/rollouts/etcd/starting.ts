import { nextRollout } from "../../../core/fleet/admission.ts";
import type { PastRollout, Rollout } from "../../../core/fleet/rollout.ts";
import { foundIn } from "./answers.ts";
import type { EtcdGroup } from "./group.ts";
import { PER_ROLLOUT } from "./keys.ts";
import { counting, type Operation, put, remove } from "./requests.ts";
import type { Self } from "../rollout-server.ts";
import type { Read } from "./snapshot.ts";

/** Older rollouts are forgotten. */
const MOST_PAST = 1000;

/** Begins the next rollout, unless another host was faster. The caller reads again in either case. */
export async function starting(group: EtcdGroup, self: Self, read: Read): Promise<void> {
  const { keys } = group;
  const rollout = nextRollout(read.rollout, self, group.now());
  const past = read.rollout === null ? [] : await ending(group, read.rollout);
  await group.commit(
    [read.control],
    [
      ...past,
      ...PER_ROLLOUT.map((kind) => remove(keys.all(kind))),
      put(keys.control, rollout),
      put(keys.named(rollout.name), { seq: rollout.seq }),
    ],
  );
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
