import { systemBefore } from "../core/can-go-back.ts";
import { isTerminal, type TerminalState, type UnfinishedState } from "../core/states.ts";
import type { Driver } from "../host/driver.ts";
import { age, clock } from "./age.ts";
import type { Now } from "./headline.ts";
import { type Hint, hintsAtEnd, hintsOnTheWay } from "./hints.ts";
import { awaitsBoot, type Known, type Systems } from "./known.ts";
import { previousName, targetName } from "./naming.ts";

/** What will happen by itself, and what somebody can do about it. */
export interface Outlook {
  /** What is wrong and keeps it from going on; null where nothing is. */
  readonly trouble: string | null;
  /** What comes next by itself; null where nothing does. */
  readonly next: string | null;
  /** Command lines without the program's name, and what each is for. */
  readonly hints: readonly Hint[];
}

export function outlook(known: Known, systems: Systems): Outlook {
  const { driver } = known;
  const { state } = known.record;
  if (isTerminal(state)) {
    const next = afterTheEnd(known, state, systems);
    return { trouble: null, next, hints: hintsAtEnd(known, state, systems) };
  }
  const trouble = troubleOf(driver);
  const next = trouble === null ? nextOf(known, state) : null;
  return { trouble, next, hints: hintsOnTheWay(known, systems) };
}

function troubleOf(driver: Driver | null): string | null {
  switch (driver?.kind) {
    case "nobody":
      return "nobody drives it: neither its timer nor its unit is there any more";
    case "unknown":
      return `cannot tell who drives it: ${driver.why}`;
    case "process":
    case "timer":
    case "unit":
    case "resume":
    case "shutdown":
    case undefined:
      return null;
  }
}

function nextOf(known: Known, state: UnfinishedState): string {
  const { record, driver, waiting, now } = known;
  if (driver?.kind === "resume") return "its unit takes it up as soon as the boot is through";
  if (driver?.kind === "shutdown") return "the host goes down; the next boot takes it up";
  const act = record.plan.action === "switch" ? "switches to" : "reboots into";
  const acts = `${act} ${targetName(record)}`;
  switch (state) {
    case "scheduled":
      return `waits for its gates, then ${acts} and verifies`;
    case "waiting":
      return `${acts} once nothing is left to wait for${giveUpTime(waiting, now)}`;
    case "switching":
      return "verifies the switch";
    case "rebooting":
      return "verifies after the boot";
    case "verifying":
      return record.confirmBy === null
        ? `live, or ${elseOf(known)} where something does not hold${lastTime(waiting, now)}`
        : `live once confirmed, else ${elseOf(known)}`;
    case "rolling-back":
      return "verifies that the previous system holds";
  }
}

/** What becomes of one that does not hold. */
function elseOf({ record, wayBack }: Known): string {
  const isThere = systemBefore(record).kind === "system";
  return wayBack === "enabled" && isThere ? `back to ${previousName(record)}` : "failed";
}

/** The checks have a deadline; settling units may begin anew. */
function lastTime(waiting: Now["waiting"], now: Date): string {
  if (waiting === null || waiting.until === null || waiting.for !== "checks") return "";
  return `; known by ${clock(new Date(waiting.until), now)}`;
}

function giveUpTime(waiting: Now["waiting"], now: Date): string {
  if (waiting === null || waiting.until === null || waiting.next === null) return "";
  const at = new Date(waiting.until);
  const what = waiting.next === "give-up" ? "gives up" : "goes on without it";
  return `; ${what} ${age(at, now)}, at ${clock(at, now)}`;
}

function afterTheEnd(known: Known, state: TerminalState, systems: Systems): string | null {
  const { record } = known;
  switch (state) {
    case "rolled-back":
      return `nothing by itself: mend ${targetName(record)} and deploy again`;
    case "failed":
      return "nothing by itself: somebody has to look, and to deploy again";
    case "cancelled":
      return awaitsBoot(known, systems)
        ? `the boot default is still ${targetName(record)}: the next boot brings it up`
        : null;
    case "live":
    case "superseded":
      return null;
  }
}
