import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type AgentKind, DRAINS, type Job, type Queue } from "./kind.ts";

/** What the agent asks its forge: buildkite.com/docs/apis/agent-api. */
async function answer(queue: Queue, request: IncomingMessage, at: string): Promise<object> {
  const { method = "", url = "" } = request;
  const path = url.replace(/^\/v3/, "").replace(/\?.*/, "");
  const [, , id = "", verb = ""] = path.split("/");
  if (path === "/register") {
    const often = { ping_interval: 1, job_status_interval: 1, heartbeat_interval: 60 };
    return { id: "agent", name: "agent", access_token: "t", endpoint: at, meta_data: [], ...often };
  }
  if (path === "/ping") {
    const job = await queue.next();
    if (job === undefined) return {};
    scripts.set(job.id, job.script);
    assigned.set(job.id, job);
    return { job: { id: job.id, state: "assigned" } };
  }
  if (path === "/disconnect") {
    for (const job of assigned.values()) queue.takeBack(job);
    assigned.clear();
  }
  if (verb === "accept") {
    assigned.delete(id);
    const script = scripts.get(id) ?? "";
    const log = { chunks_max_size_bytes: 102_400, chunks_interval_seconds: 1 };
    const env = environmentOf(id, script);
    return { id, state: "accepted", endpoint: at, env, token: "t", ...log };
  }
  if (verb === "finish") {
    const { exit_status: status }: { exit_status?: unknown } = JSON.parse(await text(request));
    queue.ended(id, status === "0" ? "success" : "failed");
  }
  return path.startsWith("/jobs/") && method === "GET" ? { state: "running" } : {};
}

async function serve(
  queue: Queue,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await answer(queue, request, `http://${request.headers.host}/v3`);
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const scripts = new Map<string, string>();
/** Not accepted yet. */
const assigned = new Map<string, Job>();

function environmentOf(id: string, script: string): Record<string, string> {
  return {
    BUILDKITE_COMMAND: script,
    BUILDKITE_JOB_ID: id,
    BUILDKITE_BUILD_ID: id,
    BUILDKITE_ORGANIZATION_SLUG: "o",
    BUILDKITE_PIPELINE_SLUG: "p",
    BUILDKITE_PIPELINE_PROVIDER: "git",
    BUILDKITE_AGENT_NAME: "agent",
    BUILDKITE_BRANCH: "main",
    BUILDKITE_COMMIT: "HEAD",
    BUILDKITE_REPO: "none",
    BUILDKITE_SKIP_CHECKOUT: "true",
  };
}

export const BUILDKITE: AgentKind = {
  name: "buildkite-agent",
  variable: "BUILDKITE_AGENT",
  unit: "buildkite-agent-default.service",
  drains: true,
  service: ({ program, home, host, port }) => [
    ...DRAINS,
    `Environment=BUILDKITE_AGENT_ENDPOINT=http://${host}:${port}/v3`,
    `Environment=BUILDKITE_AGENT_PING_MODE=poll-only`,
    `ExecStart=${program} start --token t --build-path ${home}/builds`,
  ],
  etc: () => ({}),
  serve: (queue) =>
    createServer((request, response) => {
      void serve(queue, request, response);
    }),
};
