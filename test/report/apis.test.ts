import assert from "node:assert/strict";
import { after, test } from "node:test";
import * as v from "valibot";
import { forgeRunOf } from "../../src/core/config/forge-run.ts";
import { receiverSchema } from "../../src/core/config/report-config.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { sendTo } from "../../src/report/receivers/table.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { type Api, type Meaning, message } from "./apis/api.ts";
import { FORGES } from "./apis/forges.ts";
import { MESSAGES } from "./apis/messages.ts";
import { aRun, COMMIT, ended, lastEvent, receiver } from "./reports.ts";
import { type Reply, StandInServer } from "./server.ts";

const APIS: Readonly<Record<string, Api>> = { ...FORGES, ...MESSAGES };

const SENT = { taken: "delivered", again: "failed", "give-up": "refused" } as const;

const SECRET = "planted-token-4711";

/** A receiver of a kind whose server is the stand-in. */
function configOf(kind: string, { config }: Api, host: EdgeHost, url: string): object {
  const secret = host.folder.write("secret", SECRET);
  if (kind === "slack" || kind === "discord") {
    return { kind, urlFile: host.folder.write("address", `${url}/hook`) };
  }
  const place = { ntfy: "/deploys", webhook: "/hook" }[kind] ?? "";
  return { kind, url: `${url}${place}`, tokenFile: secret, ...config };
}

async function told(
  kind: string,
  api: Api,
  record: FinalizationRecord,
  reply: Reply,
  server: StandInServer,
): Promise<string> {
  using host = new EdgeHost();
  server.answers = [() => reply];
  const full = receiver(configOf(kind, api, host, server.url));
  const signal = AbortSignal.timeout(60_000);
  const sent = await sendTo(full, { host, event: lastEvent(record), warn: host.say, signal });
  assert.ok(!JSON.stringify(sent).includes(SECRET), "a secret in our words");
  return sent.kind;
}

test("every kind of receiver that is asked over HTTP has its documented API here", () => {
  const kinds = receiverSchema.options.map(({ entries }) => entries.kind.literal);
  // test/report/deployment.test.ts has the one with several requests.
  const others = new Set<string>(["command", "github-deployment"]);
  assert.deepEqual(
    Object.keys(APIS).toSorted(),
    kinds.filter((kind) => !others.has(kind)).toSorted(),
  );
});

/** Of one byte, of several, and of several more in JSON. */
const CHARACTERS = ["x", "é😀", '"', "\u0001"];

/** An end whose texts are longer than any server takes. */
function longest(server: string, characters: string): FinalizationRecord {
  const page = `${server}/${"a".repeat(9000)}`;
  const run = aRun({ forge: "gitlab", server, repository: "infra/hosts", run: "881", page });
  const host = characters.repeat(300);
  const record = ended("failed", { host, forgeRun: run });
  const detail = characters.repeat(70_000);
  const timeline = record.timeline.map((entry, index, all) =>
    index === all.length - 1 ? { ...entry, detail } : entry,
  );
  return { ...record, timeline };
}

/** The rows that held: the table of each API, as it came out. */
const held: string[] = [];

after(() => {
  process.stdout.write(`${held.join("\n")}\n`);
});

for (const [kind, api] of Object.entries(APIS)) {
  test(`${kind}: the request is the one of ${api.document}, within its limits`, async () => {
    await using server = await StandInServer.listen();
    const [, success] = api.answers[0] ?? assert.fail();
    const longs = CHARACTERS.map((characters) => longest(server.url, characters));
    for (const record of [...longs, ended("live"), ended("superseded")]) {
      assert.equal(await told(kind, api, record, success, server), "delivered");
      const { method, path, headers, body } = server.received.at(-1) ?? assert.fail();
      const [wantedMethod, wantedPath, secret] = api.request;
      assert.equal(method, wantedMethod);
      assert.match(path, wantedPath);
      if (secret !== null) assert.ok(String(headers[secret]).includes(SECRET), secret);
      assert.equal(headers["content-type"], "application/json");
      v.parse(api.fields, JSON.parse(body));
      const most = api.body ?? Number.POSITIVE_INFINITY;
      assert.ok(Buffer.byteLength(body) <= most, `${Buffer.byteLength(body)} bytes`);
    }
    assert.equal(server.received.length, longs.length + 2);
  });

  for (const [what, reply, meaning] of api.answers) {
    test(`${kind}: ${what}: ${meaning}`, async () => {
      await using server = await StandInServer.listen();
      assert.equal(
        await told(kind, api, ended("live"), reply, server),
        SENT[meaning satisfies Meaning],
      );
      held.push(`${kind.padEnd(8)} ${meaning.padEnd(8)} ${what}`);
    });
  }
}

