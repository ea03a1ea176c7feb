import * as v from "valibot";
import { jsonAs } from "../core/answer.ts";
import type { EtcdLockConfig } from "../core/config/lock-config.ts";
import { decode, encode, header, keyValue } from "./etcd-values.ts";
import { isOwn, type Ownership } from "./ownership.ts";
import type { Claim, SlotHolder } from "./slot-keeping.ts";

// The keys of a group, all below PREFIX/GROUP/:
//   round        every take and give-back changes it
//   slot/0000    one for each held slot
//   holder/ID    one for each host that holds a slot
// Every transaction succeeds only if `round` is unchanged since it was read. So the group is as it was
// read when the transaction runs, and an abandoned transaction that arrives late does nothing.

const holding = v.object({
  id: v.string(),
  host: v.string(),
  slot: v.number(),
  finalization: v.string(),
  token: v.string(),
  takenAt: v.string(),
});

type Holding = v.InferOutput<typeof holding>;

const rangeAnswer = v.object({ header, kvs: v.optional(v.array(keyValue), []) });

/** The state of a group at one moment. */
export interface Group {
  /** The revision of `round`; "0" if it does not exist yet. */
  readonly round: string;
  readonly slots: ReadonlyMap<number, SlotHolder>;
  readonly holders: ReadonlyMap<string, Holding>;
}

function baseOf({ prefix, group }: EtcdLockConfig): string {
  return `${prefix}/${group}/`;
}

/** The request that reads a group; a majority of the members answers it. */
export function rangeOf(config: EtcdLockConfig): object {
  const base = baseOf(config);
  return { key: encode(base), range_end: encode(`${base.slice(0, -1)}0`) };
}

/** @throws ValiError if it is not an answer of etcd */
export function readGroup(config: EtcdLockConfig, answer: unknown): Group {
  const base = baseOf(config);
  let round = "0";
  const slots = new Map<number, SlotHolder>();
  const holders = new Map<string, Holding>();
  for (const { key, value, mod_revision } of v.parse(rangeAnswer, answer).kvs) {
    const name = decode(key).slice(base.length);
    const text = decode(value);
    if (name === "round") round = mod_revision;
    const slot = /^slot\/(\d{4})$/.exec(name)?.[1];
    if (slot !== undefined) slots.set(Number(slot), readHolding(text, Number(slot)));
    const id = /^holder\/(.+)$/s.exec(name)?.[1];
    if (id !== undefined) holders.set(id, { ...readHolding(text, -1), id });
  }
  return { round, slots, holders };
}

/** A slot with a foreign value counts as held, by an unknown host. Its key says which slot it is. */
function readHolding(text: string, slot: number): Holding {
  const foreign = { id: "", host: "unknown", slot, finalization: "", token: "", takenAt: "" };
  return { ...(jsonAs(holding, text) ?? foreign), slot };
}

/** The slots that are held under an id. */
export function slotsUnder({ slots }: Group, id: string): SlotHolder[] {
  return [...slots.values()].filter((holder) => holder.id === id);
}

/** The slot that a host already holds, or null. */
export function ownSlot(group: Group, id: string): number | null {
  return slotsUnder(group, id)[0]?.slot ?? null;
}

/** The lowest free slot, or null if the allowed number is held. */
export function freeSlot({ slots }: Group, wanted: number): number | null {
  if (slots.size >= wanted) return null;
  for (let slot = 0; ; slot++) if (!slots.has(slot)) return slot;
}

/** Takes a slot, or takes over the host's own slot with a new token. */
export function taking(
  config: EtcdLockConfig,
  group: Group,
  claim: Claim,
  slot: number,
  now: Date,
): object {
  const { id, host, finalization, token, lease } = claim;
  const takenAt = now.toISOString();
  const value = JSON.stringify({ id, host, slot, finalization, token, takenAt } satisfies Holding);
  const held = lease === null ? {} : { lease };
  return transaction(config, group, token, [
    { request_put: { key: slotKey(config, slot), value: encode(value), ...held } },
    { request_put: { key: holderKey(config, id), value: encode(value), ...held } },
  ]);
}

/**
 * Gives back all slots under an id; changes `round` even if there are none.
 *
 * @param self leaves alone what is not its own; null for whatever is held under the id
 */
export function givingBack(
  config: EtcdLockConfig,
  group: Group,
  id: string,
  self: Ownership | null,
): object {
  const isMeant = (slot: SlotHolder): boolean => self === null || isOwn(slot, self);
  const slots = slotsUnder(group, id).filter(isMeant);
  const holder = group.holders.get(id);
  const isHolderMeant = holder === undefined || isMeant(holder);
  const keys = slots.map(({ slot }) => slotKey(config, slot));
  if (isHolderMeant) keys.push(holderKey(config, id));
  const removals = keys.map((key) => ({ request_delete_range: { key } }));
  return transaction(config, group, id, removals);
}

function transaction(
  config: EtcdLockConfig,
  { round }: Group,
  who: string,
  changes: readonly object[],
): object {
  const key = encode(`${baseOf(config)}round`);
  return {
    compare: [{ key, target: "MOD", result: "EQUAL", mod_revision: round }],
    success: [{ request_put: { key, value: encode(who) } }, ...changes],
  };
}

function slotKey(config: EtcdLockConfig, slot: number): string {
  return encode(`${baseOf(config)}slot/${String(slot).padStart(4, "0")}`);
}

function holderKey(config: EtcdLockConfig, id: string): string {
  return encode(`${baseOf(config)}holder/${id}`);
}
