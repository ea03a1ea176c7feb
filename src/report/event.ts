import { printable } from "../core/printable.ts";
import * as v from "valibot";
import type { Frozen } from "../core/config/schema-parts.ts";
import { isCommit } from "../core/config/forge-run.ts";
import { forgeRunSchema } from "../core/config/forge-run-schema.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { action } from "../core/record/record-schema.ts";
import { STATES } from "../core/states.ts";
import { summaryOf } from "./words.ts";

const known = v.nullable(v.string());
const count = v.nullable(v.number());

/**
 * The event that receivers get, and the body of a webhook: docs/reports.md. A subset of the
 * record, because the output of an activation is not for others to read.
 */
export const eventSchema = v.object({
  schemaVersion: v.literal(1),
  /** The same for every try: a receiver recognizes a repeated report by it. */
  key: v.string(),
  /** Whether it is only a test of the set-up: nothing was deployed. */
  test: v.optional(v.boolean(), false),
  /** The state that the finalization entered. */
  event: v.picklist(STATES),
  at: v.string(),
  host: v.string(),
  id: v.string(),
  /** One sentence for people. */
  summary: v.string(),
  action,
  reason: v.string(),
  target: v.string(),
  targetGeneration: count,
  previous: known,
  previousGeneration: count,
  scheduledAt: v.string(),
  revision: known,
  forgeRun: v.nullable(forgeRunSchema),
  failedChecks: v.array(v.object({ name: v.string(), detail: v.string() })),
});

export type ReportEvent = Frozen<v.InferOutput<typeof eventSchema>>;

/** Identifies an entry of a timeline among all finalizations. */
export function eventKey({ id, timeline }: FinalizationRecord, index: number): string {
  return `${id}.${String(index).padStart(2, "0")}.${timeline[index]?.state ?? "unknown"}`;
}

/**
 * The event for an entry of the timeline.
 *
 * @param index of the entry, which must be there
 */
export function eventAt(record: FinalizationRecord, index: number): ReportEvent {
  const { state, at } = record.timeline[index] ?? { state: record.state, at: record.scheduledAt };
  const { plan, target, targetGeneration, previous, previousGeneration, checks } = record;
  const isLast = index === record.timeline.length - 1;
  return {
    schemaVersion: 1,
    key: eventKey(record, index),
    test: false,
    event: state,
    at,
    host: printable(record.host),
    id: record.id,
    summary: summaryOf(record, index),
    action: plan.action,
    reason: printable(plan.reason),
    target,
    targetGeneration,
    previous,
    previousGeneration,
    scheduledAt: record.scheduledAt,
    revision: record.revision,
    forgeRun: record.forgeRun,
    failedChecks: (isLast ? checks : [])
      .filter(({ result }) => result === "failed")
      .map(({ name, detail }) => ({ name: printable(name), detail: printable(detail) })),
  };
}

/** The commit that gets the status on a forge; null if none is known. */
export function commitOf({ revision }: Pick<ReportEvent, "revision">): string | null {
  return isCommit(revision) ? revision.toLowerCase() : null;
}
