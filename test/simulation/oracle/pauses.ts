import { hasBegunToAct, isCancellable, isTerminal } from "../../../src/core/states.ts";
import type { Machine } from "../host/machine.ts";
import type { Process } from "../kernel/process.ts";
import { newestOn, recordsOn } from "./records.ts";
import type { Sight } from "./sight.ts";

const RESUMES = ["deploy-finalize-resume.service", "deploy-finalize-stuck-boot.service"];
/** Until then the timer of a boot that hangs is to come, in milliseconds. */
const STUCK_BOOT_MS = 125_000;

/** While nothing runs: each unfinished finalization has a timer or a unit that systemd starts. */
export function judgePause(oracle: Sight): void {
  const { machine } = oracle.watched;
  const { disk, processes, programs, systemd } = machine;
  if (processes.size > 0 || programs.all.size > 0 || systemd.state === "stopping") return;
  if (isResumeToCome(machine)) return;
  const isRestarting = [...systemd.units.values()].some(({ sub }) => sub === "auto-restart");
  const runner = systemd.units.get("runner.service");
  if (!isRestarting && runner?.active !== "active") {
    oracle.blame("the runner is stopped, and nothing runs");
  }
  const newest = newestOn(disk);
  for (const [id, { state, rebootOf, hurried }] of recordsOn(disk)) {
    if (isTerminal(state) || isDriven(machine, id)) continue;
    if (isCancellable(state) && isReplaced(oracle, id)) continue;
    if (isCancellable(state) && hurried != null && !isToStart(machine, id))
      oracle.blame(`${id} is to act now, and only its timer is left`);
    if (isUnpublished(oracle, id, newest)) continue;
    // Whoever was to schedule this reboot does it again.
    if (rebootOf !== null && rebootOf === newest && isDriven(machine, newest)) continue;
    oracle.blame(`${id} is ${state}, and nothing drives it`);
  }
}

/** A newer one is driven, which ends it; its scheduling may have been killed after it had armed its timer. */
function isReplaced({ watched: { machine }, known }: Sight, id: string): boolean {
  const own = known.get(id)?.order ?? 0;
  return [...known].some(([other, { order }]) => order > own && isDriven(machine, other));
}

/** Its scheduling was killed before it had armed a timer: it was never scheduled. */
function isUnpublished(oracle: Sight, id: string, newest: string | null): boolean {
  const call = oracle.known.get(id)?.call;
  return newest !== id && (call === "killed" || call === "refused");
}

function isDriven(machine: Machine, id: string): boolean {
  const { timers } = machine.systemd;
  return timers.isDue(`deploy-finalize-${id}.timer`) || isToStart(machine, id);
}

function isToStart({ systemd: { units } }: Machine, id: string): boolean {
  const service = units.get(`deploy-finalize-${id}.service`);
  return service !== undefined && (service.job === "start" || service.active === "activating");
}

/** What `now` said would act at once has the wish in its record. */
export function judgeHurried(oracle: Sight, { args, stdout }: Process): void {
  const id = args[0] === "now" ? /deploy-finalize: (\S+) acts/.exec(stdout)?.[1] : undefined;
  if (id === undefined) return;
  const record = recordsOn(oracle.watched.machine.disk).get(id);
  if (record?.hurried == null) oracle.blame(`now said that ${id} acts, and its record does not`);
}

/** One begins to act: no other one that has begun is unfinished and driven. */
export function judgeBegin(oracle: Sight, id: string): void {
  const { systemd } = oracle.watched.machine;
  for (const [other, { state }] of oracle.known) {
    if (other === id || isTerminal(state) || !hasBegunToAct(state)) continue;
    const service = systemd.units.get(`deploy-finalize-${other}.service`);
    if (service === undefined || systemd.isDown(service.name)) continue;
    oracle.blame(`${id} begins to act while ${other} is ${state}`);
  }
}

/** It is started again after a failure, and in each boot by a timer, whether or not it gets through. */
function isResumeToCome(machine: Machine): boolean {
  const { systemd, bootedAtMs } = machine;
  const units = RESUMES.map((name) => systemd.units.get(name));
  if (units.some((unit) => unit?.active === "activating")) return true;
  return machine.nextAt() - bootedAtMs < STUCK_BOOT_MS;
}
