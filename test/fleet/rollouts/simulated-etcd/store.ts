import type { Range } from "../../../../src/fleet/rollouts/etcd/keys.ts";
import {
  type Compare,
  type Interval,
  isIn,
  type Look,
  type Operation,
  type Transaction,
} from "./requests.ts";

/** A value and the revision of its change; null if the key was removed. */
interface Version {
  readonly revision: number;
  readonly value: string | null;
}

export interface Change extends Version {
  readonly key: string;
}

interface Pair {
  readonly key: string;
  readonly value: string;
  readonly mod: number;
}

const NOTHING = { mod: 0 } as const;
const HEADER = { cluster_id: "1", member_id: "1" };

/** What etcd keeps, and what it makes of requests: as etcd, so far as the rollouts ask for it. */
export class EtcdStore {
  #revision = 1;
  readonly #versions = new Map<string, Version[]>();
  readonly #log: Change[] = [];
  readonly #listeners = new Set<() => void>();

  transact({ compare, success }: Transaction): object {
    const succeeded = compare.every((each) => this.#holds(each));
    const operations = succeeded ? success : [];
    refuseDuplicates(operations);
    const next = this.#revision + 1;
    const responses = operations.map((operation) => this.#carryOut(operation, next));
    const hasChanged = this.#log.at(-1)?.revision === next;
    if (hasChanged) this.#revision = next;
    const header = { ...HEADER, revision: String(this.#revision) };
    if (hasChanged) for (const listener of this.#listeners) listener();
    return { header, ...(succeeded && { succeeded }), responses };
  }

  /** The answer to a range request. */
  range(look: Look): object {
    return { header: this.header(), ...this.#look(look, this.#revision) };
  }

  header(): object {
    return { ...HEADER, revision: String(this.#revision) };
  }

  /** The changes in a range, from a revision on. */
  changes({ key: first, end }: Range, from: number): readonly Change[] {
    const range = { key: first, range_end: end };
    const changes: Change[] = [];
    // The newest are at the end.
    for (let at = this.#log.length - 1; at >= 0; at--) {
      const change = this.#log[at];
      if (change === undefined || change.revision < from) break;
      if (isIn(range, change.key)) changes.unshift(change);
    }
    return changes;
  }

  get(key: string): string | null {
    return this.#pairs({ key }, this.#revision)[0]?.value ?? null;
  }

  /** The keys of a range. */
  names({ key, end }: Range): readonly string[] {
    return this.#pairs({ key, range_end: end }, this.#revision).map((pair) => pair.key);
  }

  get revision(): number {
    return this.#revision;
  }

  /** @returns ends the listening */
  listen(onChange: () => void): () => void {
    this.#listeners.add(onChange);
    return () => this.#listeners.delete(onChange);
  }

  #holds({ result, mod_revision: wanted, ...range }: Compare): boolean {
    const pairs = this.#pairs(range, this.#revision);
    const compared = pairs.length === 0 ? [NOTHING] : pairs;
    return compared.every(({ mod }) => (result === "EQUAL" ? mod === wanted : mod < wanted));
  }

  #carryOut(operation: Operation, revision: number): object {
    if ("request_range" in operation) {
      return { response_range: this.#look(operation.request_range, revision) };
    }
    if ("request_put" in operation) {
      const { key, value } = operation.request_put;
      this.#change({ key, value, revision });
      return { response_put: {} };
    }
    const range = operation.request_delete_range;
    for (const { key } of this.#pairs(range, revision)) {
      this.#change({ key, value: null, revision });
    }
    return { response_delete_range: {} };
  }

  #look(look: Look, now: number): object {
    const pairs = this.#pairs(look, look.revision ?? now);
    const ordered = look.sort_order === undefined ? pairs : pairs.toReversed();
    const limited = look.limit === undefined ? ordered : ordered.slice(0, look.limit);
    const count = pairs.length === 0 ? {} : { count: String(pairs.length) };
    if (look.count_only) return count;
    const more = limited.length < ordered.length ? { more: true } : {};
    const kvs = limited.map((pair) => keyValue(pair, look.keys_only ? "key" : "both"));
    return { ...count, ...more, kvs };
  }

  #pairs(range: Interval, at: number): Pair[] {
    const single = range.range_end === undefined;
    const keys = single
      ? [range.key]
      : [...this.#versions.keys()].filter((key) => isIn(range, key));
    const pairs = keys.flatMap((key) => this.#pair(key, at) ?? []);
    return single ? pairs : pairs.toSorted((one, other) => (one.key < other.key ? -1 : 1));
  }

  #pair(key: string, at: number): Pair | null {
    const last = this.#versions.get(key)?.findLast(({ revision }) => revision <= at);
    if (last === undefined || last.value === null) return null;
    return { key, value: last.value, mod: last.revision };
  }

  #change(change: Change): void {
    const versions = this.#versions.get(change.key) ?? [];
    versions.push(change);
    this.#versions.set(change.key, versions);
    this.#log.push(change);
  }
}

/** etcd refuses a transaction that changes a key twice. */
function refuseDuplicates(operations: readonly Operation[]): void {
  const puts = operations.flatMap((each) => ("request_put" in each ? each.request_put.key : []));
  const removals = operations.flatMap((each) =>
    "request_delete_range" in each ? each.request_delete_range : [],
  );
  const isTwice =
    new Set(puts).size !== puts.length ||
    puts.some((key) => removals.some((range) => isIn(range, key)));
  if (isTwice) throw new Error("duplicate key given in txn request");
}

export function keyValue(
  { key, value, mod }: Pair,
  what: "key" | "both",
): Readonly<Record<string, string>> {
  const both = { key: encode(key), mod_revision: String(mod) };
  return what === "key" ? both : { ...both, value: encode(value) };
}

/** The event of a watch. */
export function eventOf({ key, value, revision }: Change): object {
  return value === null
    ? { type: "DELETE", kv: { key: encode(key), mod_revision: String(revision) } }
    : { kv: keyValue({ key, value, mod: revision }, "both") };
}

function encode(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}
