import type { Detection, RunnerConfig } from "../core/config.ts";
import { messageOf } from "../core/refusal.ts";
import { runningContainers } from "../host/containers.ts";
import { nameOf, processesIn } from "../host/control-group.ts";
import type { Host } from "../host/host.ts";
import { describeEnd } from "../host/spawn.ts";
import type { RunnerUnit } from "../host/runner-units.ts";
import { detectionsOf } from "./presets.ts";

/** Whether a runner is running a job. */
export type RunnerState =
  /** It is not running at all. */
  | { readonly kind: "inactive" }
  | { readonly kind: "idle" }
  | { readonly kind: "busy"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

const IDLE: RunnerState = { kind: "idle" };

/** A program that looks for jobs and has not ended by then tells nothing. */
const COMMAND_MS = 10_000;

/** Looks in every way that is configured for the runner: one that finds a job is enough. */
export async function lookAtRunner(
  host: Host,
  runner: RunnerConfig,
  unit: RunnerUnit,
): Promise<RunnerState> {
  if (unit.controlGroup === null) return { kind: "inactive" };
  const looks = detectionsOf(runner).map(async (detection) => {
    try {
      return await look(host, detection, unit, unit.controlGroup ?? "");
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) } as const;
    }
  });
  return combine(await Promise.all(looks));
}

/** A job that is seen outweighs everything; what one way cannot tell, another has not denied. */
export function combine(states: readonly RunnerState[]): RunnerState {
  const found = (kind: RunnerState["kind"]) => states.find((state) => state.kind === kind);
  return found("busy") ?? found("unknown") ?? states[0] ?? IDLE;
}

async function look(
  host: Host,
  detection: Detection,
  unit: RunnerUnit,
  group: string,
): Promise<RunnerState> {
  switch (detection.kind) {
    case "processes":
      return jobProcesses(processesIn(host.paths, group), unit.mainProcess);
    case "process-name":
      return matching(
        "runs",
        processesIn(host.paths, group).map((id) => nameOf(host.paths, id) ?? ""),
        detection.pattern,
      );
    case "containers":
      return matching("runs container", await runningContainers(host.paths), detection.pattern);
    case "command":
      return await ask(host, detection.command);
  }
}

function jobProcesses(processes: readonly number[], mainProcess: number): RunnerState {
  const others = processes.filter((id) => id !== mainProcess);
  return others.length > 0 ? { kind: "busy", why: "runs a job" } : IDLE;
}

function matching(what: string, names: readonly string[], pattern: string): RunnerState {
  const expression = new RegExp(pattern);
  const name = names.find((candidate) => expression.test(candidate));
  return name === undefined ? IDLE : { kind: "busy", why: `${what} ${name.slice(0, 100)}` };
}

async function ask(host: Host, command: readonly string[]): Promise<RunnerState> {
  const ended = await host.spawn(command, { signal: AbortSignal.timeout(COMMAND_MS) });
  if (ended.exitCode === 0) return { kind: "busy", why: `runs a job, says ${command[0]}` };
  return ended.exitCode === 1 ? IDLE : { kind: "unknown", why: describeEnd(ended) };
}
