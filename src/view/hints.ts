import { canGoBack, systemBefore } from "../core/can-go-back.ts";
import { awaitsConfirmation, type FinalizationRecord } from "../core/record.ts";
import { hasBegunToAct, type TerminalState } from "../core/states.ts";
import { awaitsBoot, type Known, type Systems } from "./known.ts";
import { previousName } from "./naming.ts";

/** A command line without the program's name, and what it is for. */
export interface Hint {
  readonly command: string;
  readonly what: string;
}

/** What can be done about one that has not ended. */
export function hintsOnTheWay(known: Known, systems: Systems): Hint[] {
  const { record } = known;
  const hint = hintFor(known);
  const goOn =
    known.driver?.kind !== "nobody" ? [] : [RESUME, hint("run", "or run it in this terminal")];
  if (!hasBegunToAct(record.state)) {
    return [...goOn, hint("cancel", "drop it"), hint("wait", "follow it to its end")];
  }
  const isConfirmable = awaitsConfirmation(record);
  const decide = isConfirmable ? [hint("confirm", "keep the new system")] : [];
  const back = offersWayBack(record, systems) ? [hint("rollback", "go back now")] : [];
  const follow = [hint("wait", "follow it to its end"), hint("log", "what it has said so far")];
  return [...goOn, ...decide, ...back, ...follow];
}

const RESUME: Hint = { command: "resume", what: "have systemd take it up" };

/** What can be done about one that has ended. */
export function hintsAtEnd(known: Known, state: TerminalState, systems: Systems): Hint[] {
  const { record, place } = known;
  const hint = hintFor(known);
  const log = hint("log", "what was said");
  const back = offersWayBack(record, systems)
    ? [hint("rollback", `go back to ${previousName(record)}`)]
    : [];
  switch (state) {
    case "live":
      return [log, ...back];
    case "rolled-back":
    case "failed":
      return [log, ...back, { command: "explain", what: "what another try would do" }];
    case "superseded":
    case "cancelled":
      if (place === "older") return [{ command: "status", what: "the newest" }];
      return state === "cancelled" && isRestorable(known, systems) ? [log, RESTORE] : [log];
  }
}

/** Taking back a rollback brings up what somebody has rejected: that is not offered. */
function offersWayBack(record: FinalizationRecord, { current }: Systems): boolean {
  return record.rollbackOf === null && canGoBack(record, current.toplevel);
}

function isRestorable(known: Known, systems: Systems): boolean {
  return systemBefore(known.record).kind === "system" && awaitsBoot(known, systems);
}

const RESTORE: Hint = { command: "cancel --restore-boot-default", what: "set it back" };

/** `run` takes no shortened id, and only the newest needs none at all. */
function hintFor({ record, place }: Known): (command: string, what: string) => Hint {
  return (command, what) => {
    const isNamed = place === "older" || command === "run";
    return { command: isNamed ? `${command} ${record.id}` : command, what };
  };
}
