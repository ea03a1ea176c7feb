import {
  countedFailures,
  type Halt,
  memberSchema,
  type Rollout,
  rolloutSchema,
} from "../../../core/fleet/rollout.ts";
import { printableLine } from "../../../core/printable.ts";
import { type Entry, foundIn, valueOf } from "./answers.ts";
import { AGAIN, type EtcdGroup } from "./group.ts";
import { pagesOf } from "./looking.ts";
import { goingFrom, MOST_IN_WHY, passing } from "./member-writes.ts";
import { findMissing, markWithout } from "./missing.ts";
import { type Condition, put, remove, unchanged } from "./requests.ts";
import type { OperatorAct } from "../rollout-server.ts";
import { waveSchema } from "./snapshot.ts";

interface Current {
  readonly rollout: Rollout;
  /** It is as it was read. */
  readonly control: Condition;
}

export async function halt(group: EtcdGroup, by: string, why: string): Promise<OperatorAct> {
  return await onCurrent(group, async ({ rollout, control }) => {
    if (rollout.halt !== null) return refused(`it is halted already: ${rollout.halt.why}`);
    const at = group.now().toISOString();
    const made: Halt = { at, by, why: printableLine(why, MOST_IN_WHY), kind: "operator" };
    return await write(group, control, { ...rollout, halt: made });
  });
}

export async function resume(group: EtcdGroup, by: string): Promise<OperatorAct> {
  return await onCurrent(group, async ({ rollout, control }) => {
    const { failures } = rollout;
    // A host with a lower limit than that of others is held without a halt.
    if (rollout.halt === null && countedFailures(rollout).length === 0) {
      return refused(`rollout ${rollout.name} is not halted`);
    }
    await goOnWithoutMissing(group, { rollout, control });
    const resumed = { at: group.now().toISOString(), by };
    return await write(group, control, {
      ...rollout,
      halt: null,
      forgiven: failures.length,
      resumed,
    });
  });
}

/** Otherwise the next host that looks halts it again. */
async function goOnWithoutMissing(group: EtcdGroup, { rollout, control }: Current): Promise<void> {
  const ids = new Set(rollout.halt?.missing);
  if (ids.size === 0) return;
  const { missing } = await findMissing(group, (kind) => group.keys.all(kind));
  const meant = missing.filter(({ id }) => ids.has(id));
  await markWithout(group, rollout, control, meant);
}

/** A host is not known any more, until it joins a rollout again. */
export async function forget(group: EtcdGroup, host: string): Promise<OperatorAct> {
  return await onCurrent(group, async ({ rollout }) => {
    const { keys } = group;
    const ids = await idsOf(group, host);
    const [id] = ids;
    if (id === undefined) return refused(`group ${group.name} has no host ${host}`);
    if (ids.length > 1) return refused(`several hosts have this name: ${ids.join(", ")}`);
    const where = await entryAt(group, keys.where(id));
    if (where === null) return AGAIN;
    const { wave } = valueOf(waveSchema, where);
    const isWritten = await group.commit(
      [unchanged(where.key, where)],
      [remove({ key: where.key }), ...goingFrom(keys, wave, id), passing(keys, rollout, wave)],
    );
    return isWritten === null ? AGAIN : { kind: "done", rollout };
  });
}

/** The hosts with a name: that with etcd, or else for people. */
async function idsOf(group: EtcdGroup, host: string): Promise<string[]> {
  if ((await entryAt(group, group.keys.where(host))) !== null) return [host];
  const ids: string[] = [];
  for await (const entry of pagesOf(group, group.keys.all("member"))) {
    const member = valueOf(memberSchema, entry);
    if (member.host === host) ids.push(member.id);
  }
  return ids;
}

async function entryAt(group: EtcdGroup, key: string): Promise<Entry | null> {
  return foundIn(await group.look({ range: { key } }), 0).entries[0] ?? null;
}

async function onCurrent(
  group: EtcdGroup,
  act: (current: Current) => Promise<OperatorAct | typeof AGAIN>,
): Promise<OperatorAct> {
  const { changes } = group;
  const acted = await group.decide<OperatorAct>(async () => {
    const { control } = group.keys;
    const entry = await entryAt(group, control);
    if (entry === null) return refused(`group ${group.name} has had no rollout yet`);
    const rollout = valueOf(rolloutSchema, entry);
    return await act({ rollout, control: unchanged(control, entry) });
  });
  if (acted.kind !== "unknown" || group.changes !== changes) return acted;
  return { ...acted, changed: "nothing" };
}

async function write(
  group: EtcdGroup,
  control: Condition,
  rollout: Rollout,
): Promise<OperatorAct | typeof AGAIN> {
  const written = await group.commit([control], [put(group.keys.control, rollout)]);
  return written === null ? AGAIN : { kind: "done", rollout };
}

function refused(why: string): OperatorAct {
  return { kind: "refused", why };
}
