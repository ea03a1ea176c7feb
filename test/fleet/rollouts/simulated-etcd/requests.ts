import * as v from "valibot";

// The requests of the JSON gateway that the store knows. It refuses all others, so that nothing that a
// real etcd would understand in another way is taken for granted.

const text = v.pipe(
  v.string(),
  v.transform((base64) => Buffer.from(base64, "base64").toString("utf8")),
);
const revision = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number));
const interval = { key: text, range_end: v.optional(text) };

const look = v.strictObject({
  ...interval,
  count_only: v.optional(v.boolean(), false),
  keys_only: v.optional(v.boolean(), false),
  limit: v.optional(revision),
  sort_order: v.optional(v.literal("DESCEND")),
  sort_target: v.optional(v.literal("KEY")),
  revision: v.optional(revision),
});

const compare = v.strictObject({
  ...interval,
  target: v.literal("MOD"),
  result: v.picklist(["EQUAL", "LESS"]),
  mod_revision: revision,
});

const operation = v.union([
  v.strictObject({ request_range: look }),
  v.strictObject({ request_put: v.strictObject({ key: text, value: text }) }),
  v.strictObject({ request_delete_range: v.strictObject(interval) }),
]);

const transaction = v.strictObject({
  compare: v.array(compare),
  success: v.array(operation),
});

const watch = v.strictObject({
  create_request: v.strictObject({ ...interval, start_revision: revision }),
});

/** What a range request asks for, outside of a transaction. */
export function rangeIn(body: string | null): Look {
  return v.parse(look, JSON.parse(body ?? ""));
}

export interface Interval {
  readonly key: string;
  readonly range_end?: string | undefined;
}
export type Look = v.InferOutput<typeof look>;
export type Compare = v.InferOutput<typeof compare>;
export type Operation = v.InferOutput<typeof operation>;
export type Transaction = v.InferOutput<typeof transaction>;
export type Watch = v.InferOutput<typeof watch>["create_request"];

export function transactionIn(body: string | null): Transaction {
  return v.parse(transaction, JSON.parse(body ?? ""));
}

export function watchIn(body: string | null): Watch {
  return v.parse(watch, JSON.parse(body ?? "")).create_request;
}

export function isIn({ key, range_end }: Interval, name: string): boolean {
  return range_end === undefined ? name === key : name >= key && name < range_end;
}
