import type { RunnerConfig } from "../../core/config/config.ts";
import { messageOf } from "../../core/refusal.ts";
import type { Host } from "../../host/process/host.ts";
import { epochSeconds } from "../../host/systemd/unit-states.ts";
import { askProperties, type Properties } from "../../host/systemd/units.ts";
import { detectionsOf } from "./presets.ts";
import { IDLE, type RunnerState } from "./seen.ts";
import { lookFor } from "./signs.ts";

export interface SeenRunner {
  readonly unit: string;
  readonly state: RunnerState;
}

const PROPERTIES = [
  "Id",
  "ActiveState",
  "ControlGroup",
  "MainPID",
  "ExecMainStartTimestamp",
  "Environment",
  "StatusText",
];

/** Looks at all runners; never rejects. */
export async function lookAtRunners(
  host: Host,
  runners: readonly RunnerConfig[],
): Promise<SeenRunner[]> {
  if (runners.length === 0) return [];
  try {
    const names = runners.map(({ unit }) => unit);
    const shown = await askProperties(host, PROPERTIES, names);
    if (shown.length !== names.length) throw new Error(`systemctl showed ${shown.length} units`);
    const seen = runners.map(async (runner, index): Promise<SeenRunner> => {
      const unit = shown[index] ?? {};
      // The name comes from the configuration, because an alias has another Id.
      return { unit: runner.unit, state: await lookAt(host, runner, unit) };
    });
    return await Promise.all(seen);
  } catch (error) {
    const why = messageOf(error);
    return runners.map(({ unit }) => ({ unit, state: { kind: "unknown", why } }));
  }
}

async function lookAt(host: Host, runner: RunnerConfig, unit: Properties): Promise<RunnerState> {
  const { ActiveState, ControlGroup: group = "", MainPID = "0" } = unit;
  const { Environment = "", StatusText = "" } = unit;
  // One that is about to start has no job, and must not start one during the act.
  if (group === "") return ActiveState === "activating" ? IDLE : { kind: "inactive" };
  const startedAt = (epochSeconds(unit["ExecMainStartTimestamp"] ?? "") ?? 0) * 1000;
  const process = { group, mainProcess: Number(MainPID), startedAt, environment: Environment };
  const place = { ...process, status: StatusText, root: host.paths.root };
  return await lookFor(host, detectionsOf(runner), place);
}
