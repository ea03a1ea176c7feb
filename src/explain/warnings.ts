import type { Config } from "../core/config/config.ts";
import type { ForgeRun } from "../core/config/forge-run.ts";
import { isRefused, olderRun, olderRunInWords } from "../core/record/older-run.ts";
import { canSwitchPartly, type Decision } from "../core/decision/decision.ts";
import type { WantedSpecialisation } from "../core/machine/types.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { hasBegunToAct, isTerminal } from "../core/states.ts";
import { rejectedBefore, runningTarget } from "../finalize/by-hand/never-anew.ts";
import { WINDOW_GATES } from "../gates/window.ts";
import type { ExplainJson } from "../json/explain.ts";
import type { Weighed } from "../finalize/schedule.ts";

export interface Warning {
  readonly kind: string;
  readonly text: string;
  /** When it happened; null for a present condition. */
  readonly at: string | null;
}

export interface BootFileSystem {
  readonly folder: string;
  readonly freeBytes: number;
}

export interface Circumstances {
  readonly decision: Decision;
  readonly target: string;
  /** The specialisation that is wanted; null for none. */
  readonly specialisation: WantedSpecialisation | null;
  /** Whether the running system is a specialisation of a generation. */
  readonly runsSpecialisation: boolean;
  readonly current: { readonly toplevel: string | null; readonly generation: number | null };
  readonly generation: number | null;
  readonly newestGeneration: number | null;
  readonly reboot: "allowed" | "forbidden";
  /** The setting that forbids reboots, if one does. */
  readonly whyForbidden: string;
  /** Newest first. */
  readonly records: readonly FinalizationRecord[];
  readonly bootFileSystems: readonly BootFileSystem[];
  readonly bootBytes: number;
}

/** Warnings for the operator before a deploy. Pure. */
export function warningsOf(seen: Circumstances): Warning[] {
  return [
    ...aboutTheDecision(seen),
    ...aboutTheSpecialisation(seen),
    ...aboutTheRollback(seen),
    ...seen.records.flatMap(aboutUnfinished),
    ...aboutTheTarget(seen),
    ...aboutTheProfile(seen),
    ...aboutSpace(seen),
  ];
}

/** `schedule` would refuse: a deploy that was rejected is no reason to finalize the running system. */
export function warnOfRejected(
  newest: FinalizationRecord | null,
  profile: string,
  weighed: Pick<Weighed, "target" | "systems">,
): Warning[] {
  const running = runningTarget(weighed);
  const rejected = running === null ? null : rejectedBefore(newest, profile, running);
  if (rejected === null) return [];
  const text =
    `nothing was deployed since ${rejected.id} ended as ${rejected.state}: schedule would refuse. ` +
    `To try that target again: deploy-finalize retry ${rejected.id}`;
  return [now("not-deployed", text)];
}

/** Warns of a deploy that would replace a newer one; `schedule` may refuse it. */
export function warnOfOlderRun({ guard, profile }: Config, deploy: Deploy): Warning[] {
  const { run, records } = deploy;
  const older = guard.olderRun === "off" ? null : olderRun(run, profile, records);
  if (older === null) return [];
  const then = isRefused(older, guard.olderRun) ? ": schedule would refuse" : "";
  return [now("older-run", `${olderRunInWords(older)}${then}`)];
}

interface Deploy {
  readonly run: ForgeRun | null;
  /** Newest first. */
  readonly records: readonly FinalizationRecord[];
}

