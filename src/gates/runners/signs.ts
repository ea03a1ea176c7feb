import { existsSync } from "node:fs";
import { join } from "node:path";
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
    case "processes":
      return lookForProcesses(host, place);
    case "process-name": {
      const named = processes().map((id) => ({ id, name: processName(paths, id) ?? "" }));
      const judge = (name: string): RunnerState => matching("runs", [name], sign.pattern);
      const found = named.find(({ name }) => judge(name).kind === "busy");
      if (found === undefined) return IDLE;
      return traced(judge(found.name), () => judge(processName(paths, found.id) ?? ""));
    }
    case "job-folders": {
      const { mainProcess: id, startedAt: since } = place;
      const lookAgain = (): RunnerState =>
        foldersSince(paths, { id, below: sign.below, since }).some((name) => sign.name.test(name))
          ? { kind: "busy", why: "has fetched a job" }
          : IDLE;
      return traced(lookAgain(), lookAgain);
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

function lookForProcesses({ paths }: Host, { group, mainProcess }: RunnerPlace): RunnerState {
  const seen = processesIn(paths, group);
  const isLiving = sampled(paths, seen.find((id) => id !== mainProcess) ?? 0);
  const hadMain = seen.includes(mainProcess);
  const state = jobProcesses(seen, mainProcess);
  return traced(state, () => {
    if (isLiving()) return state;
    const now = processesIn(paths, group);
    // A runner that was started again has another main process.
    return hadMain && !now.includes(mainProcess) ? IDLE : jobProcesses(now, mainProcess);
  });
}

/** A job whose end can be seen without asking anybody. A runner that has ended runs no job. */
function traced(state: RunnerState, again: () => RunnerState): RunnerState {
  if (state.kind !== "busy") return state;
  const isOver = (): boolean => {
    try {
      return again().kind !== "busy";
    } catch {
      return true;
    }
  };
  return { ...state, isOver };
}

/** So many times in a row one process is enough. */
const SAMPLES = 10;

/**
 * Whether a process that was seen still lives, which one file tells. Now and then it says no all the
 * same, because another process may have got its id.
 */
function sampled({ processes }: Host["paths"], id: number): () => boolean {
  const folder = join(processes, String(id));
  let times = 0;
  return () => ++times % SAMPLES !== 0 && existsSync(folder);
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
