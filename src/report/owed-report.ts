import * as v from "valibot";
import { quoted } from "../core/answer.ts";
import { receiverSchema } from "../core/config/report-config.ts";
import type { Frozen } from "../core/config/schema-parts.ts";
import { type ClockReading, readingAt, secondsLeft } from "../core/record/clock.ts";
import { clockReading, moment } from "../core/record/clock-schema.ts";
import type { ReceiverConfig } from "../core/config/report-config.ts";
import { messageOf } from "../core/refusal.ts";
import { eventSchema, type ReportEvent } from "./event.ts";

/** A newer program may have written keys that this one does not know, before a rollback. */
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

/** A part of the file name: see `eventKey`. */
const KEY = /^\d{8}-\d{6}-[0-9a-z]{4}\.\d{2,16}(\.[a-z-]{1,20}){1,2}$/;

const owedReportSchema = v.object({
  schemaVersion: v.literal(1),
  /** The receiver as it was when the report became owed; later configuration does not change it. */
  receiver: receiverOfAnyVersion,
  event: v.pipe(
    eventSchema,
    v.check(({ key }) => KEY.test(key), "the key of the event is none"),
  ),
  /** Its position in the queue. */
  order: moment,
  /** The clocks when it became owed; null in a file of an older version. */
  owedAt: v.optional(v.nullable(clockReading), null),
  tries: v.number(),
  lastProblem: v.nullable(v.string()),
  /** The rollout whose status it is; null for the report on a finalization. */
  rollout: v.optional(
    v.nullable(v.object({ group: v.string(), seq: v.number(), name: v.string() })),
    null,
  ),
  /** The receiver asked for no try before this time. */
  notBefore: v.nullable(moment),
  /** The clocks when it asked. */
  askedAt: v.optional(v.nullable(clockReading), null),
});

export type OwedReport = Frozen<v.InferOutput<typeof owedReportSchema>>;
/** A rollout whose status is owed. */
export type OwedRollout = NonNullable<OwedReport["rollout"]>;

export function newOwedReport(
  receiver: ReceiverConfig,
  event: ReportEvent,
  order: string,
): OwedReport {
  return {
    schemaVersion: 1,
    receiver,
    event,
    order,
    owedAt: null,
    rollout: null,
    tries: 0,
    lastProblem: null,
    notBefore: null,
    askedAt: null,
  };
}

/** The file name without extension: the same report to the same receiver has one name. */
export function fileNameOf({ receiver, event }: OwedReport): string {
  return `${event.key}.${receiver.name}`;
}

/**
 * The queue of a report; reports of one queue keep their order. A forge has one queue for each
 * commit, because a commit that was never pushed must not delay the reports on others.
 */
export function queueOf({ receiver, event }: OwedReport): string {
  const queue = "repository" in receiver ? [receiver, event.revision] : [receiver];
  return JSON.stringify(queue);
}

/** The seconds left of a time limit that counts since the report is owed. */
export function owedLeft({ owedAt, order }: OwedReport, limit: number, now: ClockReading): number {
  return secondsLeft(limit, owedAt ?? readingAt(order), now);
}

/** The seconds for which its receiver wants no try; zero or less if it does not mind. */
export function askedLeft({ notBefore, askedAt }: OwedReport, now: ClockReading): number {
  if (notBefore === null) return 0;
  if (askedAt === null) return (Date.parse(notBefore) - Date.parse(now.at)) / 1000;
  return secondsLeft((Date.parse(notBefore) - Date.parse(askedAt.at)) / 1000, askedAt, now);
}

export function textOf(entry: OwedReport): string {
  return `${JSON.stringify(entry, null, 2)}\n`;
}

export type ParsedReport =
  | { readonly kind: "entry"; readonly entry: OwedReport }
  | { readonly kind: "broken"; readonly why: string };

export function parseOwedReport(text: string): ParsedReport {
  try {
    const parsed = v.safeParse(owedReportSchema, JSON.parse(text));
    if (parsed.success) return { kind: "entry", entry: parsed.output };
    return { kind: "broken", why: quoted(v.summarize(parsed.issues)) };
  } catch (error) {
    return { kind: "broken", why: quoted(messageOf(error)) };
  }
}

/**
 * Sorts by finalization, and the reports on one in the order of its timeline. Not by time alone: the clock
 * may have been set back between two finalizations of a commit, and the newer one has the last word.
 */
export function inOrder(a: OwedReport, b: OwedReport): number {
  const keys = [
    [idIn(a), idIn(b)],
    [a.order, b.order],
    [a.event.key, b.event.key],
  ] as const;
  for (const [left, right] of keys) if (left !== right) return left < right ? -1 : 1;
  return 0;
}

/** IDs sort as they were given, whatever the clock did. */
function idIn({ event }: OwedReport): string {
  return event.key.slice(0, event.key.indexOf("."));
}