const OBJECTIONS: [kind: string, reply: Reply][] = [
  [
    "gitlab",
    { status: 400, body: { message: { target_url: ["is blocked: only allowed schemes"] } } },
  ],
  [
    "github",
    { status: 422, body: { message: "Validation Failed", errors: [{ field: "target_url" }] } },
  ],
  ["gitea", { status: 400, body: { message: "target_url is invalid" } }],
];

for (const [kind, objection] of OBJECTIONS) {
  test(`${kind}: a link that it objects to costs the link, not the status`, async () => {
    await using server = await StandInServer.listen();
    using host = new EdgeHost();
    server.answers = [({ body }) => (body.includes("target_url") ? objection : { status: 201 })];
    const api = {
      ...(APIS[kind] ?? assert.fail()),
      config: { repository: "a/b", link: "https://x" },
    };
    const full = receiver(configOf(kind, api, host, server.url));
    const signal = AbortSignal.timeout(60_000);
    const event = lastEvent(ended("live"));
    const sent = await sendTo(full, { host, event, warn: host.say, signal });
    assert.deepEqual(sent, { kind: "delivered" });
    assert.equal(server.received.length, 2);
  });
}

test("gitlab: a pipeline that is gone costs the pipeline, not the status", async () => {
  await using server = await StandInServer.listen();
  using host = new EdgeHost();
  const gone = {
    status: 404,
    body: { message: "404 Pipeline for pipeline_id, sha and ref Not Found" },
  };
  server.answers = [({ body }) => (body.includes("pipeline_id") ? gone : { status: 201 })];
  const run = aRun({ forge: "gitlab", server: server.url, repository: "12" });
  const tokenFile = host.folder.write("token", SECRET);
  const full = receiver({ kind: "gitlab", url: server.url, tokenFile });
  const signal = AbortSignal.timeout(60_000);
  const event = lastEvent(ended("live", { forgeRun: run }));
  assert.deepEqual(await sendTo(full, { host, event, warn: host.say, signal }), {
    kind: "delivered",
  });
});

test("gitlab: the status of a pipeline for merged results is on the head, which is of no such pipeline", async () => {
  await using server = await StandInServer.listen();
  using host = new EdgeHost();
  const [head, merge] = [COMMIT, "0123456789".repeat(4)];
  // GitLab looks for the pipeline by its own commit, the merge (notes/gitlab-api.md).
  server.answers = [
    ({ path, body }) => {
      const isFound = !body.includes("pipeline_id") || path.endsWith(merge);
      return isFound ? { status: 201 } : message(404, "404 Pipeline for pipeline_id, sha and ref");
    },
  ];
  const run = forgeRunOf({
    GITLAB_CI: "true",
    CI_SERVER_URL: server.url,
    CI_PROJECT_ID: "12",
    CI_PIPELINE_ID: "881",
    CI_COMMIT_SHA: merge,
    CI_MERGE_REQUEST_SOURCE_BRANCH_SHA: head,
  });
  const tokenFile = host.folder.write("token", SECRET);
  const full = receiver({ kind: "gitlab", url: server.url, tokenFile });
  const event = lastEvent(ended("live", { forgeRun: run, revision: run?.sha ?? null }));
  const signal = AbortSignal.timeout(60_000);
  const sent = await sendTo(full, { host, event, warn: host.say, signal });
  assert.deepEqual(sent, { kind: "delivered" });
  const requests = server.received.map(({ path, body }) => [
    path.endsWith(head),
    body.includes("pipeline_id"),
  ]);
  assert.deepEqual(requests, [
    [true, true],
    [true, false],
  ]);
});

test("a link that is no address after it is filled in is left out", async () => {
  await using server = await StandInServer.listen();
  using host = new EdgeHost();
  const tokenFile = host.folder.write("token", SECRET);
  const link = "http://{host}:99999/";
  const config = { kind: "gitea", url: server.url, tokenFile, repository: "a/b", link };
  const signal = AbortSignal.timeout(60_000);
  const event = lastEvent(ended("live"));
  await sendTo(receiver(config), { host, event, warn: host.say, signal });
  assert.ok(!(server.received[0]?.body ?? "").includes("target_url"));
});
