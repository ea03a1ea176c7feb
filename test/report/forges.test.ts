import assert from "node:assert/strict";
import { test } from "node:test";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import type { ReceiverConfig } from "../../src/core/config/report-config.ts";
import type { TerminalState } from "../../src/core/states.ts";
import type { Sent } from "../../src/report/receivers/exchange.ts";
import { sendTo } from "../../src/report/receivers/table.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRun, COMMIT, ended, lastEvent, receiver, scheduled } from "./reports.ts";
import { type Received, StandInServer } from "./server.ts";

const TOKEN = "planted-token-4711";

async function send(
  config: object,
  record: FinalizationRecord,
  server: StandInServer,
): Promise<Sent> {
  using host = new EdgeHost();
  const tokenFile = host.folder.write("token", `${TOKEN}\n`);
  const full: ReceiverConfig = receiver({ url: server.url, tokenFile, ...config });
  const signal = AbortSignal.timeout(60_000);
  return await sendTo(full, { host, event: lastEvent(record), warn: host.say, signal });
}

function jsonOf(received: Received | undefined): unknown {
  return JSON.parse(received?.body ?? "");
}

for (const kind of ["gitea", "forgejo", "github", "gitlab"] as const) {
  test(`${kind}: no repository leads to another part of the API`, async () => {
    await using server = await StandInServer.listen();
    for (const repository of ["..", "../../admin/users/x", "infra/..", "."]) {
      // As an older version kept it in a record: no configuration and no environment gives it now.
      const run = aRun({ forge: kind, server: server.url, repository });
      const sent = await send({ kind }, scheduled({ forgeRun: run }), server);
      assert.equal(sent.kind, "failed", repository);
      assert.throws(() => receiver({ kind, url: server.url, tokenFile: "/t", repository }));
    }
    assert.deepEqual(server.received, []);
  });
}

const GITEA = { kind: "gitea", repository: "infra/hosts" };

for (const kind of ["gitea", "forgejo"] as const) {
  test(`${kind}: POST statuses/{sha} as its API document says`, async () => {
    await using server = await StandInServer.listen();
    server.answers = [() => ({ status: 201, body: { id: 1, status: "pending" } })];
    assert.deepEqual(await send({ ...GITEA, kind }, scheduled(), server), { kind: "delivered" });
    const [received] = server.received;
    assert.equal(received?.method, "POST");
    assert.equal(received.path, `/api/v1/repos/infra/hosts/statuses/${COMMIT}`);
    assert.equal(received.headers.authorization, `token ${TOKEN}`);
    assert.equal(received.headers["content-type"], "application/json");
    assert.deepEqual(jsonOf(received), {
      state: "pending",
      description: "switch in 1 min (services only)",
      context: "deploy-finalize/web1",
    });
  });
}

const GITHUB = { kind: "github", repository: "infra/hosts" };

test("GitHub Enterprise: the path below api/v3, and GitHub's headers", async () => {
  await using server = await StandInServer.listen();
  await send(GITHUB, ended("live"), server);
  const [received] = server.received;
  assert.equal(received?.path, `/api/v3/repos/infra/hosts/statuses/${COMMIT}`);
  assert.equal(received.headers.authorization, `Bearer ${TOKEN}`);
  assert.equal(received.headers.accept, "application/vnd.github+json");
  assert.equal(received.headers["x-github-api-version"], "2022-11-28");
  assert.equal(received.headers["user-agent"], "deploy-finalize");
  assert.deepEqual(jsonOf(received), {
    state: "success",
    description: "live: generation 2 after 1 min 13 s",
    context: "deploy-finalize/web1",
  });
});

const STATES: [state: TerminalState, github: string, gitlab: string][] = [
  ["live", "success", "success"],
  ["rolled-back", "failure", "failed"],
  ["failed", "failure", "failed"],
  ["superseded", "error", "canceled"],
  ["cancelled", "error", "canceled"],
];

