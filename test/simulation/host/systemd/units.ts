import type { Process } from "../../kernel/process.ts";

export type ActiveState = "inactive" | "active" | "activating" | "deactivating" | "failed";

/** How systemd runs the program in a service. */
export interface Service {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** 0: it is not started again. */
  readonly restartMs: number;
  readonly neverAfter: readonly number[];
  readonly successes: readonly number[];
  /** A death by SIGTERM, which is a clean end otherwise, is followed by a start too. */
  readonly afterTerm: "started again" | "ended";
  readonly stopMs: number;
  readonly collect: "collected" | "kept";
  /** Its state after a clean end; `active` is RemainAfterExit. */
  readonly afterEnd: "inactive" | "active";
}

export interface Unit {
  readonly name: string;
  active: ActiveState;
  sub: string;
  result: "success" | "exit-code";
  job: "start" | "stop" | null;
  /** Microseconds of the monotonic clock. */
  startedAt: number;
  endedAt: number;
  readonly lifetime: "permanent" | "transient";
  readonly service: Service | null;
  readonly isTimer: boolean;
  main: Process | null;
  /** Whether it still does what its stop lets it finish; null if its stop ends it at once. */
  readonly isBusy: (() => boolean) | null;
  /** Somebody has asked systemd to stop it. */
  isStopping: boolean;
  /** Counts its starts: an old alarm means another one. */
  round: number;
}

/** The main process of the runner whose stop drains it. */
export const DRAINING_PROCESS = "77";

export function newUnit(name: string, given: Partial<Unit> = {}): Unit {
  return {
    name,
    active: "inactive",
    sub: "dead",
    result: "success",
    job: null,
    startedAt: 0,
    endedAt: 0,
    lifetime: "permanent",
    service: null,
    isTimer: false,
    main: null,
    isBusy: null,
    isStopping: false,
    round: 0,
    ...given,
  };
}

/** It has no process that is simulated. */
export function startPlain(unit: Unit, { monoMs }: { readonly monoMs: number }): void {
  unit.job = null;
  unit.active = "active";
  unit.sub = "running";
  unit.result = "success";
  unit.startedAt = monoMs * 1000;
}

/** The properties that `systemctl show` prints, as far as the program asks for them. */
export function propertyOf(name: string, unit: Unit | undefined, property: string): string {
  switch (property) {
    case "Id":
      return name;
    case "LoadState":
      return unit === undefined ? "not-found" : "loaded";
    case "ActiveState":
      return unit?.active ?? "inactive";
    case "SubState":
      return unit?.sub ?? "dead";
    case "Type":
      return name.endsWith(".service") ? "simple" : "";
    case "Transient":
      return unit?.lifetime === "transient" ? "yes" : "no";
    case "Job":
      return unit === undefined || unit.job === null ? "" : "1";
    case "Result":
      return unit?.result ?? "success";
    case "NRestarts":
      return "0";
    case "MainPID":
      return unit?.isBusy == null || unit.active === "inactive" ? "0" : DRAINING_PROCESS;
    case "KillMode":
      return unit?.isBusy == null ? "control-group" : "mixed";
    case "TimeoutStopUSec":
      return unit?.isBusy == null ? "1min 30s" : "3h";
    case "InactiveExitTimestampMonotonic":
      return String(unit?.startedAt ?? 0);
    case "InactiveEnterTimestampMonotonic":
      return String(unit?.endedAt ?? 0);
    case "ActiveEnterTimestampMonotonic":
      return unit?.active === "active" ? String(unit.startedAt) : "0";
    case "WantedBy":
      return name === "web.service" || name === "runner.service" ? "multi-user.target" : "";
    case "ControlGroup":
      return unit?.active === "active" ? `/system.slice/${name}` : "";
    default:
      return "";
  }
}
