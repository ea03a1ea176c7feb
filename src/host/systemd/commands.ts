import { type Sandbox, sandboxed } from "../network/sandbox.ts";
import { EXIT, UNIT_FAILED } from "../../core/outcome.ts";
import { UNIT_VARIABLE, unitName } from "../../core/record/id.ts";

/** Every argument list for systemd's programs is made here or in logind/commands.ts. */

export type Argv = readonly string[];

/** The transient service that runs a finalization. */
export interface Launch {
  readonly id: string;
  readonly action: string;
  /** The command of the service. */
  readonly command: Argv;
  /** The PATH of the service: PID 1 has none on NixOS. */
  readonly path: string;
}

/** When a timer elapses: by whichever clock it comes first, because the wall clock may be set meanwhile. */
export interface Moment {
  /** When it elapses first, unless a clock is set. */
  readonly due: Date;
  /** By the calendar, to the millisecond. */
  readonly at: Date;
  /** Seconds since the boot; null if unknown. */
  readonly uptime: number | null;
}

export interface Arming extends Launch {
  readonly fireAt: Moment;
  /** Timers that stop when this one starts. */
  readonly replaces: readonly string[];
}

/**
 * Arms the transient timer, with absolute times and 100 ms accuracy, because a relative timer fires
 * up to a minute late and every daemon-reload postpones it (notes/systemd-timers.md).
 */
export function armTimer(arming: Arming): Argv {
  return transientService(arming, [
    ...once(arming.fireAt),
    // In one transaction with the start: there are never two timers, and never none.
    ...arming.replaces.map((timer) => `--timer-property=Conflicts=${timer}`),
  ]);
}

/**
 * Arms a new timer for the existing service that calls this. The service starts with the same command
 * again, because a timer keeps its service loaded (notes/systemd-timers.md).
 */
export function rearmTimer({ id, at }: { readonly id: string; readonly at: Moment }): Argv {
  // What it is deferred to is a time of day: when the clock is set, it is computed anew.
  const whenSet = "--timer-property=OnClockChange=yes";
  return ["systemd-run", "--quiet", `--unit=${unitName(id)}`, ...once(at), whenSet];
}

function once({ at, uptime }: Moment): Argv {
  return [
    // systemd.time(7): an absolute time with a fraction of a second.
    `--on-calendar=${at.toISOString().replace("T", " ").replace("Z", " UTC")}`,
    ...(uptime === null ? [] : [`--on-boot=${uptime.toFixed(3)}s`]),
    "--timer-property=AccuracySec=100ms",
    "--timer-property=RemainAfterElapse=no",
    "--timer-property=IgnoreOnIsolate=yes",
  ];
}

/**
 * When a service may start and stop: like any other, or also in a boot that does not get through,
 * after local file systems only.
 */
export type Order = "after-basic" | "early";

/** Starts the service at once, without a timer, to continue after a boot. */
export function launch(wanted: Launch, order: Order): Argv {
  return transientService(wanted, ["--no-block", ...(order === "early" ? EARLY : [])]);
}

/** The defaults would start what the boot did not get through to, or wait for it. */
const EARLY = [
  "DefaultDependencies=no",
  "After=local-fs.target",
  "Conflicts=shutdown.target",
  "Before=shutdown.target",
].map(toProperty);

/** systemd.exec(5). */
const [NO_PROGRAM, NO_SANDBOX] = [203, 226];

/** What every service has that must get to its end. */
const DRIVES = [
  "--property=Restart=on-failure",
  // A signal before this program listens to it is a clean end for systemd, but none for us.
  "--property=RestartForceExitStatus=SIGTERM SIGINT SIGHUP SIGPIPE",
  // A disk that is full for a minute must not stop the restarts: the act would stay half done.
  "--property=StartLimitIntervalSec=0",
  // To leave the desktop, or to enter rescue mode, must not end it.
  "--property=IgnoreOnIsolate=yes",
  "--property=SyslogIdentifier=deploy-finalize",
];

function transientService({ id, action, command, path }: Launch, when: Argv): Argv {
  return [
    "systemd-run",
    "--quiet",
    "--collect",
    `--unit=${unitName(id)}`,
    `--description=Finalize the deploy (${action})`,
    ...when,
    // A stop during the switch must reach only this program, not the activation, and it ends after it.
    "--property=KillMode=mixed",
    "--property=TimeoutStopSec=10min",
    // This program says itself when it is about to end; what its programs say does not count.
    "--property=NotifyAccess=main",
    ...DRIVES,
    // Only a recorded end is an end. Everything else is started again, an uncaught exception (1) too.
    `--property=RestartPreventExitStatus=${EXIT.rolledBack} ${UNIT_FAILED} ${NO_PROGRAM}`,
    "--property=RestartSec=1s",
    // Superseded or cancelled does not count as a failed unit.
    "--property=SuccessExitStatus=4",
    // The id finds all output of the service and of its programs.
    `--property=LogExtraFields=DEPLOY_FINALIZE_ID=${id}`,
    `--setenv=PATH=${path}`,
    `--setenv=${UNIT_VARIABLE}=${unitName(id)}`,
    "--",
    ...command,
  ];
}

/** A command of this program, and the PATH of its service. */
interface Command {
  readonly command: Argv;
  readonly path: string;
}

/**
 * Starts a process that delivers reports, in a unit separate from the finalization. If it has a
 * sandbox, this waits until that is made.
 */
