import * as v from "valibot";
import { jsonAs, jsonIn, quoted } from "../../../core/answer.ts";
import { type Rollout, rolloutSchema } from "../../../core/fleet/rollout.ts";
import { decode, header, keyValue } from "../../etcd-values.ts";
import type { Keys } from "./keys.ts";

// etcd leaves zero and false out of its answers, and writes numbers of 64 bits as texts.

const digits = v.pipe(v.string(), v.regex(/^\d{1,19}$/));

const found = v.object({
  kvs: v.optional(v.array(keyValue), []),
  count: v.optional(digits, "0"),
  more: v.optional(v.boolean(), false),
});

const transactionAnswer = v.object({
  header: v.looseObject({ ...header.entries, revision: digits }),
  succeeded: v.optional(v.boolean(), false),
  responses: v.optional(v.array(v.object({ response_range: v.optional(found) })), []),
});

/** A key with its value. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  /** The revision of its last change. */
  readonly mod: string;
}

export interface Found {
  readonly entries: readonly Entry[];
  /** Of all keys in the range, whatever the limit. */
  readonly count: number;
  readonly hasMore: boolean;
}

export interface Answer {
  readonly revision: string;
  readonly succeeded: boolean;
  /** Of its looks, in their order. */
  readonly found: readonly Found[];
}

/** @throws ValiError if it is not an answer of etcd */
export function answerIn(value: unknown): Answer {
  const { header: head, succeeded, responses } = v.parse(transactionAnswer, value);
  const ranges = responses.flatMap(({ response_range: range }) => range ?? []);
  return {
    revision: head.revision,
    succeeded,
    found: ranges.map(({ kvs, count, more }) => ({
      entries: kvs.map(({ key, value: text, mod_revision }) => ({
        key: decode(key),
        value: decode(text),
        mod: mod_revision,
      })),
      count: Number(count),
      hasMore: more,
    })),
  };
}

/** The result of a look. @throws Error if the answer has none */
export function foundIn({ found: all }: Answer, index: number): Found {
  const one = all[index];
  if (one === undefined) throw new Error("sent an answer that etcd does not send");
  return one;
}

/** @throws Error that names the key, if another program wrote the value */
export function valueOf<const S extends v.GenericSchema>(
  schema: S,
  { key, value }: Entry,
): v.InferOutput<S> {
  const parsed = jsonAs(schema, value);
  if (parsed !== null) return parsed;
  throw new Error(
    `holds a foreign value, or that of a newer deploy-finalize, under ${quoted(key)}: ` +
      `update deploy-finalize, or remove the key: etcdctl del`,
  );
}

/** The same; null for a foreign value. */
export function ownValue<const S extends v.GenericSchema>(
  schema: S,
  { value }: Entry,
): v.InferOutput<S> | null {
  return jsonAs(schema, value);
}

const watchLine = v.object({
  result: v.object({
    header: v.optional(v.unknown()),
    created: v.optional(v.boolean(), false),
    canceled: v.optional(v.boolean(), false),
    compact_revision: v.optional(v.string()),
    cancel_reason: v.optional(v.string()),
    events: v.optional(v.array(v.object({ type: v.optional(v.string()), kv: keyValue })), []),
  }),
});

const watchError = v.object({ error: v.object({ message: v.string() }) });

/** What a line of a watch says. */
export type Watched =
  | { readonly kind: "changes"; readonly entries: readonly (Entry | "removed")[] }
  /** The changes since the revision are not known any more. */
  | { readonly kind: "compacted" }
  | { readonly kind: "nothing" };

/** @throws Error if the watch has ended, or the line is none of a watch */
export function watchedIn(line: string): Watched {
  const value = jsonIn(line);
  const parsed = v.safeParse(watchLine, value);
  if (!parsed.success) {
    const failed = v.safeParse(watchError, value);
    throw new Error(
      failed.success ? quoted(failed.output.error.message) : "sent no answer of a watch",
    );
  }
  const { canceled, compact_revision, cancel_reason, events } = parsed.output.result;
  if (canceled && compact_revision !== undefined) return { kind: "compacted" };
  if (canceled) throw new Error(quoted(cancel_reason ?? "ended the watch"));
  if (events.length === 0) return { kind: "nothing" };
  const entries = events.map(({ type, kv }) =>
    type === "DELETE"
      ? "removed"
      : { key: decode(kv.key), value: decode(kv.value), mod: kv.mod_revision },
  );
  return { kind: "changes", entries };
}

/**
 * Whether a change may open or close a gate. A failure alone does not: the failure that halts the
 * rollout is one with the halt, and hosts that wait need not hear of the others.
 *
 * @param known the rollout as it was read last
 */
export function isNews(keys: Keys, entry: Entry | "removed", known: Rollout | null): boolean {
  if (entry === "removed" || entry.key !== keys.control || known === null) return true;
  const now = jsonAs(rolloutSchema, entry.value);
  if (now === null) return true;
  const isSame = now.seq === known.seq && now.forgiven === known.forgiven;
  return !isSame || JSON.stringify(now.halt) !== JSON.stringify(known.halt);
}
