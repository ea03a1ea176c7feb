import type { FinalizationRecord } from "../core/record.ts";
import {
  hasBegunToAct,
  isTerminal,
  type TerminalState,
  type UnfinishedState,
} from "../core/states.ts";
import type { Driver } from "../host/driver.ts";
import { age, clock } from "./age.ts";
import type { Now } from "./headline.ts";
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

export interface Hint {
  readonly command: string;
  readonly what: string;
}

export interface Known extends Now {
  readonly record: FinalizationRecord;
  /** Null where it has ended. */
  readonly driver: Driver | null;
  readonly place: "newest" | "older";
  /** Whether it goes back by itself where something does not hold. */
  readonly wayBack: "enabled" | "disabled";
}

export function outlook(known: Known): Outlook {
  const { driver } = known;
  const { state } = known.record;
  if (isTerminal(state)) {
    return { trouble: null, next: afterTheEnd(known, state), hints: hintsAtEnd(known, state) };
  }
  const trouble = troubleOf(driver);
  const next = trouble === null ? nextOf(known, state) : null;
  return { trouble, next, hints: hintsOnTheWay(known) };
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
  const isThere = record.previous !== null && record.previous !== record.target;
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

function afterTheEnd({ record }: Known, state: TerminalState): string | null {
  switch (state) {
    case "rolled-back":
      return `nothing by itself: mend ${targetName(record)} and deploy again`;
    case "failed":
      return "nothing by itself: somebody has to look, and to deploy again";
    case "cancelled":
      return `the boot default may still be ${targetName(record)}: the next boot would bring it`;
    case "live":
    case "superseded":
      return null;
  }
}

function hintsOnTheWay(known: Known): Hint[] {
  const { record } = known;
  const hint = hintFor(known);
  const goOn =
    known.driver?.kind !== "nobody" ? [] : [RESUME, hint("run", "or run it in this terminal")];
  if (!hasBegunToAct(record.state)) {
    return [...goOn, hint("cancel", "drop it"), hint("wait", "follow it to its end")];
  }
  const isConfirmable = record.state === "verifying" && record.confirmBy !== null;
  const decide = isConfirmable ? [hint("confirm", "keep the new system")] : [];
  const back = record.state === "verifying" ? [hint("rollback", "go back now")] : [];
  const follow = [hint("wait", "follow it to its end"), hint("log", "what it has said so far")];
  return [...goOn, ...decide, ...back, ...follow];
}

const RESUME: Hint = { command: "resume", what: "have systemd take it up" };

function hintsAtEnd(known: Known, state: TerminalState): Hint[] {
  const { record, place } = known;
  const hint = hintFor(known);
  const log = hint("log", "what was said");
  switch (state) {
    case "live":
      return record.previous === null || place === "older"
        ? [log]
        : [log, hint("rollback", `go back to ${previousName(record)}`)];
    case "rolled-back":
    case "failed":
      return [log, { command: "explain", what: "what another try would do" }];
    case "superseded":
    case "cancelled":
      return place === "older" ? [{ command: "status", what: "the newest" }] : [log];
  }
}

/** `run` takes no shortened id, and only the newest needs none at all. */
function hintFor({ record, place }: Known): (command: string, what: string) => Hint {
  return (command, what) => {
    const isNamed = place === "older" || command === "run";
    return { command: isNamed ? `${command} ${record.id}` : command, what };
  };
}
