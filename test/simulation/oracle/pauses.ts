import { hasBegunToAct, isCancellable, isTerminal } from "../../../src/core/states.ts";
import type { Machine } from "../host/machine.ts";
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
  for (const [id, { state, rebootOf }] of recordsOn(disk)) {
    if (isTerminal(state) || isDriven(machine, id)) continue;
    if (isCancellable(state) && isReplaced(oracle, id)) continue;
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

function isDriven({ systemd: { units, timers } }: Machine, id: string): boolean {
  const service = units.get(`deploy-finalize-${id}.service`);
  if (timers.isDue(`deploy-finalize-${id}.timer`)) return true;
  return service !== undefined && (service.job === "start" || service.active === "activating");
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
