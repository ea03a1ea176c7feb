import { nextRollout } from "../../../core/fleet/admission.ts";
import { type PastRollout, pastRolloutSchema, type Rollout } from "../../../core/fleet/rollout.ts";
import { foundIn, ownValue } from "./answers.ts";
import type { EtcdGroup } from "./group.ts";
import { PER_ROLLOUT } from "./keys.ts";
import { countWaves } from "./numbers.ts";
import { counting, type Operation, put, remove } from "./requests.ts";
import type { Self } from "../rollout-server.ts";
import { namedSchema, type Read } from "./snapshot.ts";

/** Older rollouts are forgotten. */
const MOST_PAST = 1000;

/** So many of these at once; the next rollout forgets others. */
const MOST_FORGOTTEN = 10;

/** So many waves fit into the transaction; the next rollout removes the others. */
const MOST_EMPTY = 100;

/** Begins the next rollout, unless another host was faster. The caller reads again in either case. */
export async function starting(group: EtcdGroup, self: Self, read: Read): Promise<void> {
  const { keys } = group;
  const rollout = nextRollout(read.rollout, self, group.now());
  const past = read.rollout === null ? [] : await ending(group, read.rollout, self.rollout);
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

async function ending(group: EtcdGroup, rollout: Rollout, next: string): Promise<Operation[]> {
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
  return [kept, ...(await forgetting(group, rollout.seq - MOST_PAST, next))];
}

/**
 * Removes the rollouts before a number, and their names. A name that a rollout after them has too stays: a
 * host that comes with it may be late. Names are written with the control key, so the caller's condition on
 * that holds for them too.
 *
 * @param next the name of the rollout that begins: the same transaction writes it
 */
async function forgetting(group: EtcdGroup, before: number, next: string): Promise<Operation[]> {
  const { keys } = group;
  if (before <= 0) return [];
  const range = { key: keys.history.key, end: keys.past(before) };
  const past = foundIn(await group.look({ range, limit: MOST_FORGOTTEN }), 0).entries;
  const last = past.at(-1);
  if (last === undefined) return [];
  const names = past.flatMap((entry) => ownValue(pastRolloutSchema, entry)?.name ?? []);
  const forgotten = [...new Set(names)].filter((name) => name !== next);
  const looks = forgotten.map((name) => ({ range: { key: keys.named(name) } }));
  const answer = looks.length === 0 ? null : await group.look(...looks);
  const named = answer?.found.flatMap(({ entries }) => entries) ?? [];
  const outdated = named.filter((entry) => {
    const newest = ownValue(namedSchema, entry)?.seq;
    return newest !== undefined && newest < before;
  });
  // Exactly what was looked at.
  const whole = remove({ key: keys.history.key, end: `${last.key}\0` });
  return [whole, ...outdated.map(({ key }) => remove({ key }))];
}
