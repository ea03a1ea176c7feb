import type { Part } from "../core/record/fleet/part.ts";
import { canRollBack, previousSystem } from "../core/record/can-roll-back.ts";
import { activatedOf, awaitsConfirmation, type FinalizationRecord } from "../core/record/record.ts";
import { hasBegunToAct, type TerminalState } from "../core/states.ts";
import type { HostNow } from "../explain/host-now.ts";
import type { Driver } from "../state-dir/owner.ts";
import { type Now, previousName, targetName } from "./headline.ts";
import { topicOf } from "./runbook/find.ts";

export interface ViewedFinalization extends Now {
  readonly record: FinalizationRecord;
  /** Null if it has ended, and its hooks too. */
  readonly driver: Driver | null;
  readonly place: "newest" | "older";
  /** Whether it rolls back automatically if the verification fails. */
  readonly rollback: "enabled" | "disabled";
  /** Its part in the rollout of its group; null if it has none. */
  readonly part?: Part | null;
}

/** The running system, that of the profile, and what boots. */
export type LiveSystems = Pick<HostNow, "current" | "profile" | "bootLoader">;

/** Whether the next boot starts the target of this cancelled finalization; not if a newer one exists. */
export function awaitsBoot(
  { record, place }: ViewedFinalization,
  { current, profile, bootLoader }: LiveSystems,
): boolean {
  const { target } = record;
  const runs = current.toplevel === target || current.toplevel === activatedOf(record);
  // If the loader cannot be read, it boots the system of the profile.
  const boots = bootLoader.once ?? bootLoader.byDefault ?? profile.toplevel;
  return place === "newest" && boots === target && !runs;
}

/** A command line without the program's name, and its effect. */
export interface Hint {
  readonly command: string;
  readonly what: string;
}

export function hintsUntilEnd(viewed: ViewedFinalization, systems: LiveSystems): Hint[] {
  const { record } = viewed;
  const hint = hintFor(viewed);
  const goOn =
    viewed.driver?.kind === "nobody"
      ? [RESUME, hint("run", "or continue it in this terminal")]
      : [];
  const follow = hint("wait", "wait for the outcome");
  if (!hasBegunToAct(record.state)) {
    // What it waits for then is not a matter of the moment.
    const hurry = record.hurried === null ? [hint("now", "act now")] : [];
    return [...goOn, hint("cancel", "cancel this finalization"), ...hurry, follow];
  }
  const decide = awaitsConfirmation(record)
    ? [hint("confirm", "confirm and keep the new system")]
    : [];
  const rollback = offersRollback(record, systems)
    ? [hint("rollback", `roll back to ${previousName(record)} now`)]
    : [];
  return [...goOn, ...decide, ...rollback, follow, hint("log", "show the log so far")];
}

const RESUME: Hint = { command: "resume", what: "continue it in its systemd unit" };

export function hintsAtEnd(
  viewed: ViewedFinalization,
  state: TerminalState,
  systems: LiveSystems,
): Hint[] {
  const { record, place } = viewed;
  const hint = hintFor(viewed);
  const log = hint("log", "show the log");
  const rollback = offersRollback(record, systems)
    ? [hint("rollback", `roll back to ${previousName(record)}`)]
    : [];
  switch (state) {
    case "live":
      return [log, ...rollback];
    case "rolled-back":
    case "failed":
      return [...helpHint(record), log, ...rollback, ...retryHint(viewed, hint)];
    case "superseded":
    case "cancelled":
      if (place === "older") return [{ command: "status", what: "show the newest finalization" }];
      return state === "cancelled" && isRestorable(viewed, systems) ? [log, RESTORE] : [log];
  }
}

/** The part of the runbook for this reason. */
function helpHint(record: FinalizationRecord): Hint[] {
  const topic = topicOf(record);
  if (topic === null) return [];
  return [{ command: `help ${topic.name}`, what: "whether it can wait, and what to do" }];
}

/** A rollback is tried again by `rollback`. */
function retryHint(
  { record }: ViewedFinalization,
  hint: (command: string, what: string) => Hint,
): Hint[] {
  return record.rollbackOf === null ? [hint("retry", `try ${targetName(record)} again`)] : [];
}

/** To roll back a rollback brings back a system that somebody rejected: no hint for that. */
function offersRollback(record: FinalizationRecord, { current }: LiveSystems): boolean {
  return record.rollbackOf === null && canRollBack(record, current.toplevel);
}

/** A profile that somebody has set to a third system is not set back. */
function isRestorable(viewed: ViewedFinalization, systems: LiveSystems): boolean {
  const { record } = viewed;
  const own = [record.target, systems.current.toplevel, record.previous, record.previousProfile];
  const isOwn = own.includes(systems.profile.toplevel);
  return previousSystem(record).kind === "system" && awaitsBoot(viewed, systems) && isOwn;
}

const RESTORE: Hint = {
  command: "cancel --restore-boot-default",
  what: "set the boot default back",
};

/** `run` needs the full ID; other commands need an ID only for an older finalization. */
function hintFor({ record, place }: ViewedFinalization): (command: string, what: string) => Hint {
  return (command, what) => {
    const isNamed = place === "older" || command === "run";
    return { command: isNamed ? `${command} ${record.id}` : command, what };
  };
}
