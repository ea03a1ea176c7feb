import { type Absent, type Lower, whyMissing } from "../../../core/fleet/admission.ts";
import { memberSchema, type Rollout } from "../../../core/fleet/rollout.ts";
import { type Entry, foundIn, valueOf } from "./answers.ts";
import type { EtcdGroup } from "./group.ts";
import { hostIn, type PerHost } from "./keys.ts";
import { passing } from "./member-writes.ts";
import { type Condition, MOST_OPERATIONS, put, unchanged } from "./requests.ts";
import type { Self } from "../rollout-server.ts";
import type { Read } from "./snapshot.ts";

/** If more hosts are absent, `why` names none: the lists of a whole fleet would be read for it. */
const MOST_NAMED = 5;

/** Two operations for each host, and a little for the others. */
const MARKED_AT_ONCE = Math.floor(MOST_OPERATIONS / 2) - 4;

/** A host that has not joined the rollout. */
interface Missing {
  readonly wave: number;
  readonly id: string;
  readonly entry: Entry;
}

/** The names of the hosts of lower waves that do not take part. */
export async function absentBelow(
  group: EtcdGroup,
  { wave }: Self,
  { members, seen }: Lower,
): Promise<Absent> {
  if (members === seen) return [];
  if (members - seen > MOST_NAMED) return null;
  const { missing } = await findMissing(group, (kind) => group.keys.inLowerWaves(kind, wave));
  return await namesOf(group, missing);
}

/** What follows if hosts of lower waves have not joined in time. */
export async function goOnWithoutOrHalt(
  group: EtcdGroup,
  self: Self,
  read: Read,
  rollout: Rollout,
): Promise<void> {
  const { keys } = group;
  const { missing, revision } = await findMissing(group, (kind) =>
    keys.inLowerWaves(kind, self.wave),
  );
  if (missing.length === 0) return;
  switch (self.onMissing) {
    case "go-on-without":
      await markWithout(group, rollout, read.control, missing);
      return;
    case "halt": {
      const why = whyMissing(await namesOf(group, missing), self.joinWithin);
      const ids = missing.map(({ id }) => id);
      const at = group.now().toISOString();
      const halt = { at, by: self.host, why, kind: "missing" as const, missing: ids };
      const ranges = [keys.inLowerWaves("seen", self.wave), keys.lowerRosters(self.wave)];
      const still = ranges.map((range) => ({ kind: "none-since" as const, range, revision }));
      await group.commit([read.control, ...still], [put(keys.control, { ...rollout, halt })]);
    }
  }
}

/** Nobody waits for these hosts in this rollout any more; if one comes all the same, it takes part. */
export async function markWithout(
  group: EtcdGroup,
  rollout: Rollout,
  control: Condition,
  missing: readonly Missing[],
): Promise<void> {
  const { keys } = group;
  for (let at = 0; at < missing.length; at += MARKED_AT_ONCE) {
    const some = missing.slice(at, at + MARKED_AT_ONCE);
    const waves = [...new Set(some.map(({ wave }) => wave))];
    const conditions = some.map(({ entry }) => unchanged(entry.key, entry));
    const marks = some.flatMap(({ wave, id }) => [
      put(keys.of("done", wave, id), { done: "without" }),
      put(keys.of("seen", wave, id), {}),
    ]);
    const passed = passing(keys, rollout, Math.max(...waves));
    if ((await group.commit([control, ...conditions], [...marks, passed])) === null) return;
  }
}

/** The hosts that have not joined the rollout, in the order of their keys. */
export async function findMissing(
  group: EtcdGroup,
  range: (kind: PerHost) => { key: string; end?: string },
): Promise<{ missing: Missing[]; revision: string }> {
  const answer = await group.look(
    { range: range("member"), only: "keys" },
    { range: range("seen"), only: "keys" },
  );
  const place = (kind: PerHost, { key }: Entry): string => {
    const at = hostIn(group.keys, kind, key);
    return at === null ? "" : `${at.wave}/${at.id}`;
  };
  const seen = new Set(foundIn(answer, 1).entries.map((entry) => place("seen", entry)));
  const missing = foundIn(answer, 0).entries.flatMap((entry) => {
    const at = hostIn(group.keys, "member", entry.key);
    return at === null || seen.has(place("member", entry)) ? [] : [{ ...at, entry }];
  });
  return { missing, revision: answer.revision };
}

/** Their names for people; only the first ones are looked up, because only these are shown. */
async function namesOf(group: EtcdGroup, missing: readonly Missing[]): Promise<string[]> {
  const first = missing.slice(0, MOST_NAMED);
  const answer = await group.look(...first.map(({ entry: { key } }) => ({ range: { key } })));
  return missing.map(({ id }, index) => {
    const entry = index < first.length ? foundIn(answer, index).entries[0] : undefined;
    return entry === undefined ? id : valueOf(memberSchema, entry).host;
  });
}