export function deliver(
  wanted: Command & { readonly unit: string; readonly sandbox: Sandbox | null },
): Argv {
  const more = ["RestartSec=10s", "TimeoutStopSec=15s", "UMask=0077"].map(toProperty);
  if (wanted.sandbox === null) more.push("--no-block");
  else more.push(toProperty("Type=exec"), ...sandboxed(wanted.sandbox));
  return beside(wanted.unit, "Deliver reports on deploys", wanted, more);
}

/** Starts a process that gives back a slot of the fleet lock, and tries until the server answers. */
export function releaseLostSlot(wanted: Command, order: Order): Argv {
  const description = "Give back a slot of the fleet lock that no finalization owns";
  const more = ["--no-block", ...(order === "early" ? EARLY : []), toProperty("RestartSec=30s")];
  return beside("deploy-finalize-release-slot", description, wanted, more);
}

/** A service that drives no finalization. */
function beside(name: string, description: string, wanted: Command, more: Argv): Argv {
  return [
    "systemd-run",
    "--quiet",
    "--collect",
    `--unit=${name}`,
    `--description=${description}`,
    ...DRIVES,
    // A configuration that cannot be read fails it at its end alone, or no try helps.
    `--property=RestartPreventExitStatus=${EXIT.usage} ${NO_PROGRAM} ${NO_SANDBOX}`,
    ...more,
    `--setenv=PATH=${wanted.path}`,
    "--",
    ...wanted.command,
  ];
}

function toProperty(setting: string): string {
  return `--property=${setting}`;
}

/** Says that the calling process is about to end, in its name: systemd-notify(1). 252 has no --stopping. */
export const TELL_ENDING: Argv = ["systemd-notify", "STOPPING=1"];

/** Writes the entry on its standard input, one field a line: logger(1). */
export function writeJournal(): Argv {
  return ["logger", "--journald"];
}

export function stopUnits(units: readonly string[]): Argv {
  return ["systemctl", "stop", "--", ...units];
}

/** Sends a signal to all processes of the units. */
export function killUnits(units: readonly string[], signal: "SIGTERM" | "SIGKILL"): Argv {
  return ["systemctl", "kill", `--signal=${signal}`, "--", ...units];
}

/** The states of a finalization's timer and service, one line each. */
export function showActiveStates(id: string): Argv {
  const units = [`${unitName(id)}.timer`, `${unitName(id)}.service`];
  return ["systemctl", "show", "--property=ActiveState", "--value", "--", ...units];
}

export function reboot(...options: readonly "--check-inhibitors=no"[]): Argv {
  return ["systemctl", ...options, "reboot"];
}

/** What logind does for a reboot that it allows: an orderly shutdown that no later job replaces. */
export const REBOOT_PAST_LOGIND: Argv = [
  "systemctl",
  "--no-block",
  "--job-mode=replace-irreversibly",
  "start",
  "reboot.target",
];

/** Starts the kernel that is loaded, without firmware and boot loader. */
export function kexec(): Argv {
  return ["systemctl", "kexec"];
}

/**
 * Without it, a newer systemd may do a soft-reboot, which keeps the old kernel, or start a kernel that
 * somebody has loaded, past the boot loader and its one-shot entry (notes/rebooting.md).
 */
export const REBOOT_ENVIRONMENT = {
  SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT: "1",
  SYSTEMCTL_SKIP_AUTO_KEXEC: "1",
} as const;

/** Properties of units, in blocks; times as seconds of the Unix epoch. */
export function showProperties(properties: readonly string[], units: readonly string[]): Argv {
  const wanted = `--property=${properties.join(",")}`;
  return ["systemctl", "show", "--timestamp=unix", wanted, "--", ...units];
}

/** The same of every unit that is loaded, which a pattern alone gives only of active ones, and of those named. */
export function showAllProperties(properties: readonly string[], units: readonly string[]): Argv {
  const [program = "", verb = "", ...rest] = showProperties(properties, ["*", ...units]);
  return [program, verb, "--all", ...rest];
}

/** The state of the whole system: `running`, `stopping`, and others. */
export function showSystemState(): Argv {
  return ["systemctl", "show", "--property=SystemState", "--value"];
}

/** Properties of systemd itself: org.freedesktop.systemd1(5). */
export function showManager(properties: readonly string[]): Argv {
  return ["systemctl", "show", `--property=${properties.join(",")}`];
}

/** Units in any of the states, one a line; all units if there are none. */
export function listUnits(states: readonly string[]): Argv {
  const shape = ["--all", "--full", "--plain", "--no-legend", "--no-pager"];
  const wanted = states.length === 0 ? [] : [`--state=${states.join(",")}`];
  return ["systemctl", "list-units", ...shape, ...wanted];
}

/** The jobs that systemd has to do, one a line. */
export function listJobs(): Argv {
  return ["systemctl", "list-jobs", "--no-legend", "--plain", "--full", "--no-pager"];
}

/** Units that run, start or stop; a oneshot service runs while it is activating. */
export function listRunning(): Argv {
  return listUnits(["active", "activating", "reloading", "deactivating"]);
}

/** The next times of a calendar expression after a time of whole seconds. */
export function nextElapses(expression: string, after: Date, count: number): Argv {
  const base = `--base-time=@${Math.floor(after.getTime() / 1000)}`;
  return ["systemd-analyze", "calendar", `--iterations=${count}`, base, "--", expression];
}

/** Queues the start and returns without waiting for it. */
export function startUnits(units: readonly string[]): Argv {
  return ["systemctl", "start", "--no-block", "--", ...units];
}
