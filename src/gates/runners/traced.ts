import { existsSync } from "node:fs";
import { join } from "node:path";
import { processName, processesIn } from "../../host/files/control-group.ts";
import type { Paths } from "../../host/files/paths.ts";
import { foldersSince } from "../../host/files/processes.ts";
import { IDLE, type RunnerPlace, type RunnerState } from "./seen.ts";

/** Looks whose later end can be seen without asking anybody: each reads a few small files. */

/** Any process but the main one is a job. @throws Error if there is no such control group */
export function lookAtProcesses(
  paths: Paths,
  { group, mainProcess }: Pick<RunnerPlace, "group" | "mainProcess">,
): RunnerState {
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

function jobProcesses(processes: readonly number[], mainProcess: number): RunnerState {
  const others = processes.filter((id) => id !== mainProcess);
  return others.length > 0 ? { kind: "busy", why: "runs a job" } : IDLE;
}

/** A process with such a name or command line is a job. @throws Error if there is no such control group */
export function lookAtNames(
  paths: Paths,
  { group }: Pick<RunnerPlace, "group">,
  pattern: string,
): RunnerState {
  const nameOf = (id: number): string => processName(paths, id) ?? "";
  const named = (name: string): RunnerState => matching("runs", [name], pattern);
  const found = processesIn(paths, group).find((id) => named(nameOf(id)).kind === "busy");
  if (found === undefined) return IDLE;
  return traced(named(nameOf(found)), () => named(nameOf(found)));
}

/** A folder with such a name is a job, if it is newer than the runner. */
export function lookAtFolders(
  paths: Paths,
  { mainProcess: id, startedAt: since }: Pick<RunnerPlace, "mainProcess" | "startedAt">,
  folders: { readonly below: string; readonly name: RegExp },
): RunnerState {
  const again = (): RunnerState => {
    const names = foldersSince(paths, { id, below: folders.below, since });
    return names.some((name) => folders.name.test(name))
      ? { kind: "busy", why: "has fetched a job" }
      : IDLE;
  };
  return traced(again(), again);
}

export function matching(what: string, names: readonly string[], pattern: string): RunnerState {
  const expression = new RegExp(pattern);
  const name = names.find((candidate) => expression.test(candidate));
  return name === undefined ? IDLE : { kind: "busy", why: `${what} ${name.slice(0, 100)}` };
}

/** A runner that has ended runs no job. */
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
const SAMPLES = 20;

/**
 * Whether a process that was seen still lives, which one file tells. Now and then it says no all the
 * same, because another process may have got its id.
 */
function sampled({ processes }: Paths, id: number): () => boolean {
  const folder = join(processes, String(id));
  let times = 0;
  return () => ++times % SAMPLES !== 0 && existsSync(folder);
}
