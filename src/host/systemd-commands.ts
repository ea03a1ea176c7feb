import { unitName } from "../core/id.ts";

/** Every argument list for systemd's programs is made here, and nowhere else. */

export type Argv = readonly string[];

/** The transient service that runs a finalization. */
export interface Launch {
  readonly id: string;
  readonly action: string;
  /** What the service runs. */
  readonly command: Argv;
  /** The PATH of the service: PID 1 has none on NixOS. */
  readonly path: string;
}

export interface Arming extends Launch {
  /** When the timer is to elapse, to the millisecond. */
  readonly fireAt: Date;
  /** Timers that end in the moment in which this one starts. */
  readonly replaces: readonly string[];
}

/**
 * Arms the transient timer. Absolute time and 100 ms accuracy, because a relative
 * timer fires up to a minute late and is pushed on by every daemon-reload
 * (notes/systemd-timers.md).
 */
export function armTimer(arming: Arming): Argv {
  return transientService(arming, [
    ...onceAt(arming.fireAt),
    // In one transaction with the start: there are never two timers, and never none.
    ...arming.replaces.map((timer) => `--timer-property=Conflicts=${timer}`),
  ]);
}

/**
 * Arms a timer anew for a service that is there already: the very one that asks for it. It starts
 * with the same command once more, as a timer keeps what it triggers loaded (notes/systemd-timers.md).
 */
export function rearmTimer({ id, at }: { readonly id: string; readonly at: Date }): Argv {
  return ["systemd-run", "--quiet", `--unit=${unitName(id)}`, ...onceAt(at)];
}

function onceAt(at: Date): Argv {
  return [
    `--on-calendar=${calendarTime(at)}`,
    "--timer-property=AccuracySec=100ms",
    "--timer-property=RemainAfterElapse=no",
  ];
}

/** Starts the service at once, without a timer: the way on after a boot. */
export function launch(wanted: Launch): Argv {
  return transientService(wanted, ["--no-block"]);
}

function transientService({ id, action, command, path }: Launch, when: Argv): Argv {
  return [
    "systemd-run",
    "--quiet",
    "--collect",
    `--unit=${unitName(id)}`,
    `--description=Finalize the deploy (${action})`,
    ...when,
    // A stop during the switch must not reach the activation, only us: we end after it.
    "--property=KillMode=mixed",
    "--property=TimeoutStopSec=10min",
    // Killed or unfinished, it takes its record up again; these exit codes are ends, 203 that there
    // is no such program: systemd.exec(5).
    "--property=Restart=on-failure",
    "--property=RestartPreventExitStatus=1 2 3 203",
    "--property=RestartSec=1s",
    // A disk that stays full for a minute must not be the end of it: a half-done act would stay so.
    "--property=StartLimitIntervalSec=0",
    // Superseded or cancelled is no failure of the unit.
    "--property=SuccessExitStatus=4",
    "--property=SyslogIdentifier=deploy-finalize",
    // All that it and its programs print can be found by the id.
    `--property=LogExtraFields=DEPLOY_FINALIZE_ID=${id}`,
    `--setenv=PATH=${path}`,
    "--",
    ...command,
  ];
}

/** Starts a process that delivers reports, apart from the finalization that makes them. */
export function deliver(wanted: {
  readonly command: Argv;
  readonly path: string;
  readonly at: Date;
}): Argv {
  return [
    "systemd-run",
    "--quiet",
    "--collect",
    "--no-block",
    `--unit=deploy-finalize-deliver-${wanted.at.getTime()}`,
    "--description=Deliver reports on deploys",
    // Killed, it goes on with what is still owed; a call that cannot work is not repeated.
    "--property=Restart=on-failure",
    "--property=RestartPreventExitStatus=1 2",
    "--property=RestartSec=3s",
    "--property=TimeoutStopSec=15s",
    "--property=UMask=0077",
    "--property=SyslogIdentifier=deploy-finalize",
    `--setenv=PATH=${wanted.path}`,
    "--",
    ...wanted.command,
  ];
}

