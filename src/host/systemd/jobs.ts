import { printableLine } from "../../core/printable.ts";
import type { Host } from "../process/host.ts";
import { describeEnd } from "../process/spawn.ts";
import { listJobs } from "./commands.ts";

/** A job of systemd, as `systemctl list-jobs` prints it. */
export interface Job {
  readonly unit: string;
  /** `start`, `stop`, `restart` and others. */
  readonly type: string;
  readonly state: "running" | "waiting";
}

/** The longest name that a text shows. */
const MOST_NAME = 100;

/** Lines of ID UNIT TYPE STATE; other lines are left out. */
export function parseJobs(text: string): Job[] {
  return text.split("\n").flatMap((line) => {
    const fields = /^\W*\d+\s+(\S+)\s+([a-z-]{1,40})\s+(running|waiting)\s*$/.exec(line);
    const [, unit, type, state] = fields ?? [];
    if (unit === undefined || type === undefined) return [];
    return [{ unit, type, state: state === "running" ? state : "waiting" }];
  });
}

const MOST_JOBS = 5;

/** `join.service start (running), multi-user.target start (waiting)`: first those that run. */
export function jobsInWords(jobs: readonly Job[]): string {
  const inOrder = jobs.toSorted(
    (a, b) => Number(b.state === "running") - Number(a.state === "running"),
  );
  const shown = inOrder
    .slice(0, MOST_JOBS)
    .map(({ unit, type, state }) => `${printableLine(unit, MOST_NAME)} ${type} (${state})`);
  const rest = jobs.length - shown.length;
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join(", ");
}

/** A systemd that is busy with its own restart does not answer at once. */
const ANSWER_MS = 10_000;

/** One line for people on a switch that takes long: the jobs that systemd has to do. Never fails. */
export async function describeJobs(host: Host, signal?: AbortSignal): Promise<string> {
  const pending = await describePending(host, signal);
  return pending === NO_JOB ? `${NO_JOB}, so the activation itself takes that long` : pending;
}

const NO_JOB = "systemd waits for no job";

/** One line for people: the jobs that systemd has to do, or that there are none. Never fails. */
export async function describePending(host: Host, signal?: AbortSignal): Promise<string> {
  const options = { timeoutMs: ANSWER_MS, ...(signal !== undefined && { signal }) };
  const ended = await host.spawn(listJobs(), options);
  if (ended.exitCode !== 0) return `systemd does not say what it waits for: ${describeEnd(ended)}`;
  const jobs = parseJobs(ended.stdout);
  return jobs.length > 0 ? `systemd waits for: ${jobsInWords(jobs)}` : NO_JOB;
}
