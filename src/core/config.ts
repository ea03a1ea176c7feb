import { DEFAULT_REBOOT_WHEN_CHANGED } from "./decision.ts";
import type { LockConfig } from "./lock-config.ts";
import type { ForgeRun } from "./forge-run.ts";
import { awaitsForgeJob } from "./own-forge.ts";
import type { FinalizationRecord } from "./record.ts";
import { DEFAULT_REBOOT, type RebootConfig } from "./reboot-config.ts";
import { REPORT_DEFAULTS, type ReportConfig } from "./report-defaults.ts";

/** How to tell whether a runner is running a job. */
export type Detection =
  /** Any process in the unit's control group beyond its main process. */
  | { readonly kind: "processes" }
  /** A running container (Docker or Podman) whose name matches the regular expression. */
  | { readonly kind: "containers"; readonly pattern: string }
  /** A process in the unit's control group whose name or command line matches the regular expression. */
  | { readonly kind: "process-name"; readonly pattern: string }
  /** A program: exit code 0 says that a job is running, 1 that none is; any other one, unknown. */
  | { readonly kind: "command"; readonly command: readonly string[] };

export const RUNNER_PRESETS = [
  "gitea-actions-runner",
  "forgejo-runner",
  "github-runner",
  "gitlab-runner",
  "buildkite-agent",
] as const;
export type RunnerPreset = (typeof RUNNER_PRESETS)[number];

/** A CI runner on this host; it has exactly one of `preset` and `detect`. */
export interface RunnerConfig {
  /** The systemd unit, with its suffix. */
  readonly unit: string;
  readonly preset?: RunnerPreset;
  readonly detect?: Detection;
}

interface CheckTimes {
  /** What it is called in the record; by default it follows from the kind. */
  readonly name?: string;
  /** Seconds that one try may take. */
  readonly timeout: number;
  /** Seconds between two tries. */
  readonly interval: number;
  /** Seconds from the first try after which it is not tried again: then the check has failed. */
  readonly deadline: number;
}

/** Something that must hold after acting. */
export type CheckConfig = CheckTimes &
  (
    | { readonly kind: "unit"; readonly unit: string }
    | { readonly kind: "command"; readonly command: readonly string[] }
    | {
        readonly kind: "http";
        readonly url: string;
        /** The status expected; any of 200 to 299 where it is not given. */
        readonly status?: number;
        /** Text that the answer must contain. */
        readonly body?: string;
      }
    | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  );

/** The tool's configuration; `DEFAULT_CONFIG` says what holds where the file is silent. */
export interface Config {
  readonly profile: string;
  readonly stateDir: string;
  /** The least time to wait in seconds; null is automatic. */
  readonly delay: number | null;
  readonly rebootWhenChanged: readonly string[];
  readonly waitFor: {
    /** Whether to wait until the login session that scheduled has closed. */
    readonly session: boolean;
    readonly runners: readonly RunnerConfig[];
    /** Names, or globs with `*` and `?`, of units that must not be interrupted while they run. */
    readonly units: readonly string[];
    /** Seconds to wait for session, runners and units at most. */
    readonly timeout: number;
    readonly onTimeout: "give-up" | "proceed";
  };
  readonly verify: {
    /** Seconds for which units are watched after acting. */
    readonly settle: number;
    /** Names, or globs with `*` and `?`, of units whose failure does not count. */
    readonly ignoreFailedUnits: readonly string[];
    readonly checks: readonly CheckConfig[];
    /** Seconds within which `deploy-finalize confirm` must come; null where none is asked for. */
    readonly confirm: { readonly within: number } | null;
  };
  readonly rollback: { readonly enable: boolean };
  /** Who is told what becomes of it. */
  readonly report: ReportConfig;
  readonly reboot: RebootConfig;
  /** The lock that a fleet's hosts take before they reboot; null for none. */
  readonly lock: LockConfig | null;
}

export const DEFAULT_CHECK_TIMES = { timeout: 10, interval: 1, deadline: 30 } as const;

/** What holds where the configuration file is silent, or where there is none. */
export const DEFAULT_CONFIG: Config = {
  profile: "/nix/var/nix/profiles/system",
  stateDir: "/var/lib/deploy-finalize",
  delay: null,
  rebootWhenChanged: [...DEFAULT_REBOOT_WHEN_CHANGED],
  // Giving up harms nothing: the target stays the boot default and the end is
  // reported. Going on would kill the very job that was waited for.
  waitFor: { session: true, runners: [], units: [], timeout: 3600, onTimeout: "give-up" },
  verify: { settle: 5, ignoreFailedUnits: [], checks: [], confirm: null },
  rollback: { enable: true },
  report: REPORT_DEFAULTS,
  reboot: DEFAULT_REBOOT,
  lock: null,
};

/** The automatic delay where nothing tells when the job that deploys is over, in seconds. */
const DELAY_WITHOUT_GATES_SECONDS = 60;

/** The automatic delay where a gate tells it: none, as the gate has a grace of its own. */
const DELAY_WITH_GATES_SECONDS = 0;

/** Whether some gate sees the end of the job that deploys, or time must be a guess at it. */
export type JobEnd = "seen" | "guessed";

/**
 * @param sessionId the logind session that schedules, null where there is none
 * @param forgeRun the CI run that schedules, null where there is none
 */
export function jobEndOf(
  { waitFor, report }: Config,
  sessionId: string | null,
  forgeRun: ForgeRun | null = null,
): JobEnd {
  const isSessionSeen = waitFor.session && sessionId !== null;
  const isSeen = isSessionSeen || waitFor.runners.length > 0 || awaitsForgeJob(report, forgeRun);
  return isSeen ? "seen" : "guessed";
}

/** The delay of a finalization: the flag, else the configuration, else automatic. */
export function effectiveDelay(
  flag: number | null,
  config: Config,
  jobEnd: JobEnd,
): FinalizationRecord["delay"] {
  if (flag !== null) return { seconds: flag, source: "flag" };
  if (config.delay !== null) return { seconds: config.delay, source: "configuration" };
  const seconds = jobEnd === "seen" ? DELAY_WITH_GATES_SECONDS : DELAY_WITHOUT_GATES_SECONDS;
  return { seconds, source: "automatic" };
}
