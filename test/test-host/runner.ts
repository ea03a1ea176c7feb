import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "./machine.ts";

/** `lost`: the runner was stopped or the machine went down while the job ran. */
export type Job = {
  state: "queued" | "running" | "ended" | "lost";
  exitCode?: number;
  output: string;
};

const home = "/var/lib/ci-runner";
const runtime = "/run/ci-runner";

/** The version text of the runner's definition that its running process was started with. */
export function runnerDefinition(machine: Machine): string | undefined {
  return read(machine.path(join(runtime, "definition")));
}

/** The runner has made its queue and looks at it. */
export function runnerReady(machine: Machine): boolean {
  return read(machine.path(join(runtime, "invocation"))) !== undefined;
}

/** A script (bash, on standard input) put into the queue at once, and the runner woken if it runs. */
export function enqueueScript(id: string): string {
  return [
    `mkdir -p ${home}/queue`,
    `cat > ${home}/queue/${id}.new`,
    `mv ${home}/queue/${id}.new ${home}/queue/${id}.job`,
    // Opened both ways: without a reader, opening it for writing alone would block.
    `[ ! -p ${runtime}/wake ] || echo ${id} 1<> ${runtime}/wake`,
  ].join("\n");
}

/** What became of a job, read from the runner's files. */
export function readJob(machine: Pick<Machine, "path" | "disk">, id: string): Job {
  const folder = machine.disk(join(home, "jobs", id));
  if (!existsSync(join(folder, "invocation"))) {
    const queued = existsSync(machine.disk(join(home, "queue", `${id}.job`)));
    if (!queued && !existsSync(folder)) throw new Error(`no job ${id}`);
    return { state: "queued", output: "" };
  }
  const startedBy = read(join(folder, "invocation"));
  const runs = startedBy === "" || startedBy === read(machine.path(join(runtime, "invocation")));
  // After the runner: one that has ended writes no exit code later. Once it is there, the output is complete.
  const exitCode = read(join(folder, "exit-code")) ?? "";
  const output = read(join(folder, "output")) ?? "";
  if (exitCode !== "") return { state: "ended", exitCode: Number(exitCode), output };
  return { state: runs ? "running" : "lost", output };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
