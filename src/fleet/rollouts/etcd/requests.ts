import { encode } from "../../etcd-values.ts";
import type { Range } from "./keys.ts";

/** A condition of a transaction. */
export type Condition =
  /** The key has this revision; "0" if there is none. */
  | { readonly kind: "unchanged"; readonly key: string; readonly mod: string }
  /** No key of the range was written after this revision. A removal is not seen. */
  | { readonly kind: "none-since"; readonly range: Range; readonly revision: string };

/** What a range answers with; values if nothing is said. */
export interface Look {
  readonly kind: "look";
  readonly range: Range;
  readonly only?: "count" | "keys";
  readonly limit?: number;
  readonly order?: "last-first";
  /** The revision to look at; now if absent. */
  readonly revision?: string;
}

export type Operation =
  | Look
  | { readonly kind: "put"; readonly key: string; readonly value: unknown }
  | { readonly kind: "remove"; readonly range: Range };

export function put(key: string, value: unknown): Operation {
  return { kind: "put", key, value };
}

export function remove(range: Range): Operation {
  return { kind: "remove", range };
}

/** The number of keys only. */
export function counting(range: Range): Look {
  return { kind: "look", range, only: "count" };
}

export function unchanged(key: string, entry: { readonly mod: string } | null): Condition {
  return { kind: "unchanged", key, mod: entry?.mod ?? "0" };
}

/** etcd's limit for the conditions and for the operations of a transaction (notes/etcd-watch.md). */
export const MOST_OPERATIONS = 128;

export function transactionOf(
  conditions: readonly Condition[],
  operations: readonly Operation[],
): object {
  return { compare: conditions.map(conditionOf), success: operations.map(operationOf) };
}

export function watchOf(range: Range, startRevision: string): object {
  return { create_request: { ...rangeOf(range), start_revision: startRevision } };
}

/** The revision after another one: 64 bits do not fit into a number. */
export function revisionAfter(revision: string): string {
  return String(BigInt(revision) + 1n);
}

function conditionOf(condition: Condition): object {
  switch (condition.kind) {
    case "unchanged": {
      const { key, mod } = condition;
      return { key: encode(key), target: "MOD", result: "EQUAL", mod_revision: mod };
    }
    case "none-since": {
      const mod_revision = revisionAfter(condition.revision);
      return { ...rangeOf(condition.range), target: "MOD", result: "LESS", mod_revision };
    }
  }
}

function operationOf(operation: Operation): object {
  switch (operation.kind) {
    case "look":
      return { request_range: lookOf(operation) };
    case "put": {
      const value = encode(JSON.stringify(operation.value));
      return { request_put: { key: encode(operation.key), value } };
    }
    case "remove":
      return { request_delete_range: rangeOf(operation.range) };
  }
}

function lookOf({ range, only, limit, order, revision }: Look): object {
  return {
    ...rangeOf(range),
    ...(only === "count" && { count_only: true }),
    ...(only === "keys" && { keys_only: true }),
    ...(limit !== undefined && { limit: String(limit) }),
    ...(order === "last-first" && { sort_order: "DESCEND", sort_target: "KEY" }),
    ...(revision !== undefined && { revision }),
  };
}

function rangeOf({ key, end }: Range): object {
  return { key: encode(key), ...(end !== undefined && { range_end: encode(end) }) };
}