for (const [state, github, gitlab] of STATES) {
  test(`${state} is ${github}, and ${gitlab} on GitLab`, async () => {
    await using server = await StandInServer.listen();
    await send(GITEA, ended(state), server);
    await send(GITHUB, ended(state), server);
    await send({ kind: "gitlab", repository: "7" }, ended(state), server);
    const states = server.received.map((received) =>
      Reflect.get(Object(jsonOf(received)), "state"),
    );
    assert.deepEqual(states, [github, github, gitlab]);
  });
}

test("GitLab: name, pipeline or ref, the project's path in one piece", async () => {
  await using server = await StandInServer.listen();
  const place = { forge: "gitlab", server: server.url, repository: "team/sub/hosts" } as const;
  const run = aRun({ ...place, run: "99", page: null });
  await send({ kind: "gitlab" }, scheduled({ forgeRun: run }), server);
  const [received] = server.received;
  assert.equal(received?.path, `/api/v4/projects/team%2Fsub%2Fhosts/statuses/${COMMIT}`);
  assert.equal(received.headers["private-token"], TOKEN);
  assert.equal(received.headers.authorization, undefined);
  assert.deepEqual(jsonOf(received), {
    state: "pending",
    name: "deploy-finalize/web1",
    description: "switch in 1 min (services only)",
    pipeline_id: 99,
  });
  const byRef = aRun({ ...place, run: null, page: null });
  await send({ kind: "gitlab" }, scheduled({ forgeRun: byRef }), server);
  assert.deepEqual(Object(jsonOf(server.received[1])).ref, "main");
});

const refuse = (from: string) => () => ({
  status: 400,
  body: { message: `Cannot transition status via :enqueue from :${from} (Reason(s): …)` },
});

test("GitLab: a status that it has already counts as delivered, another transition does not", async () => {
  await using server = await StandInServer.listen();
  server.answers = [refuse("pending"), refuse("running")];
  const config = { kind: "gitlab", repository: "7" };
  assert.deepEqual(await send(config, scheduled(), server), { kind: "delivered" });
  assert.equal((await send(config, scheduled(), server)).kind, "refused");
});

test("the link: as configured, else the run's page", async () => {
  await using server = await StandInServer.listen();
  const record = scheduled({ forgeRun: aRun(), host: "web 1" });
  await send(GITEA, record, server);
  await send({ ...GITEA, link: "https://logs/{host}?id={id}&x={y}" }, record, server);
  const links = server.received.map((one) => Reflect.get(Object(jsonOf(one)), "target_url"));
  assert.deepEqual(links, [aRun().page, `https://logs/web%201?id=${record.id}&x={y}`]);
});

