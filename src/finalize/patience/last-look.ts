import type { Event } from "../../core/machine/types.ts";
import { owedHook } from "../../core/record/hooks.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { takeBaseline, withDrained } from "../../checks/units-before.ts";
import type { UnitsAhead } from "../../checks/units-ahead.ts";
import { failedUserUnits } from "../../checks/user-units.ts";
import { firstClosed, type Gate, runnersOf, slowestFirst } from "../../gates/gate.ts";
import type { FinalizationContext } from "../context.ts";
import type { RunnerDrain } from "../runners/runner-drain.ts";
import { findIdleRunners } from "../runners/stop.ts";

/** What an act was waited for, and what helps to look at it once more. */
interface LastLook {
  readonly gates: readonly Gate[];
  readonly drain: RunnerDrain;
  readonly ahead: UnitsAhead;
}

type LookContext = Pick<FinalizationContext, "host" | "config" | "stop">;

/**
 * The last look before the act, with the turn taken. To find out which runners it would stop may
 * take a while, so that comes before the gates. Runners that drain are drained first, and then all
 * is looked at again: a job may have taken long.
 */
export async function lookAgain(
  context: LookContext,
  record: FinalizationRecord,
  { gates, drain, ahead }: LastLook,
): Promise<Event> {
  const { host, config, stop } = context;
  const stopping = await runnersOf(gates);
  const units = await drain.find(stopping);
  // A user manager may take seconds to answer, so this comes before the last look too.
  const userUnits =
    units.length > 0 ? null : await failedUserUnits(host, config.verify.userUnits, stop);
  const closed = await whyClosed(context, record, gates);
  if (closed !== null) return { kind: "held-up", why: closed };
  // Each asks systemd. The act looks at the runners once more, right before it stops them.
  const [before, idleness] = await Promise.all([
    takeBaseline(host, stop, async () => await ahead.take(host)),
    findIdleRunners(host, units.length > 0 ? [] : stopping),
  ]);
  if (units.length > 0) return { kind: "runners-found", units, before: before.units };
  if (idleness.kind === "busy") return { kind: "held-up", why: idleness.why };
  const idleRunners = idleness.units;
  return { kind: "turn-taken", before: withDrained(before, record), userUnits, idleRunners };
}

/** Null if all are open. A hook that has begun may have closed one itself. */
export async function whyClosed(
  { host, config, stop }: LookContext,
  record: FinalizationRecord,
  gates: readonly Gate[],
): Promise<string | null> {
  const closed = await firstClosed(slowestFirst(gates), { host, config, record }, stop);
  if (closed === null) return null;
  const { gate, why } = closed;
  const when = owedHook(record) === null ? "" : " closed again after the before of its hooks";
  return `${gate.name}${when}: ${why}`;
}