/** What the closed reboot window holds up. */
export function warnOfPutOff(
  whilePutOff: Config["reboot"]["whilePutOff"],
  { decision, target, current }: Pick<Circumstances, "decision" | "target" | "current">,
  gates: ExplainJson["gates"],
  switchWindow: "open" | "closed",
): Warning[] {
  const isClosed = gates.some(
    ({ name, state }) => name === WINDOW_GATES.reboot && state === "closed",
  );
  if (!isClosed || decision.action !== "reboot") return [];
  // Only the reboot is left.
  if (current.toplevel === target) return [];
  const mayPart = whilePutOff === "switch" && canSwitchPartly(decision);
  if (mayPart && switchWindow === "closed") {
    const both =
      "all of it is put off until its window opens, or the window for switches, whichever comes first (reboot.whilePutOff, switch.window)";
    return [now("put-off", both)];
  }
  const text = mayPart
    ? `the reboot is put off until its window opens: it switches to the target now, and ${decision.changed.join(", ")} follow with the reboot (reboot.whilePutOff)`
    : "the reboot is put off until its window opens, and the whole deploy with it, services too (reboot.whilePutOff)";
  return [now(mayPart ? "switches-first" : "put-off", text)];
}

function aboutTheDecision(seen: Circumstances): Warning[] {
  const { decision, reboot, whyForbidden, current, target, specialisation } = seen;
  if (decision.action === "reboot" && reboot === "forbidden") {
    const text = `reboots are not allowed (${whyForbidden}): the finalization would fail`;
    return [now("reboot-forbidden", text)];
  }
  if (decision.action === "switch" && decision.changed.length > 0) {
    const left = decision.changed.join(", ");
    const text = `reboots are not allowed (${whyForbidden}): ${left} would wait for a reboot; the rest is activated`;
    return [now("reboot-left", text)];
  }
  const activated = specialisation?.toplevel ?? target;
  return current.toplevel === activated && decision.action === "switch"
    ? [now("nothing-to-do", "nothing to do: the target is already the running system")]
    : [];
}

function aboutTheSpecialisation({ specialisation }: Circumstances): Warning[] {
  if (specialisation === null || specialisation.toplevel !== null) return [];
  const text = `the target has no specialisation ${specialisation.name}: the target itself is activated`;
  return [now("no-specialisation", text)];
}

function aboutTheRollback({ current, target, runsSpecialisation }: Circumstances): Warning[] {
  if (current.toplevel === null) {
    return [now("no-way-back", "the running system is unknown, so a rollback is not possible")];
  }
  if (current.generation !== null || current.toplevel === target || runsSpecialisation) return [];
  const text =
    "the running system is not a generation of the profile; a rollback creates a new generation";
  return [now("no-previous-generation", text)];
}

function aboutUnfinished({ id, state }: FinalizationRecord): Warning[] {
  if (isTerminal(state)) return [];
  const then = hasBegunToAct(state)
    ? "a new one would wait for it"
    : "a new one would supersede it";
  return [now("unfinished", `finalization ${id} is ${state}: ${then}`)];
}

function aboutTheTarget({ records, target }: Circumstances): Warning[] {
  const earlier = records.find(
    (record) =>
      record.target === target && ["live", "rolled-back", "failed"].includes(record.state),
  );
  if (earlier === undefined || earlier.state === "live") return [];
  const how = earlier.state === "failed" ? "failed" : "was rolled back";
  const text = `this target ${how} before: ${earlier.outcome?.reason ?? "reason unknown"} (${earlier.id})`;
  return [{ kind: "went-wrong-before", text, at: earlier.timeline.at(-1)?.at ?? null }];
}

function aboutTheProfile({ generation, newestGeneration }: Circumstances): Warning[] {
  if (generation === null || newestGeneration === null || generation >= newestGeneration) return [];
  const text = `the profile is at generation ${generation}, not at the newest (${newestGeneration})`;
  return [now("older-generation", text)];
}

function aboutSpace({ bootFileSystems, bootBytes }: Circumstances): Warning[] {
  const tight = bootFileSystems.filter(({ freeBytes }) => freeBytes < bootBytes);
  return tight.map(({ folder, freeBytes }) => {
    const [free, needed] = [freeBytes, bootBytes].map(inMebibytes);
    const text =
      `${folder} has ${free} left; a kernel and its initrd take ${needed}. Keep fewer generations in the ` +
      `menu (configurationLimit), or delete old ones: nix-collect-garbage --delete-older-than 30d`;
    return now("boot-full", text);
  });
}

function inMebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}

function now(kind: string, text: string): Warning {
  return { kind, text, at: null };
}
