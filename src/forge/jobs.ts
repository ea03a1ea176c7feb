import * as v from "valibot";
import { jsonIn, quoted } from "../core/answer.ts";
import type { ForgeRun } from "../core/config/forge-run.ts";
import type { ForgeReceiver } from "../core/config/report-config.ts";
import {
  below,
  type HttpAnswer,
  type HttpRequest,
  jsonRequest,
  pathPart,
} from "../host/network/http.ts";
import { apiOf, gitlabProject, headersFor, pathOf } from "./api.ts";

/** The forge's answer about the job that scheduled a finalization. */
export type ForgeJob =
  | { readonly kind: "ended" }
  | { readonly kind: "running"; readonly why: string }
  /** It answered, and has no such job. */
  | { readonly kind: "not-listed"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

/** A run and its job; the gate asks only if both are known. */
export type KnownRun = ForgeRun & { readonly run: string; readonly job: string };

/** The request to the forge. */
export function jobRequest(receiver: ForgeReceiver, run: KnownRun, token: string): HttpRequest {
  // The repository of the job, which may differ from the one that gets the status.
  const repository = run.repository ?? receiver.repository ?? "";
  if (receiver.kind === "gitlab") {
    const path = `projects/${gitlabProject(repository)}/jobs/${pathPart(run.job)}`;
    const url = below(receiver.url, `api/v4/${path}`);
    return jsonRequest("GET", url, null, { "PRIVATE-TOKEN": token });
  }
  const actions = below(apiOf(receiver), `repos/${pathOf(repository)}/actions`);
  const url = below(actions, jobsPath(receiver.kind, run));
  return jsonRequest("GET", url, null, headersFor(receiver.kind, token));
}

/** Forgejo lists only the newest tasks of the repository; the other two list the jobs of a run. */
function jobsPath(kind: "gitea" | "forgejo" | "github", { run, attempt }: KnownRun): string {
  const id = pathPart(run);
  if (kind === "forgejo") return "tasks?limit=50";
  if (kind === "gitea") return `runs/${id}/jobs?limit=50`;
  const ofAttempt = attempt === null ? "" : `attempts/${pathPart(attempt)}/`;
  return `runs/${id}/${ofAttempt}jobs?per_page=100`;
}

const jobSchema = v.object({
  name: v.string(),
  status: v.string(),
  runner_name: v.optional(v.nullable(v.string()), null),
  run_number: v.optional(v.number()),
});
const jobsSchema = v.object({
  jobs: v.array(jobSchema),
  /** Of the whole run; an answer holds no more than a page. */
  total_count: v.optional(v.number(), 0),
});
const tasksSchema = v.object({ workflow_runs: v.array(jobSchema) });
const gitlabSchema = v.object({ status: v.string() });

type Job = v.InferOutput<typeof jobSchema>;

/** Reads the answer. */
export function readJobs(
  { kind }: ForgeReceiver,
  run: KnownRun,
  { status, text }: HttpAnswer,
): ForgeJob {
  if (status !== 200) return { kind: "unknown", why: `the forge answered ${status}` };
  const value = jsonIn(text);
  if (kind === "gitlab") {
    const parsed = v.safeParse(gitlabSchema, value);
    return parsed.success ? judge([parsed.output.status], run) : NOT_UNDERSTOOD;
  }
  const list = kind === "forgejo" ? tasksOf(value, run) : jobsOf(value);
  if (list === null) return NOT_UNDERSTOOD;
  const { jobs, total } = list;
  const own = ownJobs(jobs, run).map((job) => job.status);
  if (own.length === 0 && jobs.length < total) {
    const why = `the forge lists ${jobs.length} of ${total} jobs, and no job ${run.job}`;
    return { kind: "unknown", why };
  }
  return judge(own, run);
}

interface JobList {
  readonly jobs: readonly Job[];
  readonly total: number;
}

const NOT_UNDERSTOOD: ForgeJob = { kind: "unknown", why: "cannot understand the forge's answer" };

function jobsOf(value: unknown): JobList | null {
  const parsed = v.safeParse(jobsSchema, value);
  if (!parsed.success) return null;
  return { jobs: parsed.output.jobs, total: parsed.output.total_count };
}

/** Those of the run among the newest of the repository. */
function tasksOf(value: unknown, { runNumber }: KnownRun): JobList | null {
  const parsed = v.safeParse(tasksSchema, value);
  if (!parsed.success) return null;
  const tasks = parsed.output.workflow_runs;
  return { jobs: tasks.filter((task) => String(task.run_number) === runNumber), total: 0 };
}

/**
 * The jobs that may be the one that scheduled. A job's name may differ from the key in its
 * environment, so the runner decides if it is known, and the only job of a run is the one. Other jobs
 * of the run may wait for this finalization, so it must not wait for them.
 */
function ownJobs(jobs: readonly Job[], { job, runner }: KnownRun): readonly Job[] {
  const onRunner = jobs.filter(({ runner_name: name }) => runner !== null && name === runner);
  const candidates = onRunner.length > 0 ? onRunner : jobs;
  const named = candidates.filter(({ name }) => name === job);
  if (named.length > 0) return named;
  return onRunner.length === 0 && jobs.length === 1 ? jobs : onRunner;
}

const ENDED = new Set(
  "completed success failure failed cancelled canceled skipped neutral timed_out".split(" "),
);

function judge(statuses: readonly string[], { job }: KnownRun): ForgeJob {
  if (statuses.length === 0) return { kind: "not-listed", why: `the forge lists no job ${job}` };
  const open = statuses.find((status) => !ENDED.has(status));
  return open === undefined
    ? { kind: "ended" }
    : { kind: "running", why: `the forge says that job ${job} is ${quoted(open)}` };
}
