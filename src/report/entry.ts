import * as v from "valibot";
import { receiverSchema } from "../core/config-schema-report.ts";
import { moment } from "../core/record-schema.ts";
import type { ReceiverConfig } from "../core/report-defaults.ts";
import { messageOf } from "../core/refusal.ts";
import { eventSchema, type ReportEvent } from "./event.ts";

/** A newer program, which was gone back from, may have noted keys that this one does not know. */
const receiverOfAnyVersion = v.pipe(
  v.looseObject({ kind: v.string() }),
  v.transform(withKnownKeys),
  receiverSchema,
);

function withKnownKeys(receiver: { readonly kind: string }): unknown {
  const isSame = ({ entries }: Kind): boolean => entries.kind.literal === receiver.kind;
  const known = receiverSchema.options.find(isSame)?.entries ?? {};
  return Object.fromEntries(Object.entries(receiver).filter(([key]) => key in known));
}

type Kind = (typeof receiverSchema.options)[number];

const entrySchema = v.object({
  schemaVersion: v.literal(1),
  /** As it was when the report was owed: whatever is configured since, this one gets it. */
  receiver: receiverOfAnyVersion,
  event: eventSchema,
  /** Its place in the queue. */
  order: moment,
  tries: v.number(),
  lastProblem: v.nullable(v.string()),
  /** The receiver asked for no try before. */
  notBefore: v.nullable(moment),
});

/** A report that a receiver is owed. */
export type Entry = Readonly<v.InferOutput<typeof entrySchema>>;

export function newEntry(receiver: ReceiverConfig, event: ReportEvent, order: string): Entry {
  return {
    schemaVersion: 1,
    receiver: { ...receiver },
    event: { ...event },
    order,
    tries: 0,
    lastProblem: null,
    notBefore: null,
  };
}

/** Its file's name, without the ending: the same report to the same receiver has one name. */
export function nameOf({ receiver, event }: Entry): string {
  return `${event.key}.${receiver.name}`;
}

/**
 * Reports of one lane keep their order. A forge has one for each commit, because one that
 * it does not know, never pushed, must not hold up the others.
 */
export function laneOf({ receiver, event }: Entry): string {
  const lane = "repository" in receiver ? [receiver, event.revision] : [receiver];
  return JSON.stringify(lane);
}

export function textOf(entry: Entry): string {
  return `${JSON.stringify(entry, null, 2)}\n`;
}

export type ParsedEntry =
  | { readonly kind: "entry"; readonly entry: Entry }
  | { readonly kind: "broken"; readonly why: string };

export function parseEntry(text: string): ParsedEntry {
  try {
    const parsed = v.safeParse(entrySchema, JSON.parse(text));
    if (parsed.success) return { kind: "entry", entry: parsed.output };
    return { kind: "broken", why: v.summarize(parsed.issues) };
  } catch (error) {
    return { kind: "broken", why: messageOf(error) };
  }
}

/** In the order in which they happened; of one finalization always in the order of its timeline. */
export function inOrder(a: Entry, b: Entry): number {
  const keys = [
    [a.order, b.order],
    [a.event.key, b.event.key],
  ] as const;
  for (const [left, right] of keys) if (left !== right) return left < right ? -1 : 1;
  return 0;
}
