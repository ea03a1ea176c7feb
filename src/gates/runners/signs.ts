import { messageOf } from "../../core/refusal.ts";
import { runningContainers } from "../../host/network/containers.ts";
import { processName, processesIn } from "../../host/files/control-group.ts";
import { foldersSince } from "../../host/files/processes.ts";
import type { Host } from "../../host/process/host.ts";
import { describeEnd } from "../../host/process/spawn.ts";
import { enginesOf } from "./engines.ts";
import { lookInside } from "./inside.ts";
import { jobsByMetrics } from "./metrics.ts";
import type { Preset } from "./presets.ts";
import { combine, IDLE, type RunnerPlace, type RunnerState } from "./seen.ts";

type Sign = Preset["detections"][number];

/** Looks in every way: one that finds a job is enough. */
export async function lookFor(
  host: Host,
  signs: readonly Sign[],
  place: RunnerPlace,
): Promise<RunnerState> {
  const looks = signs.map(async (sign) => {
    try {
      return await look(host, sign, place);
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) } as const;
    }
  });
  return combine(await Promise.all(looks));
}

/** A detection program that has not ended by then gives no answer. */
const COMMAND_MS = 10_000;

/** @throws Error if it cannot tell */
async function look(host: Host, sign: Sign, place: RunnerPlace): Promise<RunnerState> {
  const { paths } = host;
  const processes = (): number[] => processesIn(paths, place.group);
  switch (sign.kind) {
    case "processes": {
      const seen = processes();
      return withTrace(jobProcesses(seen, place.mainProcess), processes, seen);
    }
    case "process-name": {
      const seen = processes();
      const names = seen.map((id) => processName(paths, id) ?? "");
      return withTrace(matching("runs", names, sign.pattern), processes, seen);
    }
    case "job-folders": {
      const folders = (): string[] =>
        foldersSince(paths, {
          id: place.mainProcess,
          below: sign.below,
          since: place.startedAt,
        }).filter((name) => sign.name.test(name));
      const why = "has fetched a job";
      const seen = folders();
      const state: RunnerState = seen.length > 0 ? { kind: "busy", why } : IDLE;
      return withTrace(state, folders, seen);
    }
    case "containers": {
      const names = await runningContainers(await enginesOf(host, place));
      return matching("runs container", names, sign.pattern);
    }
    case "command":
      return await ask(host, sign.command);
    case "status":
      if (place.status === null) throw new Error("its status cannot be seen");
      return sign.pattern.test(place.status)
        ? { kind: "busy", why: `says: ${place.status.slice(0, 100)}` }
        : IDLE;
    case "runners-inside":
      return await lookInside(host, place, lookFor);
    case "unseen":
      return { kind: "unknown", why: sign.why };
    case "metrics": {
      const { url, metric } = sign;
      const why = `runs a job, according to ${metric}`;
      return (await jobsByMetrics(url, metric)) > 0 ? { kind: "busy", why } : IDLE;
    }
  }
}

type Trace = readonly (string | number)[];

/** What is seen later is compared with what this look has seen: a job may end in between. */
function withTrace(state: RunnerState, again: () => Trace, seen: Trace): RunnerState {
  const before = seen.join(" ");
  const hasChanged = (): boolean => tracedAs(again) !== before;
  return state.kind === "busy" ? { ...state, hasChanged } : state;
}

/** A runner that has ended leaves no trace. */
function tracedAs(seen: () => Trace): string {
  try {
    return seen().join(" ");
  } catch {
    return "";
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
  const signal = AbortSignal.timeout(COMMAND_MS);
  const ended = await host.spawn(command, { signal, streams: "ends" });
  if (ended.exitCode === 0) return { kind: "busy", why: `runs a job, according to ${command[0]}` };
  return ended.exitCode === 1 ? IDLE : { kind: "unknown", why: describeEnd(ended) };
}
