import * as v from "valibot";
import { isCommit } from "../core/forge-run.ts";
import { forgeRunSchema } from "../core/forge-run-schema.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { action } from "../core/record-schema.ts";
import { STATES } from "../core/states.ts";
import { summaryOf } from "./words.ts";

const known = v.nullable(v.string());
const count = v.nullable(v.number());

/**
 * What receivers are told, and the body of a webhook: docs/reports.md. A subset of the
 * record, because what an activation printed is not for others to read.
 */
export const eventSchema = v.object({
  schemaVersion: v.literal(1),
  /** The same for every try: tells a report that came twice. */
  key: v.string(),
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

export type ReportEvent = Readonly<v.InferOutput<typeof eventSchema>>;

/** Tells an entry of the timeline from every other one, of this finalization and all others. */
export function eventKey({ id, timeline }: FinalizationRecord, index: number): string {
  return `${id}.${String(index).padStart(2, "0")}.${timeline[index]?.state ?? "unknown"}`;
}

/**
 * What an entry of the timeline is told as.
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
    event: state,
    at,
    host: record.host,
    id: record.id,
    summary: summaryOf(record, index),
    action: plan.action,
    reason: plan.reason,
    target,
    targetGeneration,
    previous,
    previousGeneration,
    scheduledAt: record.scheduledAt,
    revision: record.revision,
    forgeRun: record.forgeRun,
    failedChecks: (isLast ? checks : [])
      .filter(({ result }) => result === "failed")
      .map(({ name, detail }) => ({ name, detail })),
  };
}

/** The commit that a forge can hold a status of; null where none is known. */
export function commitOf({ revision }: Pick<ReportEvent, "revision">): string | null {
  return isCommit(revision) ? revision.toLowerCase() : null;
}
