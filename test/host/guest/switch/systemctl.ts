import { spawn, spawnSync } from "node:child_process";

export type Unit = {
  name: string;
  /** systemd's ActiveState, such as `active` or `failed`. */
  state: string;
  substate: string;
};

const systemctlPath = "/usr/bin/systemctl";

/** All units systemd holds that are not inactive, by name. */
export function loadedUnits(): Map<string, Unit> {
  const rows: { unit: string; active: string; sub: string }[] = JSON.parse(
    ask("list-units", "--all", "--output=json"),
  );
  const units = rows.map(({ unit, active, sub }): Unit => ({
    name: unit,
    state: active,
    substate: sub,
  }));
  return new Map(
    units.filter((unit) => unit.state !== "inactive").map((unit) => [unit.name, unit]),
  );
}

/** Failed, or in a crash loop: waiting for its restart after a non-zero exit. */
export function hasFailed(unit: Unit): boolean {
  if (unit.state === "failed") return true;
  if (unit.substate !== "auto-restart") return false;
  return ask("show", "--value", "--property=ExecMainStatus", "--", unit.name).trim() !== "0";
}

function ask(...args: string[]): string {
  return spawnSync(systemctlPath, args, { encoding: "utf8", maxBuffer: 1 << 24 }).stdout;
}

/** Runs one systemctl, its output passed on; resolves when it ended, with its exit code. */
export function systemctl(...args: string[]): Promise<number> {
  const child = spawn(systemctlPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      // systemd stops the cgroup this program is in: the child got its signal first. The real
      // one has no child to lose and dies right here, while it waits for the job.
      if (signal !== null) process.kill(process.pid, signal);
      else resolve(code ?? 1);
    });
  });
}

/** One job per unit, all queued at once and awaited; returns the units whose job failed. */
export async function jobs(
  verb: "stop" | "start" | "restart" | "reload",
  units: Iterable<string>,
): Promise<string[]> {
  const names = [...units];
  const codes = await Promise.all(names.map((name) => systemctl(verb, "--", name)));
  return names.filter((_, index) => codes[index] !== 0);
}
