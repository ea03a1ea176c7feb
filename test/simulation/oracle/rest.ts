import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { hasActed } from "../../../src/core/record/can-roll-back.ts";
import { putsRebootOff } from "../../../src/core/record/record.ts";
import { profileOn } from "../host/nix.ts";
import { isTerminal } from "../../../src/core/states.ts";
import { PINS } from "../host/systems.ts";
import type { Known, Sight } from "./sight.ts";
import type { FaultKind } from "../plan.ts";
import { judgeTold } from "./rollouts.ts";
import { judgeSlot } from "./slots.ts";
import { newestOn } from "./records.ts";

type Records = ReadonlyMap<string, FinalizationRecord>;

export function judgeRest(oracle: Sight, records: Records): void {
  judgeHost(oracle);
  for (const [id, known] of oracle.known) judgeOne(oracle, records, id, known);
  judgeNewest(oracle, records);
  judgePutOff(oracle, records);
  judgeSlot(oracle, records);
  judgeTold(oracle, records);
  const { plan, faults } = oracle.watched;
  // What cannot be noted because the disk is full is not reported.
  const isExcused = UNREPORTED.some((kind) => faults.made.has(kind));
  if (plan.hasReceiver && !isExcused) judgeReports(oracle, records);
}

function judgeHost(oracle: Sight): void {
  const { disk, processes, programs } = oracle.watched.machine;
  for (const { name } of processes.values()) oracle.blame(`at rest, ${name} runs`);
  if (programs.locks.size > 0) oracle.blame("at rest, a lock is held");
  for (const { name, isTimer } of oracle.watched.machine.systemd.units.values())
    if (isTimer) oracle.blame(`at rest, there is ${name}`);
  const pins = disk.has(PINS) ? [...disk.folder(PINS).entries.keys()] : [];
  for (const name of pins) {
    const id = name.replace(/-(target|previous)$/, "");
    const known = oracle.known.get(id);
    // Of a scheduling that was killed: the next boot, or a call ten minutes later, removes it.
    if (known === undefined || known.call === "killed") continue;
    // A process without a unit ended it, and could not go on before it removed the pins: the next boot does.
    const isEndedByOther = known.state === "superseded" || known.state === "cancelled";
    const { made } = oracle.watched.faults;
    if (isEndedByOther && LEAVES_PINS.some((kind) => made.has(kind))) continue;
    oracle.blame(`at rest, there is the pin ${name}`);
  }
}

function judgeOne(oracle: Sight, records: Records, id: string, known: Known): void {
  const record = records.get(id);
  if (record === undefined) {
    if (known.call === "accepted") oracle.blame(`${id} was accepted and has no record`);
    return;
  }
  const { state, outcome } = record;
  if (known.call === "refused" && hasActed(record)) oracle.blame(`${id} was refused, and acted`);
  if (!isTerminal(state) && known.call === "accepted") oracle.blame(`at rest, ${id} is ${state}`);
  const { forward, back } = known.reboots;
  if (forward.size > 1 || back.size > 1)
    oracle.blame(`${id} rebooted ${forward.size} times forward, ${back.size} back`);
  const by = /^superseded by (\S+)$/.exec(outcome?.reason ?? "")?.[1];
  if (state !== "superseded" || by === undefined || known.call !== "accepted") return;
  const newer = oracle.known.get(by);
  const other = records.get(by);
  if (newer === undefined || other === undefined)
    return oracle.blame(`${id} is superseded by ${by}, which does not exist`);
  if (newer.order < known.order) oracle.blame(`${id} is superseded by ${by}, which is older`);
  const wasDriven = other.timeline.length > 1;
  if (newer.call !== "accepted" && !wasDriven)
    oracle.blame(`${id} is superseded by ${by}, which was never scheduled`);
}

/** What may keep a good deploy from being live at the end, if nobody asks for anything. */
const EXCUSES: ReadonlySet<FaultKind> = new Set<FaultKind>([
  "boot hangs",
  "boot ends in emergency mode",
  "disk full",
  "no more files",
  "kill a program",
]);

const GIVES_UP: ReadonlySet<string> = new Set(["cancel", "rollback", "undo"]);

const LEAVES_PINS = ["kill", "no more files", "lose a lock"] as const;

const UNREPORTED = ["disk full"] as const;

/** The newest good deploy is live, unless something happened that excuses it. */
function judgeNewest(oracle: Sight, records: Records): void {
  const { plan, machine, faults } = oracle.watched;
  const { lastMoved } = oracle;
  const isExcused = [...faults.made].some((kind) => EXCUSES.has(kind));
  const hasAsked = oracle.calls.some(([command = ""]) => GIVES_UP.has(command));
  if (isExcused || hasAsked || plan.confirmWithin !== null || plan.checks === "fail") return;
  if (plan.hooks === "a before fails") return;
  const newest = newestOn(machine.disk);
  const record = newest === null ? undefined : records.get(newest);
  if (newest === null || record === undefined || lastMoved === null) return;
  if (lastMoved.health !== "good" || record.target !== lastMoved.path) return;
  if (oracle.known.get(newest)?.call !== "accepted") return;
  const reason = record.outcome?.reason ?? "";
  // A loader that was to boot it once does not boot it again.
  const isFallback = plan.loader === "systemd-boot" && reason.startsWith("fell back: ");
  const isCutOff = faults.made.has("reboot") || faults.made.has("power cut");
  if ((isFallback || isOfOtherDeployer(oracle, record)) && isCutOff) return;
  if (record.state !== "live")
    oracle.blame(`${newest}, the newest good deploy, is ${record.state}: ${reason}`);
}

/** Nobody can read what this loader boots. Until the act has set it, another deployer may have left its system. */
function isOfOtherDeployer(
  { watched: { plan } }: Sight,
  { outcome, timeline }: FinalizationRecord,
): boolean {
  const isOther =
    outcome?.reason.startsWith("another system was activated in the meantime") === true;
  const hasSetIt = timeline.some(({ state }) => state === "verifying");
  return plan.loader === "unknown" && plan.deploys.length > 1 && isOther && !hasSetIt;
}

/** A reboot that was put off is never lost: no call has scheduled it, so nobody else would notice. */
function judgePutOff({ watched, blame }: Sight, records: Records): void {
  const { disk } = watched.machine;
  const newest = newestOn(disk);
  const record = newest === null ? undefined : records.get(newest);
  if (record === undefined) return;
  const { id, state, target } = record;
  if (record.rebootOf !== null && !isTerminal(state))
    blame(`at rest, the reboot ${id} is ${state}`);
  const isLeft = profileOn(disk) === target && disk.realPath("/run/booted-system") !== target;
  if (putsRebootOff(record) && isLeft) blame(`nobody reboots for ${id}, which has put it off`);
}

function judgeReports(oracle: Sight, records: Records): void {
  const delivered = new Map<string, string[]>();
  for (const text of oracle.watched.reports) {
    const [, id = ""] = /"id":"([^"]+)"/.exec(text) ?? [];
    const [, key = ""] = /"key":"([^"]+)"/.exec(text) ?? [];
    const keys = delivered.get(id) ?? [];
    if (!keys.includes(key)) delivered.set(id, [...keys, key]);
  }
  for (const [id, { timeline }] of records) {
    if (oracle.known.get(id)?.call !== "accepted") continue;
    const keys = delivered.get(id) ?? [];
    if (keys.length < timeline.length)
      oracle.blame(`${id} has ${timeline.length} events, and ${keys.length} were reported`);
    if (keys.join(" ") !== keys.toSorted().join(" "))
      oracle.blame(`${id} was reported in a wrong order`);
  }
}
