import type { Detection, RunnerConfig, RunnerPreset } from "../core/config.ts";

/** How each runner shows that it runs a job; any one of them says so (notes/ci-runners.md). */
const PRESETS: Readonly<Record<RunnerPreset, readonly Detection[]>> = {
  "gitea-actions-runner": [
    { kind: "processes" },
    { kind: "containers", pattern: "^GITEA-ACTIONS-TASK-" },
  ],
  "forgejo-runner": [
    { kind: "processes" },
    { kind: "containers", pattern: "^FORGEJO-ACTIONS-TASK-" },
  ],
  // Its listener may have been started by a script, so not every other process is a job.
  "github-runner": [{ kind: "process-name", pattern: "Runner\\.Worker" }],
  "gitlab-runner": [
    { kind: "processes" },
    { kind: "containers", pattern: "^runner-.+-project-\\d+-concurrent-\\d+" },
  ],
  "buildkite-agent": [{ kind: "processes" }],
};

export function detectionsOf({ preset, detect }: RunnerConfig): readonly Detection[] {
  if (detect !== undefined) return [detect];
  return preset === undefined ? [{ kind: "processes" }] : PRESETS[preset];
}
