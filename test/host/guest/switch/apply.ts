import { spawnSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { Plan } from "./plan.ts";
import { say, sayUnits } from "./say.ts";
import { hasFailed, jobs, loadedUnits, systemctl, type Unit } from "./systemctl.ts";

/** Stop → activate → reload systemd → reload, restart, start → look for failed units. */
export async function apply(
  toplevel: string,
  plan: Plan,
  before: Map<string, Unit>,
): Promise<number> {
  sayUnits("stopping the following units", plan.stop);
  // Where a job of a changed runner ends, when it is that job which runs this program.
  await jobs("stop", plan.stop);
  sayUnits("NOT restarting the following changed units", plan.skip);

  let exitCode = activate(toplevel);
  await systemctl("reset-failed");
  await systemctl("daemon-reload");
  if ((await startAll(plan)).length > 0) exitCode = 4;
  if ((await failedUnits(plan, before)).length > 0) exitCode = 4;
  return exitCode;
}

/** A failed activation does not end the switch: units are started all the same, then exit 2. */
function activate(toplevel: string): number {
  say("activating the configuration...");
  const { status } = spawnSync(`${toplevel}/activate`, [toplevel], { stdio: "inherit" });
  if (status === 0) return 0;
  say("Failed to run activate script");
  return 2;
}

async function startAll(plan: Plan): Promise<string[]> {
  say("restarting sysinit-reactivation.target");
  const failed = await jobs("restart", ["sysinit-reactivation.target"]);
  sayUnits("reloading the following units", plan.reload);
  failed.push(...(await jobs("reload", plan.reload)));
  sayUnits("restarting the following units", plan.restart);
  failed.push(...(await jobs("restart", plan.restart)));
  sayUnits("starting the following units", plan.start);
  failed.push(...(await jobs("start", [...plan.targets, ...plan.start])));
  return failed;
}

/** Every unit that is failed now, whether or not this switch touched it. */
async function failedUnits(plan: Plan, before: Map<string, Unit>): Promise<string[]> {
  // The real one waits until the bus is quiet for 250 ms, so that a unit which fails right after
  // its start is seen. When nothing was started this one saves that time.
  const after = await settled(
    plan.start.size + plan.restart.size + plan.reload.size > 0 ? "always" : "when changed",
    before,
  );
  const names = [...after.values()].filter(hasFailed).map((unit) => unit.name);
  const fresh = [...after.values()].filter(
    (unit) => !hasFailed(unit) && !before.has(unit.name) && !unit.name.endsWith(".scope"),
  );
  sayUnits(
    "the following new units were started",
    fresh.map((unit) => unit.name),
  );
  if (names.length === 0) return [];
  sayUnits("warning: the following units failed", names);
  await systemctl("status", "--no-pager", "--full", "--", ...names);
  return names;
}

async function settled(
  when: "always" | "when changed",
  before: Map<string, Unit>,
): Promise<Map<string, Unit>> {
  let last = loadedUnits();
  if (when === "when changed" && states(last) === states(before)) return last;
  for (const deadline = performance.now() + 90_000; performance.now() < deadline;) {
    await delay(250);
    const now = loadedUnits();
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
