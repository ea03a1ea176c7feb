import type { ClockReading } from "../../core/record/clock.ts";
import type { Part, PartEnd } from "../../core/record/fleet/part.ts";
import { hasActed } from "../../core/record/can-roll-back.ts";
import { type FinalizationRecord, isUnfinished, putsRebootOff } from "../../core/record/record.ts";
import { lookAtPart, writePart } from "../../fleet/part/part-store.ts";
import { readClock } from "../../host/process/clock.ts";
import type { FinalizationContext } from "../context.ts";

type EndContext = Pick<FinalizationContext, "host" | "store" | "rollout">;

/**
 * What the group is told of a finalization; null while that is open. A rollback never ends well. One that failed
 * before it acted says nothing of its target: an hour at a gate must not stop the fleet.
 */
export function endOf(record: FinalizationRecord, now: ClockReading): PartEnd | null {
  const why = record.outcome?.reason ?? record.timeline.at(-1)?.detail ?? record.state;
  switch (record.state) {
    case "scheduled":
    case "waiting":
    case "switching":
    case "rebooting":
    case "verifying":
      return null;
    case "live":
      return { kind: "soaking", since: now };
    case "rolling-back":
    case "rolled-back":
      return { kind: "failed", why };
    case "failed":
      return { kind: hasActed(record) ? "failed" : "left", why };
    case "superseded":
    case "cancelled":
      return { kind: "left", why };
  }
}

/** The part of a finalization with its end, on the disk; null if it has none. */
export async function partAtEnd(
  context: EndContext,
  record: FinalizationRecord,
): Promise<Part | null> {
  const { host, rollout } = context;
  const own = await rollout.read();
  const end = own?.end ?? endOf(record, readClock(host));
  if (own !== null) return end === null || end === own.end ? own : rollout.note(own, end);
  if (!hasActed(record)) return null;
  if (record.rollbackOf !== null) return await partOfRollback(context, record, record.rollbackOf);
  if (end === null) return null;
  // It has acted without asking: the host has booted the target, or somebody named the gate to act past it.
  const part = await rollout.toAsk();
  return "kind" in part ? null : rollout.note(part, end);
}

/** Whether it goes back, by itself or by hand: that ends a rollout for this host, whatever comes of it. */
export function goesBack(record: FinalizationRecord): boolean {
  return record.state === "rolling-back" || (record.rollbackOf !== null && hasActed(record));
}

/** A rollback by hand takes over the part of what it rolls back: the host has given up that rollout. */
async function partOfRollback(
  { store, rollout }: EndContext,
  { id }: FinalizationRecord,
  rollbackOf: string,
): Promise<Part | null> {
  const of = await lookAtPart(store, rollbackOf);
  if (of === null || of.end?.kind === "failed" || of.end?.kind === "left") return null;
  return rollout.note(of, { kind: "failed", why: `rolled back by hand, as ${id}` });
}

/** The reboot that a finalization has put off goes on with its part: the host is not live before that. */
export async function handOnToReboot(
  { store, rollout }: EndContext,
  record: FinalizationRecord,
  part: Part,
): Promise<Part> {
  if (part.isTold || !putsRebootOff(record)) return part;
  const next = await store.readNewest();
  if (next === null || next.rebootOf !== record.id) return part;
  const hasPart = (await lookAtPart(store, next.id)) !== null;
  if (!hasPart && !isUnfinished(next) && !hasActed(next)) {
    // Nobody drives it any more, so nobody would tell the end of a part.
    const why = next.outcome?.reason ?? next.state;
    return rollout.note(part, { kind: "left", why: `its reboot ${next.id} did not begin: ${why}` });
  }
  if (!hasPart) writePart(store, next.id, { ...part, end: null, isTold: false });
  return rollout.note(part, { kind: "handed-on", to: next.id });
}

/** What is told of a host whose newer finalization has acted while the older one soaked. */
export async function endAfterOvertaken(
  { store }: Pick<EndContext, "store">,
  by: string,
): Promise<PartEnd> {
  const read = await store.read(by);
  const isRollback = read.kind === "record" && read.record.rollbackOf !== null;
  const tellsItself = isRollback || (await lookAtPart(store, by)) !== null;
  return tellsItself
    ? { kind: "handed-on", to: by }
    : { kind: "left", why: `superseded by ${by}, which takes part in no rollout` };
}
