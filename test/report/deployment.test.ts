import assert from "node:assert/strict";
import { test } from "node:test";
import { sendTo } from "../../src/report/receivers/table.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { COMMIT, ended, lastEvent, receiver, scheduled } from "./reports.ts";
import { type Received, StandInServer } from "./server.ts";

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
    const signal = AbortSignal.timeout(5_000);
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
    const sent = await sendTo(config, { ...outgoing, signal: AbortSignal.timeout(5_000) });
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
    const signal = AbortSignal.timeout(5_000);
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
