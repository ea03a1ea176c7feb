import assert from "node:assert/strict";
import { headIn } from "../../../src/core/config/pull-request.ts";
import { gaugeIn } from "../../../src/gates/runners/metrics.ts";
import { adviceFor } from "../../../src/core/advice.ts";
import { meaningOf } from "../../../src/report/receivers/answers.ts";
import { assignmentsIn } from "../../../src/gates/runners/engines.ts";
import { readJobs } from "../../../src/forge/jobs.ts";
import { unescaped } from "../../../src/forge/secrets.ts";
import { engineAt, parseContainers } from "../../../src/host/network/containers.ts";
import { judgeMatrix } from "../../../src/report/receivers/chat.ts";
import { alreadySo } from "../../../src/report/receivers/commit-status.ts";
import { judgeByStatus, type Sent } from "../../../src/report/receivers/exchange.ts";
import { listedIn, madeIn } from "../../../src/report/receivers/github-deployment.ts";
import { aRun, receiver } from "../../report/reports.ts";
import type { ForgeReceiver } from "../../../src/core/config/report-config.ts";
import type { Target } from "../target.ts";
import { assertCount, assertLine, wellFormed } from "../well-formed.ts";

const NOW = new Date("2026-11-22T21:31:00Z");
const DAY_MS = 86_400_000;

function forge(kind: "gitea" | "forgejo" | "github" | "gitlab"): ForgeReceiver {
  const made = receiver({ kind, url: "https://git.example.org", tokenFile: "/run/t" });
  if (!("waitForJob" in made)) throw new Error("another kind");
  return made;
}

const FORGES = (["gitea", "forgejo", "github", "gitlab"] as const).map(forge);
const RUN = { ...aRun(), run: "881", job: "deploy" };
const JOB = { name: "deploy", status: "in_progress", runner_name: "web1", run_number: 42 };

/** An answer whose first line is a header: `retry-after: 5`. */
function answerOf(text: string): {
  readonly headers: Record<string, string>;
  readonly text: string;
  readonly said: string;
} {
  const at = text.indexOf("\n");
  const [head, body] = at < 0 ? ["", text] : [text.slice(0, at), text.slice(at + 1)];
  const [name = "", value = ""] = head.split(": ", 2);
  const remaining = { "x-ratelimit-remaining": "0" };
  return { headers: { ...remaining, [name.toLowerCase()]: value }, text: body, said: body };
}

/** A report is tried again within a day, and its problem is one line. */
function assertSent(sent: Sent | null): void {
  if (sent === null || sent.kind === "delivered") return;
  assertLine(sent.why, 400);
  const at = sent.kind === "failed" ? sent.notBefore : null;
  if (at === null) return;
  wellFormed(at);
  assert.ok(at >= NOW && at.getTime() <= NOW.getTime() + DAY_MS);
}

