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
    `--on-calendar=${calendarTime(arming.fireAt)}`,
    "--timer-property=AccuracySec=100ms",
    "--timer-property=RemainAfterElapse=no",
    // In one transaction with the start: there are never two timers, and never none.
    ...arming.replaces.map((timer) => `--timer-property=Conflicts=${timer}`),
  ]);
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
    // Killed or unfinished, it takes its record up again; these exit codes are ends.
    "--property=Restart=on-failure",
    "--property=RestartPreventExitStatus=1 2 3",
    "--property=RestartSec=1s",
    // Superseded or cancelled is no failure of the unit.
    "--property=SuccessExitStatus=4",
    "--property=SyslogIdentifier=deploy-finalize",
    `--setenv=PATH=${path}`,
    "--",
    ...command,
  ];
}

/** systemd.time(7): an absolute time with a fraction of a second, in UTC. */
function calendarTime(at: Date): string {
  return `${at.toISOString().replace("T", " ").replace("Z", "")} UTC`;
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

/** Without it a newer systemd may turn the reboot into a soft-reboot, which keeps the old kernel. */
export const REBOOT_ENVIRONMENT = { SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT: "1" } as const;

/** Properties of the units named, in blocks; times as seconds of the Unix epoch. */
export function showProperties(properties: readonly string[], units: readonly string[]): Argv {
  const wanted = `--property=${properties.join(",")}`;
  return ["systemctl", "show", "--timestamp=unix", wanted, "--", ...units];
}

/** Units in any of the states, one a line. */
export function listUnits(states: readonly string[]): Argv {
  const shape = ["--all", "--full", "--plain", "--no-legend", "--no-pager"];
  return ["systemctl", "list-units", ...shape, `--state=${states.join(",")}`];
}

/** Queues the start and returns: what starts may take its time. */
export function startUnits(units: readonly string[]): Argv {
  return ["systemctl", "start", "--no-block", "--", ...units];
}
