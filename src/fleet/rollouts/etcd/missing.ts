import { type Absent, graceLeftMs, type Lower, whyMissing } from "../../../core/fleet/admission.ts";
import { memberSchema, type Rollout } from "../../../core/fleet/rollout.ts";
import { type Entry, foundIn, ownValue } from "./answers.ts";
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

/** Hosts of lower waves that do not take part. */
export interface AbsentBelow {
  readonly names: Absent;
  /** How long the first of them that is late may still come back; 0 if it is not known. */
  readonly graceMs: number;
}

/** The hosts of lower waves that do not take part. */
export async function absentBelow(
  group: EtcdGroup,
  self: Self,
  rollout: Rollout,
  { members, seen }: Lower,
): Promise<AbsentBelow> {
  if (members === seen) return { names: [], graceMs: 0 };
  if (members - seen > MOST_NAMED) return { names: null, graceMs: 0 };
  const { missing } = await findMissing(group, (kind) => group.keys.inLowerWaves(kind, self.wave));
  const known = await withGrace(group, self, rollout, missing);
  return { names: known.map(({ name }) => name), graceMs: firstGraceMs(known) };
}

/**
 * What follows if hosts of lower waves have not joined in time.
 *
 * @returns how long all of them may still come back; null if something was done, or has changed
 */
export async function goOnWithoutOrHalt(
  group: EtcdGroup,
  self: Self,
  read: Read,
  rollout: Rollout,
): Promise<number | null> {
  const { keys } = group;
  const { missing, revision } = await findMissing(group, (kind) =>
    keys.inLowerWaves(kind, self.wave),
  );
  if (missing.length === 0) return null;
  const known = await withGrace(group, self, rollout, missing);
  const late = known.filter(({ graceMs }) => graceMs === 0);
  if (late.length === 0) return firstGraceMs(known);
  switch (self.onMissing) {
    case "go-on-without":
      await markWithout(group, rollout, read.control, late);
      return null;
    case "halt": {
      const names = late.map(({ name }) => name);
      const why = whyMissing(names, self.joinWithin);
      const ids = late.map(({ id }) => id);
      const at = group.now().toISOString();
      const halt = { at, by: self.host, why, kind: "missing" as const, missing: ids };
      const ranges = [keys.inLowerWaves("seen", self.wave), keys.lowerRosters(self.wave)];
      const still = ranges.map((range) => ({ kind: "none-since" as const, range, revision }));
      await group.commit([read.control, ...still], [put(keys.control, { ...rollout, halt })]);
      return null;
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

interface Known extends Missing {
  /** For people. */
  readonly name: string;
  readonly graceMs: number;
}

/** What the group knows of them. A host with a foreign value has its name with etcd, and is late. */
async function withGrace(
  group: EtcdGroup,
  self: Self,
  rollout: Rollout,
  missing: readonly Missing[],
): Promise<Known[]> {
  const known: Known[] = [];
  for (let at = 0; at < missing.length; at += MOST_OPERATIONS) {
    const some = missing.slice(at, at + MOST_OPERATIONS);
    const answer = await group.look(...some.map(({ entry: { key } }) => ({ range: { key } })));
    for (const [index, each] of some.entries()) {
      const [entry] = foundIn(answer, index).entries;
      const member = entry === undefined ? null : ownValue(memberSchema, entry);
      const name = member?.host ?? each.id;
      const graceMs = member === null ? 0 : graceLeftMs(member, rollout, self, group.now());
      known.push({ ...each, name, graceMs });
    }
  }
  return known;
}

function firstGraceMs(known: readonly Known[]): number {
  return known.length === 0 ? 0 : Math.min(...known.map(({ graceMs }) => graceMs));
}