test("the repository: as configured, else that of a run on the same forge", async () => {
  await using server = await StandInServer.listen();
  await using another = await StandInServer.listen();
  const record = scheduled({ forgeRun: aRun({ server: server.url, repository: "ci/run" }) });
  const elsewhere = await send({ kind: "gitea", url: another.url }, record, server);
  assert.match(elsewhere.kind === "failed" ? elsewhere.why : "", /set repository of the receiver/);
  assert.equal(another.received.length, 0);
  await send({ kind: "gitea" }, record, server);
  assert.match(server.received[0]?.path ?? "", /\/repos\/ci\/run\//);
  const other = await send({ kind: "forgejo", name: "codeberg" }, record, server);
  assert.match(other.kind === "failed" ? other.why : "", /set repository of the receiver codeberg/);
});

test("a description is cut to what GitHub takes", async () => {
  await using server = await StandInServer.listen();
  const record = scheduled({ plan: { action: "switch", reason: "😀".repeat(100), changed: [] } });
  await send(GITHUB, record, server);
  const description: unknown = Reflect.get(Object(jsonOf(server.received[0])), "description");
  assert.ok(typeof description === "string" && description.length <= 140, String(description));
  assert.ok(description.isWellFormed() && description.endsWith("…"));
});

const NOT_BEFORE = new Date(new EdgeHost().time + 90_000);
const ANSWERS: [
  name: string,
  reply: { status: number; headers?: Record<string, string>; body?: unknown },
  expected: Partial<Sent>,
][] = [
  ["a wrong token is worth another try: it can be mended", { status: 401 }, { kind: "failed" }],
  [
    "a commit that Gitea does not know",
    { status: 500, body: { message: "GetCommit" } },
    { kind: "failed" },
  ],
  ["404: a forge also says so of what a token may not see", { status: 404 }, { kind: "failed" }],
  ["422: what Gitea cannot read", { status: 422 }, { kind: "refused" }],
  ["a redirect is not followed", { status: 302, headers: { Location: "/x" } }, { kind: "failed" }],
  [
    "429 with seconds",
    { status: 429, headers: { "Retry-After": "90" } },
    { kind: "failed", notBefore: NOT_BEFORE },
  ],
  [
    "429 with a date",
    { status: 429, headers: { "Retry-After": NOT_BEFORE.toUTCString() } },
    { kind: "failed", notBefore: NOT_BEFORE },
  ],
  [
    "429 with nonsense",
    { status: 429, headers: { "Retry-After": "soon" } },
    { kind: "failed", notBefore: null },
  ],
  [
    "GitHub's limit",
    {
      status: 403,
      headers: {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": String(NOT_BEFORE.getTime() / 1000),
      },
    },
    { kind: "failed", notBefore: NOT_BEFORE },
  ],
];

for (const [name, reply, expected] of ANSWERS) {
  test(`answers: ${name}`, async () => {
    await using server = await StandInServer.listen();
    server.answers = [() => reply];
    const sent = await send(GITEA, scheduled(), server);
    assert.deepEqual({ ...sent, ...expected }, sent);
    assert.equal(server.received.length, 1);
  });
}

test("a server that repeats the token in its answer does not bring it into our words", async () => {
  await using server = await StandInServer.listen();
  server.answers = [() => ({ status: 401, body: `${"x".repeat(190)} bad token ${TOKEN}` })];
  const sent = await send(GITEA, scheduled(), server);
  assert.ok(sent.kind === "failed");
  assert.ok(!sent.why.includes(TOKEN.slice(0, 6)), sent.why);
});

test("no server, no answer, half an answer: a failed try that says so", async () => {
  await using server = await StandInServer.listen();
  using host = new EdgeHost();
  const tokenFile = host.folder.write("token", TOKEN);
  const config = receiver({ ...GITEA, tokenFile, url: server.url });
  const attempt = async (timeoutMs = 60_000): Promise<string> => {
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = await sendTo(config, {
      host,
      event: lastEvent(scheduled()),
      warn: host.say,
      signal,
    });
    return sent.kind === "failed" ? sent.why : sent.kind;
  };
  for (const answer of ["hang", "never-ends"] as const) {
    server.answers = [() => answer];
    assert.match(await attempt(100), /127\.0\.0\.1:\d+: no answer in time/);
  }
  server.answers = [() => "hang-up"];
  assert.match(await attempt(), /socket hang up/);
  await server[Symbol.asyncDispose]();
  assert.match(await attempt(), /ECONNREFUSED/);
});

test("a token file that is not there, is empty or open to all is told, the token is not", async () => {
  await using server = await StandInServer.listen();
  using host = new EdgeHost();
  const tokenFile = host.folder.write("token", "\n");
  const outgoing = {
    host,
    event: lastEvent(scheduled()),
    warn: host.say,
    signal: AbortSignal.timeout(60_000),
  };
  const config = receiver({ ...GITEA, tokenFile, url: server.url });
  const empty = await sendTo(config, outgoing);
  assert.match(empty.kind === "failed" ? empty.why : "", /token is empty/);
  host.folder.remove("token");
  const missing = await sendTo(config, outgoing);
  assert.match(missing.kind === "failed" ? missing.why : "", /the secret .*token does not exist/);
  assert.deepEqual([server.received.length, host.said.length], [0, 0]);
  host.folder.write("token", TOKEN);
  await sendTo(config, outgoing);
  assert.match(host.said.join(), /every user of this host can read .*token/);
});
