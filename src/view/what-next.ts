import { age, clock } from "../core/age.ts";
import { previousSystem } from "../core/record/can-roll-back.ts";
import { owedHook } from "../core/record/hooks.ts";
import { putsRebootOff } from "../core/record/record.ts";
import { isTerminal, type TerminalState, type UnfinishedState } from "../core/states.ts";
import type { Driver } from "../state-dir/owner.ts";
import { type Now, previousName, targetName } from "./headline.ts";
import { topicOf } from "./runbook/find.ts";
import {
  awaitsBoot,
  type Hint,
  hintsAtEnd,
  hintsUntilEnd,
  type LiveSystems,
  type ViewedFinalization,
} from "./hints.ts";

/** What happens next without help, and the commands that help. */
export interface WhatNext {
  /** Why it is stuck; null if it is not. */
  readonly trouble: string | null;
  /** What happens next; null if nothing does. */
  readonly next: string | null;
  readonly hints: readonly Hint[];
}

export function whatNext(viewed: ViewedFinalization, systems: LiveSystems): WhatNext {
  const { state } = viewed.record;
  if (isTerminal(state)) {
    const next = afterTheEnd(viewed, state, systems);
    const trouble = hookTrouble(viewed);
    return { trouble, next, hints: hintsAtEnd(viewed, state, systems) };
  }
  const trouble = troubleOf(viewed.driver);
  const next = trouble === null ? nextOf(viewed, state) : null;
  return { trouble, next, hints: hintsUntilEnd(viewed, systems) };
}

/** What has ended and still owes the end of its hooks. */
function hookTrouble({ record, driver }: ViewedFinalization): string | null {
  const hook = owedHook(record);
  if (hook === null || driver?.kind !== "nobody") return null;
  return `nothing runs the after of hook ${hook}. To run it: deploy-finalize resume`;
}

function troubleOf(driver: Driver | null): string | null {
  switch (driver?.kind) {
    case "nobody":
      return "stuck: its timer and its unit are gone, so nothing continues it";
    case "unknown":
      return `cannot find out whether its timer or unit still exists: ${driver.why}`;
    case "process":
    case "timer":
    case "unit":
    case "resume":
    case "shutdown":
    case undefined:
      return null;
  }
}

function nextOf(viewed: ViewedFinalization, state: UnfinishedState): string {
  const { record, driver, waiting, now } = viewed;
  if (driver?.kind === "resume")
    return "it continues when the boot is complete, or has had its time";
  if (driver?.kind === "shutdown")
    return "the host is shutting down; it continues after the next boot";
  const act = record.plan.action === "switch" ? "switches to" : "reboots into";
  const acts = `${act} ${targetName(record)}`;
  switch (state) {
    case "scheduled":
      return `it waits until all gates are open, then ${acts} and verifies it`;
    case "waiting":
      return `it ${acts} when all gates are open${giveUpTime(waiting, now)}`;
    case "switching":
      return `it verifies ${targetName(record)}${cutTime(waiting, now)}`;
    case "rebooting":
      return `after the boot, it verifies ${targetName(record)}`;
    case "verifying":
      return record.confirmBy === null
        ? `it ends as live, or ${otherwise(viewed)} if the verification fails${lastTime(waiting, now)}`
        : `it ends as live if somebody confirms it in time; otherwise it ${otherwise(viewed)}`;
    case "rolling-back":
      return `it verifies the previous system${cutTime(waiting, now)}`;
  }
}

function otherwise({ record, rollback }: ViewedFinalization): string {
  const isPossible = rollback === "enabled" && previousSystem(record).kind === "system";
  return isPossible ? `rolls back to ${previousName(record)}` : "ends as failed";
}

/** A switch with a time limit is ended at it. */
function cutTime(waiting: Now["waiting"], now: Date): string {
  if (waiting === null || waiting.until === null || waiting.for !== "switch") return "";
  return `; it ends a switch that lasts until ${clock(new Date(waiting.until), now)}`;
}

/** Checks have a deadline; the time for settling units may start again. */
function lastTime(waiting: Now["waiting"], now: Date): string {
  if (waiting === null || waiting.until === null || waiting.for !== "checks") return "";
  return `; the result is known at ${clock(new Date(waiting.until), now)} at the latest`;
}

function giveUpTime(waiting: Now["waiting"], now: Date): string {
  if (waiting === null || waiting.until === null || waiting.next === null) return "";
  const at = new Date(waiting.until);
  const what =
    waiting.next === "give-up" ? "it gives up and ends as failed" : "it stops waiting for that";
  return `; if it still waits for ${waiting.for} ${age(at, now)}, at ${clock(at, now)}, ${what}`;
}

function afterTheEnd(
  viewed: ViewedFinalization,
  state: TerminalState,
  systems: LiveSystems,
): string | null {
  const name = targetName(viewed.record);
  switch (state) {
    case "rolled-back":
      return `nothing happens by itself. ${first(viewed)}Fix the cause, then deploy again or retry`;
    case "failed":
      return `nothing happens by itself. ${first(viewed)}Repair the host, then deploy again or retry`;
    case "cancelled":
      return awaitsBoot(viewed, systems)
        ? `the boot default is still ${name}, so the next boot starts it`
        : null;
    case "live":
      return putsRebootOff(viewed.record)
        ? `the rest is a finalization of its own, "reboot of ${viewed.record.id}" in deploy-finalize history`
        : null;
    case "superseded":
      return null;
  }
}

/** The first command of the runbook, unless this screen is it. */
function first({ record }: ViewedFinalization): string {
  const command = topicOf(record)?.commands.find(([one]) => one !== "deploy-finalize status")?.[0];
  return command === undefined ? "" : `First: ${command}. `;
}
