import * as v from "valibot";
import { jsonIn } from "../core/answer.ts";
import type { ForgeRun } from "../core/forge-run.ts";
import type { ForgeReceiver } from "../core/report-defaults.ts";
import { below, type HttpAnswer, type HttpRequest, jsonRequest } from "../host/http.ts";
import { pathOf } from "./receivers/forge.ts";
import { apiOf, headersFor } from "./receivers/status.ts";

/** What a forge says of the job that scheduled a finalization. */
export type ForgeJob =
  | { readonly kind: "ended" }
  | { readonly kind: "running"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

/** A run and what names its job; the gate asks only where both are known. */
export type KnownRun = ForgeRun & { readonly run: string; readonly job: string };

/** The question to the forge. */
export function jobRequest(receiver: ForgeReceiver, run: KnownRun, token: string): HttpRequest {
  // The job's own, which need not be the one that is reported on.
  const repository = run.repository ?? receiver.repository ?? "";
  if (receiver.kind === "gitlab") {
    const path = `projects/${encodeURIComponent(repository)}/jobs/${encodeURIComponent(run.job)}`;
    const url = below(receiver.url, `api/v4/${path}`);
    return jsonRequest("GET", url, null, { "PRIVATE-TOKEN": token });
  }
  const actions = below(apiOf(receiver), `repos/${pathOf(repository)}/actions`);
  const url = below(actions, jobsPath(receiver.kind, run));
  return jsonRequest("GET", url, null, headersFor(receiver.kind, token));
}

/** Forgejo lists only the newest tasks of the whole repository; the other two the jobs of a run. */
function jobsPath(kind: "gitea" | "forgejo" | "github", { run, attempt }: KnownRun): string {
  const id = encodeURIComponent(run);
  if (kind === "forgejo") return "tasks?limit=50";
  if (kind === "gitea") return `runs/${id}/jobs?limit=50`;
  const ofAttempt = attempt === null ? "" : `attempts/${encodeURIComponent(attempt)}/`;
  return `runs/${id}/${ofAttempt}jobs?per_page=100`;
}

const jobSchema = v.object({
  name: v.string(),
  status: v.string(),
  runner_name: v.optional(v.nullable(v.string()), null),
  run_number: v.optional(v.number()),
});
const jobsSchema = v.object({ jobs: v.array(jobSchema) });
const tasksSchema = v.object({ workflow_runs: v.array(jobSchema) });
const gitlabSchema = v.object({ status: v.string() });

type Job = v.InferOutput<typeof jobSchema>;

/** Reads the answer. That nothing is listed says nothing: the job may not be listed yet, or no more. */
export function readJobs(
  { kind }: ForgeReceiver,
  run: KnownRun,
  { status, text }: HttpAnswer,
): ForgeJob {
  if (status !== 200) return { kind: "unknown", why: `the forge answered ${status}` };
  const value = jsonIn(text);
  if (kind === "gitlab") {
    const parsed = v.safeParse(gitlabSchema, value);
    return parsed.success ? judge([parsed.output.status], run) : NO_SENSE;
  }
  const jobs = kind === "forgejo" ? tasksOf(value, run) : jobsOf(value);
  if (jobs === null) return NO_SENSE;
  return judge(
    ownJobs(jobs, run).map((job) => job.status),
    run,
  );
}

const NO_SENSE: ForgeJob = { kind: "unknown", why: "the forge's answer makes no sense" };

function jobsOf(value: unknown): Job[] | null {
  const parsed = v.safeParse(jobsSchema, value);
  return parsed.success ? parsed.output.jobs : null;
}

function tasksOf(value: unknown, { runNumber }: KnownRun): Job[] | null {
  const parsed = v.safeParse(tasksSchema, value);
  if (!parsed.success) return null;
  return parsed.output.workflow_runs.filter((task) => String(task.run_number) === runNumber);
}

/**
 * The jobs that may be the one that scheduled. Its name may be another one than the key that
 * its environment tells, so the runner counts where it is told; other jobs of the run may wait
 * for us and must not be waited for.
 */
function ownJobs(jobs: readonly Job[], { job, runner }: KnownRun): readonly Job[] {
  const onRunner = jobs.filter(({ runner_name: name }) => runner !== null && name === runner);
  const candidates = onRunner.length > 0 ? onRunner : jobs;
  const named = candidates.filter(({ name }) => name === job);
  return named.length > 0 ? named : onRunner;
}

const ENDED = new Set(
  "completed success failure failed cancelled canceled skipped neutral timed_out".split(" "),
);

function judge(statuses: readonly string[], { job }: KnownRun): ForgeJob {
  if (statuses.length === 0) return { kind: "unknown", why: `the forge lists no job ${job}` };
  const open = statuses.find((status) => !ENDED.has(status));
  return open === undefined
    ? { kind: "ended" }
    : { kind: "running", why: `the forge says that job ${job} is ${open}` };
}
