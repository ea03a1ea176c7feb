import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import type { Sent } from "../../src/report/receivers/exchange.ts";
import { sendTo } from "../../src/report/receivers/table.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { BETWEEN, EMPTY, link, message, reply, states, text } from "./apis/api.ts";
import { COMMIT, ended, lastEvent, receiver, scheduled } from "./reports.ts";
import { type Received, type Reply, StandInServer } from "./server.ts";

/** What GitHub does with deployments, as far as these tests need it. */
function answer(deployments: { id: number; payload: unknown }[]) {
  return ({ method, path, body }: Received) => {
    const { searchParams } = new URL(path, "http://stand-in");
    const [most, page] = [searchParams.get("per_page") ?? 30, searchParams.get("page") ?? 1];
    const from = (Number(page) - 1) * Number(most);
    if (method === "GET")
      return { status: 200, body: deployments.slice(from, from + Number(most)) };
    if (!path.endsWith("/deployments")) return { status: 201, body: {} };
    const made = { id: deployments.length + 7, payload: JSON.parse(body).payload };
    deployments.push(made);
    return { status: 201, body: made };
  };
}

test("a deployment is made once, and gets a status for each report", async () => {
  using host = new EdgeHost();
  await using server = await StandInServer.listen();
  const deployments = [{ id: 1, payload: "" as unknown }];
  server.answers = [answer(deployments)];
  const config = receiver({
    kind: "github-deployment",
    url: server.url,
    repository: "infra/hosts",
    environment: "production",
    tokenFile: host.folder.write("token", "t"),
    link: "https://logs/{id}",
  });
  for (const record of [scheduled(), scheduled(), ended("live")]) {
    const signal = AbortSignal.timeout(60_000);
    const sent = await sendTo(config, { host, event: lastEvent(record), warn: host.say, signal });
    assert.deepEqual(sent, { kind: "delivered" });
  }
  const base = "/api/v3/repos/infra/hosts/deployments";
  const query = `?sha=${COMMIT}&environment=production&task=deploy-finalize&per_page=100&page=1`;
  const status = `${base}/8/statuses`;
  const asked = server.received.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(asked, [
    `GET ${base}${query}`,
    `POST ${base}`,
    `POST ${status}`,
    `GET ${base}${query}`,
    `POST ${status}`,
    `GET ${base}${query}`,
    `POST ${status}`,
  ]);
  assert.deepEqual(JSON.parse(server.received[1]?.body ?? ""), {
    ref: COMMIT,
    task: "deploy-finalize",
    auto_merge: false,
    required_contexts: [],
    payload: { finalization: scheduled().id },
    environment: "production",
    description: "web1: services only",
  });
  assert.deepEqual(JSON.parse(server.received.at(-1)?.body ?? ""), {
    state: "success",
    description: "live: generation 2 after 1 min 13 s",
    auto_inactive: false,
    log_url: `https://logs/${scheduled().id}`,
  });
});

test("a deployment is found among those of a whole fleet", async () => {
  using host = new EdgeHost();
  await using server = await StandInServer.listen();
  const { id } = scheduled();
  for (const others of [30, 99, 100, 250]) {
    const deployments = Array.from({ length: others }, (_, index) => ({
      id: index + 1000,
      payload: { finalization: `other-${index}` } as unknown,
    }));
    deployments.push({ id: 7, payload: { finalization: id } });
    server.answers = [answer(deployments)];
    const config = receiver({
      kind: "github-deployment",
      url: server.url,
      repository: "infra/hosts",
      environment: "production",
      tokenFile: host.folder.write("token", "t"),
    });
    const outgoing = { host, event: lastEvent(ended("live")), warn: host.say };
    const sent = await sendTo(config, { ...outgoing, signal: AbortSignal.timeout(60_000) });
    assert.deepEqual(sent, { kind: "delivered" });
    assert.equal(deployments.length, others + 1);
    assert.match(server.received.at(-1)?.path ?? "", /\/deployments\/7\/statuses$/);
  }
});

test("a deployment that cannot be listed or made is no success", async () => {
  using host = new EdgeHost();
  await using server = await StandInServer.listen();
  const config = receiver({
    kind: "github-deployment",
    url: server.url,
    repository: "infra/hosts",
    environment: "production",
    tokenFile: host.folder.write("token", "t"),
  });
  const send = async (): Promise<string> => {
    const signal = AbortSignal.timeout(60_000);
    return (await sendTo(config, { host, event: lastEvent(scheduled()), warn: host.say, signal }))
      .kind;
  };
  server.answers = [
    () => ({ status: 401 }),
    () => ({ status: 200, body: [] }),
    () => ({ status: 409 }),
  ];
  assert.equal(await send(), "failed");
  assert.equal(await send(), "failed");
  server.answers = [() => ({ status: 200, body: "nonsense" })];
  assert.equal(await send(), "failed");
  assert.equal(server.received.length, 4);
});

/** The three requests: GitHub REST 2022-11-28, list and create deployments, create a deployment status. */
const STEPS = ["list", "make", "status"] as const;
type Step = (typeof STEPS)[number];

const stepOf = ({ method, path }: Received): Step =>
  method === "GET" ? "list" : path.endsWith("/statuses") ? "status" : "make";

