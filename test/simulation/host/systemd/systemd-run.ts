import type { Machine } from "../machine.ts";
import type { Body, Program } from "../program.ts";
import { SILENT } from "./systemctl.ts";
import type { Service } from "./units.ts";

/** systemd-run(1) with a timer, with a service, or with both. */
export function* systemdRun(machine: Machine, program: Program): Body {
  yield "step";
  const { systemd } = machine;
  if (machine.clocks.monoMs < systemd.silentUntil) return SILENT;
  if (systemd.state === "stopping") {
    return { exitCode: 1, stderr: "Failed to start transient unit: Transaction is destructive." };
  }
  const { argv } = program;
  const end = argv.indexOf("--");
  const options = end === -1 ? argv : argv.slice(0, end);
  const command = end === -1 ? [] : argv.slice(end + 1);
  const value = (name: string): string | undefined =>
    options.find((option) => option.startsWith(`--${name}=`))?.slice(name.length + 3);
  const name = value("unit") ?? "";
  const calendar = value("on-calendar");
  const made = [
    ...(calendar === undefined ? [] : [`${name}.timer`]),
    ...(command.length === 0 ? [] : [`${name}.service`]),
  ];
  const taken = made.find((unit) => systemd.units.has(unit));
  if (taken !== undefined) {
    const why = `Failed to start transient unit: Unit ${taken} was already loaded or has a fragment file.`;
    return { exitCode: 1, stderr: why };
  }
  if (calendar !== undefined && systemd.refuses(name)) {
    return { exitCode: 1, stderr: "Failed to start transient timer unit: Access denied" };
  }
  if (command.length > 0) systemd.addService(`${name}.service`, serviceOf(options, command));
  if (calendar === undefined) {
    const unit = systemd.units.get(`${name}.service`);
    if (unit !== undefined) systemd.queueStart(unit);
  } else {
    const conflicts = valuesOf(options, "timer-property", "Conflicts");
    const at = Date.parse(calendar.replace(" UTC", "Z").replace(" ", "T"));
    const uptime = value("on-boot");
    const uptimeMs = uptime === undefined ? null : Number.parseFloat(uptime) * 1000;
    const isWhenSet = options.includes("--timer-property=OnClockChange=yes");
    const whenSet = isWhenSet ? "elapses" : "waits";
    systemd.addTimer({ name: `${name}.timer`, at, uptimeMs, whenSet }, conflicts);
  }
  yield "step";
  return { exitCode: 0 };
}

function valuesOf(options: readonly string[], option: string, key: string): string[] {
  const start = `--${option}=${key}=`;
  return options.filter((one) => one.startsWith(start)).map((one) => one.slice(start.length));
}

function numbersIn(text = ""): number[] {
  return text.split(" ").filter(Boolean).map(Number);
}

function serviceOf(options: readonly string[], command: readonly string[]): Service {
  const property = (key: string): string | undefined => valuesOf(options, "property", key)[0];
  const environment = options
    .filter((option) => option.startsWith("--setenv="))
    .map((option) => option.slice("--setenv=".length));
  return {
    // The interpreter and the script come first.
    args: command.slice(2),
    env: {
      ...Object.fromEntries(
        environment.map((pair) => [
          pair.slice(0, pair.indexOf("=")),
          pair.slice(pair.indexOf("=") + 1),
        ]),
      ),
      ...(property("NotifyAccess") === "main" && { NOTIFY_SOCKET: "/run/systemd/notify" }),
    },
    restartMs:
      property("Restart") === "on-failure"
        ? Number.parseInt(property("RestartSec") ?? "0.1", 10) * 1000
        : 0,
    neverAfter: numbersIn(property("RestartPreventExitStatus")),
    afterTerm:
      property("RestartForceExitStatus")?.includes("SIGTERM") === true ? "started again" : "ended",
    successes: [0, ...numbersIn(property("SuccessExitStatus"))],
    stopMs: property("TimeoutStopSec") === "10min" ? 600_000 : 90_000,
    collect: options.includes("--collect") ? "collected" : "kept",
    afterEnd: "inactive",
  };
}
