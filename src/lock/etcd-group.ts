import * as v from "valibot";
import { jsonIn } from "../core/answer.ts";
import type { EtcdLockConfig } from "../core/lock-config.ts";
import type { Claim, SlotHolder } from "../core/slot-keeping.ts";

// The keys of a group, all below PREFIX/GROUP/:
//   round        changed by every taking and giving back
//   slot/0000    one for each slot that is held
//   holder/ID    one for each host that holds one
// Every transaction holds only if `round` is as it was read. So what was read is still true when it is
// done, and a transaction that was given up and comes late does nothing.

const holding = v.object({
  id: v.string(),
  host: v.string(),
  slot: v.number(),
  finalization: v.string(),
  token: v.string(),
  takenAt: v.string(),
});

type Holding = v.InferOutput<typeof holding>;

const keyValue = v.object({
  key: v.string(),
  value: v.optional(v.string(), ""),
  mod_revision: v.optional(v.string(), "0"),
});

const rangeAnswer = v.object({ kvs: v.optional(v.array(keyValue), []) });

/** What is known of a group, all from one moment. */
export interface Group {
  /** The revision of `round`; "0" where there is none yet. */
  readonly round: string;
  readonly slots: ReadonlyMap<number, SlotHolder>;
  readonly holders: ReadonlyMap<string, Holding>;
}

function baseOf({ prefix, group }: EtcdLockConfig): string {
  return `${prefix}/${group}/`;
}

/** The request that reads a group, answered by a majority of the members. */
export function rangeOf(config: EtcdLockConfig): object {
  const base = baseOf(config);
  return { key: encode(base), range_end: encode(`${base.slice(0, -1)}0`) };
}

/** @throws ValiError where it is no answer of etcd */
export function readGroup(config: EtcdLockConfig, answer: unknown): Group {
  const base = baseOf(config);
  let round = "0";
  const slots = new Map<number, SlotHolder>();
  const holders = new Map<string, Holding>();
  for (const { key, value, mod_revision } of v.parse(rangeAnswer, answer).kvs) {
    const name = decode(key).slice(base.length);
    const text = decode(value);
    if (name === "round") round = mod_revision;
    const [kind, rest = ""] = name.split("/", 2);
    if (kind === "slot") slots.set(Number(rest), readHolding(text, Number(rest)));
    if (kind === "holder") holders.set(rest, { ...readHolding(text, -1), id: rest });
  }
  return { round, slots, holders };
}

/** A slot whose value is not ours is held all the same: by whom, nobody knows. */
function readHolding(text: string, slot: number): Holding {
  const parsed = v.safeParse(holding, jsonIn(text));
  if (parsed.success) return parsed.output;
  return { id: "", host: "unknown", slot, finalization: "", token: "", takenAt: "" };
}

/** The slot that a host holds already, or null. */
export function ownSlot({ slots }: Group, id: string): number | null {
  return [...slots].find(([, holder]) => holder.id === id)?.[0] ?? null;
}

/** The lowest slot that is free, or null where as many as there may be are held. */
export function freeSlot({ slots }: Group, wanted: number): number | null {
  if (slots.size >= wanted) return null;
  for (let slot = 0; ; slot++) if (!slots.has(slot)) return slot;
}

/** Takes a slot, or one that the host holds already over under another token. */
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

/** Gives back whatever the host holds; changes `round` also where that is nothing. */
export function givingBack(config: EtcdLockConfig, group: Group, id: string): object {
  const slots = [...group.slots].filter(([, { id: holder }]) => holder === id);
  return transaction(config, group, id, [
    { request_delete_range: { key: holderKey(config, id) } },
    ...slots.map(([slot]) => ({ request_delete_range: { key: slotKey(config, slot) } })),
  ]);
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

function encode(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

function decode(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