const BODIES: Readonly<Record<Step, v.GenericSchema>> = {
  list: v.null(),
  make: v.strictObject({
    ref: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)),
    task: text(128),
    auto_merge: v.literal(false),
    required_contexts: v.tuple([]),
    payload: v.strictObject({ finalization: v.string() }),
    environment: v.string(),
    description: text(140),
  }),
  status: v.strictObject({
    state: states("error", "failure", "inactive", "in_progress", "queued", "pending", "success"),
    description: text(140),
    auto_inactive: v.literal(false),
    log_url: v.optional(link),
  }),
};

const GOOD: Readonly<Record<Step, Reply>> = {
  list: { status: 200, body: [] },
  make: { status: 201, body: { id: 7 } },
  status: { status: 201, body: { id: 9, state: "success" } },
};

async function sendWith(
  answerOf: (received: Received) => Reply,
  record: FinalizationRecord,
): Promise<{ readonly sent: Sent; readonly received: readonly Received[] }> {
  using host = new EdgeHost();
  await using server = await StandInServer.listen();
  server.answers = [answerOf];
  const config = receiver({
    kind: "github-deployment",
    url: server.url,
    repository: "infra/hosts",
    environment: "production",
    tokenFile: host.folder.write("token", "planted-token-4711"),
    link: "https://logs/{id}",
  });
  const signal = AbortSignal.timeout(60_000);
  const sent = await sendTo(config, { host, event: lastEvent(record), warn: host.say, signal });
  assert.ok(!JSON.stringify(sent).includes("planted"), "a secret in our words");
  return { sent, received: server.received };
}

test("a deployment: the requests are those of the document, within its limits", async () => {
  const detail = "é😀".repeat(5000);
  const long = ended("failed", { plan: { ...scheduled().plan, reason: detail } });
  const timeline = long.timeline.map((entry) => ({ ...entry, detail }));
  for (const record of [{ ...long, timeline }, ended("live"), ended("superseded"), scheduled()]) {
    const { sent, received } = await sendWith((one) => GOOD[stepOf(one)], record);
    assert.deepEqual(sent, { kind: "delivered" });
    assert.deepEqual(received.map(stepOf), [...STEPS]);
    for (const one of received) {
      v.parse(BODIES[stepOf(one)], one.body === "" ? null : JSON.parse(one.body));
      assert.equal(one.headers["x-github-api-version"], "2022-11-28");
      assert.equal(one.headers.authorization, "Bearer planted-token-4711");
    }
  }
});

const NO_REF = "No ref found for: 9f3c1b7a5d2e4860f1a2b3c4d5e6f708192a3b4c";

/** Of each of the three, except that only the last one can be taken. */
const OF_EACH: readonly (readonly [what: string, reply: Reply, sent: Sent["kind"]])[] = [
  ["401 for a wrong token", message(401, "Bad credentials"), "failed"],
  ["403 for a right that the token lacks", message(403, "Resource not accessible"), "failed"],
  ["404 for what the token may not see", message(404, "Not Found"), "failed"],
  ["422 for a commit that is not pushed yet", message(422, NO_REF), "failed"],
  ["400 for a body of no JSON", message(400, "Problems parsing JSON"), "refused"],
  ["429 for too many requests", message(429, "rate limit"), "failed"],
  ["200 and an empty object", reply(200), "failed"],
  ["204", { status: 204, body: "" }, "failed"],
  ...[EMPTY, ...BETWEEN].map(([what, one]) => [what, one, "failed"] as const),
];

const OF_STEP: readonly (readonly [Step, what: string, reply: Reply, sent: Sent["kind"]])[] = [
  ...STEPS.flatMap((step) => OF_EACH.map((row) => [step, ...row] as const)),
  ["list", "201 and an empty object", reply(201), "failed"],
  ["list", "201 and a list", reply(201, []), "failed"],
  ["make", "201 and an empty object", reply(201), "failed"],
  ["make", "202 for a merge, which nobody asked for", message(202, "Auto-merged"), "failed"],
  ["make", "409 for checks of the commit", message(409, "Conflict"), "failed"],
];

for (const [step, what, one, expected] of OF_STEP) {
  test(`a deployment, to its ${step}: ${what}: ${expected}`, async () => {
    const answerOf = (received: Received): Reply =>
      stepOf(received) === step ? one : GOOD[stepOf(received)];
    const { sent, received } = await sendWith(answerOf, ended("live"));
    assert.equal(sent.kind, expected);
    assert.equal(received.map(stepOf).at(-1), step, "it went on after that");
    if (sent.kind === "failed") assert.match(sent.why, /^answered \d{3}/);
  });
}

for (const [step, field] of [
  ["status", "log_url"],
  ["status", "description"],
  ["make", "description"],
] as const) {
  test(`a deployment, to its ${step}: a ${field} that GitHub objects to costs the field`, async () => {
    const objection = { message: "Validation Failed", errors: [{ field }] };
    const { sent, received } = await sendWith((one) => {
      const objects = stepOf(one) === step && one.body.includes(field);
      return objects ? { status: 422, body: objection } : GOOD[stepOf(one)];
    }, ended("live"));
    assert.deepEqual(sent, { kind: "delivered" });
    assert.equal(received.length, 4);
  });
}