/** systemd.time(7): an absolute time with a fraction of a second, in UTC. */
function calendarTime(at: Date): string {
  return `${at.toISOString().replace("T", " ").replace("Z", "")} UTC`;
}

/** Writes the entry on its standard input, one field a line: logger(1). */
export function writeJournal(): Argv {
  return ["logger", "--journald"];
}

export function stopUnits(units: readonly string[]): Argv {
  return ["systemctl", "stop", "--", ...units];
}

/** The states of a finalization's timer and service, one line each. */
export function showActiveStates(id: string): Argv {
  const units = [`${unitName(id)}.timer`, `${unitName(id)}.service`];
  return ["systemctl", "show", "--property=ActiveState", "--value", "--", ...units];
}

export function reboot(): Argv {
  return ["systemctl", "reboot"];
}

/** Starts the kernel that is loaded, without firmware and boot loader. */
export function kexec(): Argv {
  return ["systemctl", "kexec"];
}

/** Has systemd-boot boot an entry once; an empty name has it forget that. */
export function setOneShotEntry(entry: string): Argv {
  return ["bootctl", "set-oneshot", entry];
}

/** Without it a newer systemd may turn the reboot into a soft-reboot, which keeps the old kernel. */
export const REBOOT_ENVIRONMENT = { SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT: "1" } as const;

/** Properties of the units named, in blocks; times as seconds of the Unix epoch. */
export function showProperties(properties: readonly string[], units: readonly string[]): Argv {
  const wanted = `--property=${properties.join(",")}`;
  return ["systemctl", "show", "--timestamp=unix", wanted, "--", ...units];
}

/** What the whole system is doing: `running`, `stopping`, and others. */
export function showSystemState(): Argv {
  return ["systemctl", "show", "--property=SystemState", "--value"];
}

/** What the journal search of a finalization may be asked for. */
export interface JournalWish {
  /** `follow` goes on with new entries as they come. */
  readonly until: "now" | "follow";
  readonly output: "text" | "json";
}

/**
 * A finalization's journal, over all boots: what its units said, what systemd said about
 * them, and entries that bear its id. The last two count only from those who may say so.
 */
export function showJournal(id: string, { until, output }: JournalWish): Argv {
  const [timer, service] = [`${unitName(id)}.timer`, `${unitName(id)}.service`];
  const matches = [
    [`_SYSTEMD_UNIT=${service}`],
    ["_PID=1", `UNIT=${service}`, `UNIT=${timer}`],
    ["_UID=0", `DEPLOY_FINALIZE_ID=${id}`],
  ];
  return [
    "journalctl",
    ...(until === "follow" ? ["--follow", "--no-tail"] : []),
    ...(output === "json" ? ["--output=json"] : []),
    ...matches.flatMap((match, index) => (index === 0 ? match : ["+", ...match])),
  ];
}

/** Units in any of the states, one a line. */
export function listUnits(states: readonly string[]): Argv {
  const shape = ["--all", "--full", "--plain", "--no-legend", "--no-pager"];
  return ["systemctl", "list-units", ...shape, `--state=${states.join(",")}`];
}

/** Units that run, or are about to start or stop; a oneshot service runs while it is activating. */
export function listRunning(): Argv {
  return listUnits(["active", "activating", "reloading", "deactivating"]);
}

/** What programs want to be done before a shutdown, a sleep, …: org.freedesktop.login1(5). */
export function listInhibitors(): Argv {
  const logind = ["org.freedesktop.login1", "/org/freedesktop/login1"];
  const method = ["org.freedesktop.login1.Manager", "ListInhibitors"];
  return ["busctl", "--json=short", "call", ...logind, ...method];
}

/** The next moments of a calendar expression after a time of whole seconds. */
export function nextElapses(expression: string, after: Date, count: number): Argv {
  const base = `--base-time=@${Math.floor(after.getTime() / 1000)}`;
  return ["systemd-analyze", "calendar", `--iterations=${count}`, base, "--", expression];
}

/** Queues the start and returns: what starts may take its time. */
export function startUnits(units: readonly string[]): Argv {
  return ["systemctl", "start", "--no-block", "--", ...units];
}
