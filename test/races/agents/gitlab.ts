import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type AgentKind, DRAINS, type Queue } from "./kind.ts";

/** What a runner asks its forge: docs.gitlab.com/ee/api/jobs and the sources of gitlab-runner. */
async function answer(
  queue: Queue,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "", url = "" } = request;
  const body = await text(request);
  const [, id = "", rest = ""] = /^\/api\/v4\/jobs\/([^/?]+)(\/trace)?/.exec(url) ?? [];
  if (id === "request") {
    const job = await queue.next();
    if (job === undefined) response.writeHead(204).end();
    else json(response, 201, jobOf(Number(job.id), job.script));
    return;
  }
  if (rest === "/trace") {
    const range = /-(\d+)$/.exec(String(request.headers["content-range"]))?.[1] ?? "0";
    response.writeHead(202, { "job-status": "running", range: `0-${range}` }).end();
    return;
  }
  if (method === "PUT" && id !== "") {
    const { state }: { state?: unknown } = JSON.parse(body);
    if (state === "success" || state === "failed") queue.ended(id, state);
  }
  json(response, 200, {});
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

function variable(key: string, value: string): object {
  return { key, value, public: true };
}

function jobOf(id: number, script: string): object {
  return {
    id,
    token: "t",
    allow_git_fetch: false,
    job_info: { id, name: "job", stage: "test", project_id: 1, project_name: "p" },
    git_info: {
      repo_url: "",
      ref: "main",
      sha: "0".repeat(40),
      before_sha: "",
      ref_type: "branch",
    },
    runner_info: { timeout: 3600 },
    variables: [
      variable("GIT_STRATEGY", "none"),
      variable("CI_PROJECT_DIR", ""),
      variable("CI_JOB_ID", String(id)),
    ],
    steps: [{ name: "script", script: script.split("\n"), timeout: 3600, when: "on_success" }],
    image: { name: "" },
    services: [],
    artifacts: [],
    cache: [],
    credentials: [],
    dependencies: [],
    features: {},
  };
}

const CONFIG = "gitlab-runner.toml";

export const GITLAB: AgentKind = {
  name: "gitlab-runner",
  variable: "GITLAB_RUNNER",
  unit: "gitlab-runner.service",
  drains: true,
  service: ({ program, home }) => [
    ...DRAINS,
    "KillSignal=SIGQUIT",
    `ExecStart=${program} run --config /etc/${CONFIG} --working-directory ${home}`,
  ],
  etc: ({ home, host, port }) => ({
    [CONFIG]: `concurrent = 1
check_interval = 1
[[runners]]
name = "r"
url = "http://${host}:${port}"
token = "t"
executor = "shell"
shell = "bash"
builds_dir = "${home}/builds"
cache_dir = "${home}/cache"
`,
  }),
  serve: (queue) =>
    createServer((request, response) => {
      void answer(queue, request, response);
    }),
};
