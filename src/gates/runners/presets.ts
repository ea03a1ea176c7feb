import type { Detection, RunnerConfig, RunnerPreset } from "../../core/config/config.ts";

/** How a runner is told to finish its job and to take no new one. */
export interface Drain {
  /** The signals for which its main process does that. */
  readonly signals: readonly string[];
  /**
   * Who says that it does: the properties of its unit alone; or its own process, by `DRAINS` in its
   * environment, because it also takes a setting of its own that systemd does not know.
   */
  readonly saidBy: "unit" | "process";
}

/** Folders that a runner makes for each job, in its working folder, before the first process of the job. */
interface JobFolders {
  readonly kind: "job-folders";
  readonly below: string;
  readonly name: RegExp;
}

/** What its process tells systemd of itself: sd_notify(3), `STATUS=`. */
interface Status {
  readonly kind: "status";
  readonly pattern: RegExp;
}

/** Its jobs cannot be seen from outside. */
interface Unseen {
  readonly kind: "unseen";
  readonly why: string;
}

/** A NixOS of its own, with runners that are looked at from outside, each by its own signs. */
interface RunnersInside {
  readonly kind: "runners-inside";
}

export type Sign = Detection | JobFolders | Status | Unseen;

export interface Preset {
  /** How it shows that it runs a job; one sign is enough (notes/ci-runners.md). */
  readonly detections: readonly (Sign | RunnersInside)[];
  /** Null if no signal makes it finish its job. */
  readonly drain: Drain | null;
  /** The units that nixpkgs makes for it (notes/nixpkgs-runner-units.md). */
  readonly units: RegExp;
}

const PROCESSES: Sign = { kind: "processes" };

/** Made as soon as a job for the host is fetched, and removed at its end. */
const ACT_FOLDERS: JobFolders = {
  kind: "job-folders",
  below: ".cache/act",
  name: /^[0-9a-f]{16}$/,
};

const BY_ITS_PROCESS: Drain = { signals: ["SIGTERM", "SIGINT"], saidBy: "process" };

const PRESETS: Readonly<Record<RunnerPreset, Preset>> = {
  "gitea-actions-runner": {
    detections: [
      PROCESSES,
      // Gitea's module runs Forgejo's runner too.
      { kind: "containers", pattern: "^(GITEA|FORGEJO)-ACTIONS-TASK-" },
      ACT_FOLDERS,
    ],
    drain: BY_ITS_PROCESS,
    units: /^gitea-runner-/,
  },
  "forgejo-runner": {
    detections: [PROCESSES, { kind: "containers", pattern: "^FORGEJO-ACTIONS-TASK-" }, ACT_FOLDERS],
    drain: BY_ITS_PROCESS,
    units: /^forgejo-runner-/,
  },
  "github-runner": {
    // A script may have started its listener, so not every other process is a job.
    detections: [{ kind: "process-name", pattern: "Runner\\.Worker" }],
    drain: null,
    units: /^github-runner-/,
  },
  "gitlab-runner": {
    detections: [
      PROCESSES,
      { kind: "containers", pattern: "^runner-.+-project-\\d+-concurrent-\\d+" },
    ],
    drain: { signals: ["SIGQUIT"], saidBy: "unit" },
    units: /^gitlab-runner\.service$/,
  },
  "buildkite-agent": {
    detections: [PROCESSES],
    drain: { signals: ["SIGTERM"], saidBy: "unit" },
    units: /^buildkite-agent-/,
  },
  "woodpecker-agent": {
    detections: [PROCESSES, { kind: "containers", pattern: "^wp_" }],
    // SIGTERM cancels its workflows.
    drain: null,
    units: /^woodpecker-agent-/,
  },
  "hercules-ci-agent": {
    detections: [PROCESSES],
    drain: null,
    units: /^hercules-ci-agent\.service$/,
  },
  hydra: {
    detections: [PROCESSES],
    drain: null,
    units: /^hydra-(evaluator|queue-runner)\.service$/,
  },
  "hydra-builder": {
    // Before and after a build it works in its own process.
    detections: [PROCESSES, { kind: "status", pattern: /^Building [1-9]/ }],
    // SIGTERM aborts its builds.
    drain: null,
    units: /^hydra-builder\.service$/,
  },
  "buildbot-worker": {
    detections: [PROCESSES],
    // SIGHUP, if its own setting allow_shutdown says so.
    drain: BY_ITS_PROCESS,
    units: /^buildbot-worker\.service$/,
  },
  // Its deployments run in a program of their own.
  "cachix-agent": {
    detections: [{ kind: "process-name", pattern: "cachix-deployment" }],
    drain: null,
    units: /^cachix-agent\.service$/,
  },
  "concourse-worker": {
    // It has processes and containers without a job too.
    detections: [{ kind: "unseen", why: "a worker of Concourse does not show its jobs" }],
    // It lands or retires.
    drain: { signals: ["SIGUSR1", "SIGUSR2"], saidBy: "unit" },
    units: /^concourse-worker\.service$/,
  },
  // A provider at work; the jobs run in instances that outlive garm.
  garm: { detections: [PROCESSES], drain: null, units: /^garm\.service$/ },
  "nixos-container": {
    detections: [{ kind: "runners-inside" }],
    drain: null,
    units: /^container@/,
  },
  microvm: {
    detections: [{ kind: "unseen", why: "a virtual machine does not show its jobs" }],
    drain: null,
    units: /^microvm@/,
  },
};

/** A runner without a preset is known only by what its process says. */
const UNNAMED = { detections: [PROCESSES], drain: BY_ITS_PROCESS };

export function presetOf({ preset, detect }: RunnerConfig): Omit<Preset, "units"> {
  if (preset !== undefined) return PRESETS[preset];
  return detect === undefined ? UNNAMED : { ...UNNAMED, detections: [detect] };
}

export function detectionsOf(runner: RunnerConfig): Preset["detections"] {
  return presetOf(runner).detections;
}

/** The kind of a runner that has a unit of nixpkgs; null for any other unit. */
export function presetForUnit(unit: string): Preset | null {
  return Object.values(PRESETS).find(({ units }) => units.test(unit)) ?? null;
}
