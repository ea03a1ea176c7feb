import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { faultAfter } from "./fault.ts";
import type { Lists } from "./lists.ts";
import { gone, type Plan } from "./plan.ts";
import { die, say, sayUnits } from "./say.ts";
import type { Manager, Unit } from "./systemctl.ts";
import { Tally } from "./tally.ts";
import { flag, readUnitFile } from "./unit-file.ts";
import { switchUsers } from "./users.ts";

export type Switch = {
  toplevel: string;
  /** The toplevel that was current before. */
  old: string;
  manager: Manager;
  lists: Lists;
  plan: Plan;
  before: Map<string, Unit>;
  /** What /etc/systemd/system.conf is before the activation. */
  systemConf: string;
};

/** Stop → activate → reload systemd → users → reload, restart, start → look for failed units. */
export async function apply(making: Switch): Promise<number> {
  const { toplevel, manager, plan } = making;
  const tally = new Tally(manager, "");
  sayUnits("stopping the following units", plan.stop);
  // Where a job of a changed runner ends, when it is that job which runs this program.
  await tally.jobs("stop", plan.stop);
  sayUnits("NOT restarting the following changed units", plan.skip);
  faultAfter(toplevel, "stop");

  let exitCode = activate(toplevel);
  faultAfter(toplevel, "activation");
  if (replacesSystemd(toplevel, making.systemConf)) {
    say("restarting systemd...");
    // There is no reply to wait for: the next call answers once systemd is there again.
    await manager.run("daemon-reexec");
  }
  if ((await manager.run("reset-failed")) !== 0) die("Failed to reset failed units");
  if ((await manager.run("daemon-reload")) !== 0) die("systemd daemon reload failed");
  faultAfter(toplevel, "daemon-reload");
  if (switchUsers(making.old, toplevel) === "failed") exitCode = 4;
  await startAll(making, tally);
  tally.sayFailed();
  if (tally.exitCode !== 0) exitCode = tally.exitCode;
  if ((await failedUnits(making)).length > 0) exitCode = 4;
  return exitCode;
}

/** Whether systemd has to execute itself anew: its program or its settings change. */
export function replacesSystemd(toplevel: string, systemConf: string): boolean {
  const running = realpathSync("/proc/1/exe");
  const next = realpathSync(join(process.env["SYSTEMD"] ?? "", "lib/systemd/systemd"));
  return running !== next || systemConf !== realPath(`${toplevel}/etc/systemd/system.conf`);
}

export function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : "none";
}

/** A failed activation does not end the switch: units are started all the same, then exit 2. */
function activate(toplevel: string): number {
  say("activating the configuration...");
  // What it leaves behind does not have the lock: the real one gives it to no child.
  const without = ["-c", 'exec 9>&-; exec "$@"', "sh", `${toplevel}/activate`, toplevel];
  const { status } = spawnSync("/bin/sh", without, { stdio: "inherit" });
  if (status === 0) return 0;
  say("Failed to run activate script");
  return 2;
}

async function startAll(making: Switch, tally: Tally): Promise<void> {
  const { plan, lists } = making;
  say("restarting sysinit-reactivation.target");
  await tally.jobs("restart", ["sysinit-reactivation.target"]);
  startInsteadOfReload(making);
  if (plan.reload.size > 0) {
    sayUnits("reloading the following units", plan.reload);
    await tally.jobs("reload", plan.reload);
    lists.remove("reload");
  }
  if (plan.restart.size > 0) {
    sayUnits("restarting the following units", plan.restart);
    await tally.jobs("restart", plan.restart);
    lists.remove("restart");
  }
  sayUnits("starting the following units", plan.start);
  await tally.jobs("start", [...plan.targets, ...plan.start]);
  lists.remove("start");
}

/** A unit that does not run cannot be reloaded: it is started. */
function startInsteadOfReload({ toplevel, manager, plan, lists }: Switch): void {
  if (plan.reload.size === 0) return;
  const held = manager.held();
  for (const unit of plan.reload) {
    // The real one ends here if systemd does not hold the unit: exit 1, after units were stopped.
    const state = held.get(unit)?.state ?? die(`Failed to get unit ${unit}`);
    if (state === "active" || state === "activating") continue;
    const file = join(toplevel, "etc/systemd/system", unit);
    if (!gone(file) && !flag(readUnitFile(file), "Unit.RefuseManualStart", "no")) {
      plan.start.add(unit);
      lists.record("start", [unit]);
    }
    plan.reload.delete(unit);
    lists.unrecord("reload", unit);
  }
}

/** Every unit that is failed now, whether or not this switch touched it. */
async function failedUnits({ manager, plan, before }: Switch): Promise<string[]> {
  // The real one waits until the bus is quiet for 250 ms, so that a unit which fails right after
  // its start is seen. When nothing was started this one saves that time.
  const busy = plan.start.size + plan.restart.size + plan.reload.size > 0;
  const after = await settled(manager, busy ? "always" : "when changed", before);
  const failed = [...after.values()].filter((unit) => manager.hasFailed(unit));
  const names = failed.map((unit) => unit.name);
  const fresh = [...after.keys()].filter(
    (name) => !names.includes(name) && !before.has(name) && !name.endsWith(".scope"),
  );
  sayUnits("the following new units were started", fresh);
  if (names.length === 0) return [];
  sayUnits("warning: the following units failed", names);
  await manager.run("status", "--no-pager", "--full", "--", ...names);
  return names;
}

async function settled(
  manager: Manager,
  when: "always" | "when changed",
  before: Map<string, Unit>,
): Promise<Map<string, Unit>> {
  let last = manager.units();
  if (when === "when changed" && states(last) === states(before)) return last;
  for (const deadline = performance.now() + 90_000; performance.now() < deadline;) {
    await delay(250);
    const now = manager.units();
    if (states(now) === states(last)) break;
    last = now;
  }
  return last;
}

function states(units: Map<string, Unit>): string {
  const known = [...units.values()].filter((unit) => unit.name !== "sysinit-reactivation.target");
  return known
    .map((unit) => `${unit.name} ${unit.state} ${unit.substate}`)
    .toSorted()
    .join("\n");
}