export const NETWORK: readonly Target[] = [
  {
    file: "forge/jobs.ts",
    name: "readJobs",
    samples: [
      JSON.stringify({ jobs: [JOB, { name: "x", status: "completed" }] }),
      JSON.stringify({ workflow_runs: [JOB] }),
      JSON.stringify({ status: "running" }),
    ],
    parse: (text) => {
      for (const one of FORGES) {
        const job = readJobs(one, RUN, { status: 200, headers: {}, text });
        if (job.kind !== "ended") assertLine(job.why, 400);
      }
    },
  },
  {
    file: "forge/secrets.ts",
    name: "unescaped",
    samples: ['{"a":"t\\u006fken %74oken &#x74;oken &#0116;oken &amp;lt; \\\\\\/"}'],
    parse: (text) => {
      const plain = unescaped(text);
      assert.ok(plain.length <= text.length);
      // An empty secret would be found between any two characters.
      assert.equal(plain === "", text === "");
    },
  },
  {
    file: "host/network/containers.ts",
    name: "parseContainers",
    samples: [
      '[{"Id":"a","Names":["/GITEA-ACTIONS-TASK-1_job","/b"],"State":"running"},{"Names":[]}]',
    ],
    parse: (text) => {
      for (const name of parseContainers(text)) assert.equal(typeof name, "string");
    },
    // The gate is unknown then, and waits.
    mayThrow: /^not a list of containers: |^a container without names$|JSON/,
  },
  {
    file: "host/network/containers.ts",
    name: "engineAt",
    samples: ["unix:///run/user/1000/docker.sock", "tcp://[::1]:2375", "http://build.example.org/"],
    parse: (text) => {
      const engine = engineAt(text, "/proc/10/root");
      if ("host" in engine) assertCount(engine.port);
      else assert.ok(engine.socketPath.startsWith("/"), engine.socketPath);
    },
    mayThrow: /^cannot ask the container engine at /,
  },
  {
    file: "gates/runners/engines.ts",
    name: "assignmentsIn",
    samples: ['A=b "DOCKER_HOST=unix:///run/docker.sock" C='],
    parse: (text) => {
      for (const [name] of assignmentsIn(text)) assert.match(name, /^\w+$/);
    },
  },
  {
    file: "report/receivers/answers.ts",
    name: "meaningOf",
    samples: ["", "ok", '{"id":1}', "<!-- a --><!DOCTYPE html><html>Sign in</html>"],
    parse: (text) => {
      for (const kind of ["gitea", "discord", "slack", "webhook"] as const) {
        for (const status of [200, 201, 204]) {
          const meaning = meaningOf(kind, { status, headers: {}, text });
          assert.ok(["taken", "again"].includes(meaning));
        }
      }
    },
  },
  {
    file: "core/advice.ts",
    name: "adviceFor",
    samples: ["answered 403: no", "name.invalid: getaddrinfo ENOTFOUND", "x through the proxy y: "],
    parse: (text) => {
      const places = {
        address: "url",
        key: { kind: "known", words: "The token" } as const,
        right: "write",
        target: "the room",
        caFile: "caFile",
      };
      const advice = adviceFor(text, places);
      if (advice !== null) assertLine(advice, 300);
    },
  },
  {
    file: "core/config/pull-request.ts",
    name: "headIn",
    samples: [`{"pull_request":{"head":{"sha":"${"9".repeat(40)}"}}}`, '{"pull_request":null}'],
    parse: (text) => {
      const head = headIn(text);
      if (head !== null) assert.match(head, /^[0-9a-f]{40,64}$/i);
    },
  },
  {
    file: "report/receivers/exchange.ts",
    name: "judgeByStatus",
    samples: [
      "retry-after: 120\nslow down",
      "retry-after: Sun, 22 Nov 2026 21:35:00 GMT\nslow down",
      "x-ratelimit-reset: 1795642200\n{}",
    ],
    parse: (text) => {
      for (const status of [200, 302, 400, 429, 503]) {
        for (const kind of ["github", "ntfy", "slack", "webhook"] as const) {
          assertSent(judgeByStatus(kind, { ...answerOf(text), status }, NOW));
        }
      }
    },
  },
  {
    file: "report/receivers/chat.ts",
    name: "judgeMatrix",
    samples: ['{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":2000}'],
    parse: (text) => {
      assertSent(judgeMatrix({ status: 429, headers: {}, text, said: text }, NOW));
    },
  },
  {
    file: "report/receivers/commit-status.ts",
    name: "alreadySo",
    samples: ['{"message":"Cannot transition status via :enqueue from :pending (Reason(s): x)"}'],
    parse: (text) => {
      assertSent(alreadySo({ status: 400, headers: {}, text }));
    },
  },
  {
    file: "report/receivers/github-deployment.ts",
    name: "madeIn",
    samples: ['{"id":12,"payload":{"finalization":"20261122-213000-aaaa"}}'],
    parse: (text) => {
      const id = madeIn(text);
      if (id !== null) assertCount(id);
    },
  },
  {
    file: "report/receivers/github-deployment.ts",
    name: "listedIn",
    samples: [
      '[{"id":12,"payload":{"finalization":"20261122-213000-aaaa"}},{"id":13,"payload":""}]',
    ],
    parse: (text) => {
      for (const { id } of listedIn(text) ?? []) assertCount(id);
    },
  },
  {
    file: "gates/runners/metrics.ts",
    name: "gaugeIn",
    samples: ['# TYPE jobs gauge\njobs 0\njobs{state="running"} 2 1795642200000\njobs_total 7\n'],
    parse: (text) => {
      const jobs = gaugeIn(text, "jobs");
      if (jobs !== null) assert.ok(Number.isFinite(jobs));
    },
  },
];
