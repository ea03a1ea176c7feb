import assert from "node:assert/strict";
import * as v from "valibot";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { eventSchema } from "../../src/report/event.ts";
import type { Sent } from "../../src/report/receivers/exchange.ts";
import { sendTo } from "../../src/report/receivers/table.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRun, ended, lastEvent, receiver, scheduled } from "./reports.ts";
import { type Received, StandInServer } from "./server.ts";

const SECRET = "planted-secret-0815";

/** Sends with files for secrets: `secret`, and `address`, which holds the server's and a path. */
async function send(
  config: (host: EdgeHost) => object,
  record: FinalizationRecord,
  server: StandInServer,
): Promise<Sent> {
  using host = new EdgeHost();
  host.folder.write("secret", `${SECRET}\n`);
  host.folder.write("address", `${server.url}/services/${SECRET}\n`);
  const signal = AbortSignal.timeout(60_000);
  return await sendTo(receiver(config(host)), {
    host,
    event: lastEvent(record),
    warn: host.say,
    signal,
  });
}

async function received(
  config: (host: EdgeHost, url: string) => object,
  record: FinalizationRecord,
): Promise<Received> {
  await using server = await StandInServer.listen();
  const sent = await send((host) => config(host, server.url), record, server);
  assert.deepEqual(sent, { kind: "delivered" });
  assert.equal(server.received.length, 1);
  return server.received[0] ?? assert.fail();
}

test("webhook: the event as documented, signed, with a key that is the same for every try", async () => {
  const record = ended("rolled-back", {
    forgeRun: aRun(),
    checks: [
      { name: "web", kind: "http", result: "failed", detail: "status 500", seconds: 1 },
      { name: "db", kind: "tcp", result: "passed", detail: "", seconds: 1 },
    ],
  });
  const { method, path, headers, body } = await received(
    (host: EdgeHost, url: string) => ({
      kind: "webhook",
      url: `${url}/hook?x=1`,
      secretFile: host.folder.at("secret"),
      tokenFile: host.folder.at("secret"),
    }),
    record,
  );
  assert.deepEqual([method, path], ["POST", "/hook?x=1"]);
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers["idempotency-key"], `${record.id}.05.rolled-back`);
  assert.equal(headers.authorization, `Bearer ${SECRET}`);
  const signature = createHmac("sha256", SECRET).update(body).digest("hex");
  assert.equal(headers["x-hub-signature-256"], `sha256=${signature}`);
  const event = v.parse(eventSchema, JSON.parse(body));
  assert.deepEqual(event, lastEvent(record));
  assert.equal(event.summary, "rolled back: for a reason");
  assert.deepEqual(event.failedChecks, [{ name: "web", detail: "status 500" }]);
});

test("webhook: an address from a file, no signature where no secret is configured", async () => {
  const { path, headers } = await received(
    (host: EdgeHost) => ({ kind: "webhook", urlFile: host.folder.at("address") }),
    ended("live"),
  );
  assert.equal(path, `/services/${SECRET}`);
  assert.equal(headers["x-hub-signature-256"], undefined);
  assert.equal(headers.authorization, undefined);
});

test("ntfy: as JSON to the server's root", async () => {
  const { method, path, headers, body } = await received(
    (host, url) => ({ kind: "ntfy", url: `${url}/deploys`, tokenFile: host.folder.at("secret") }),
    ended("failed", { forgeRun: aRun() }),
  );
  assert.deepEqual([method, path], ["POST", "/"]);
  assert.equal(headers.authorization, `Bearer ${SECRET}`);
  assert.deepEqual(JSON.parse(body), {
    topic: "deploys",
    title: "web1: deploy failed",
    message: "failed: for a reason",
    priority: 5,
    tags: ["rotating_light"],
    click: aRun().page,
  });
});

test("ntfy: a query of the address is the server's, and no part of the topic", async () => {
  await using server = await StandInServer.listen();
  for (const [address, path, topic] of [
    ["/deploys?auth=QmFzaWMg", "/?auth=QmFzaWMg", "deploys"],
    ["/below/deploys/?a=1&b=/x#y", "/below/?a=1&b=/x", "deploys"],
  ] as const) {
    const config = (host: EdgeHost) => {
      const urlFile = host.folder.write("topic", `${server.url}${address}\n`);
      return { kind: "ntfy", urlFile };
    };
    assert.deepEqual(await send(config, ended("live"), server), { kind: "delivered" });
    const last = server.received.at(-1);
    assert.equal(last?.path, path);
    assert.equal(JSON.parse(last.body).topic, topic);
  }
});

test("a query of a server's address stays one, for every receiver with a path of its own", async () => {
  await using server = await StandInServer.listen();
  const url = `${server.url}/base/?key=1#part`;
  const tokens = (host: EdgeHost) => ({ url, tokenFile: host.folder.at("secret") });
  const forge = { repository: "infra/hosts" };
  for (const [more, path] of [
    [{ kind: "gotify" }, "/base/message?key=1"],
    [{ kind: "matrix", room: "!ops:example.org" }, "/base/_matrix/client/v3/rooms/"],
    [{ kind: "gitea", ...forge }, "/base/api/v1/repos/infra/hosts/statuses/"],
    [{ kind: "github", ...forge }, "/base/api/v3/repos/infra/hosts/statuses/"],
    [{ kind: "gitlab", ...forge }, "/base/api/v4/projects/infra%2Fhosts/statuses/"],
  ] as const) {
    await send((host) => ({ ...tokens(host), ...more }), ended("live"), server);
    const asked = server.received.at(-1)?.path ?? "";
    assert.ok(asked.startsWith(path) && asked.endsWith("?key=1"), asked);
  }
});

test("Gotify: POST message with the application's token", async () => {
  const { path, headers, body } = await received(
    (host, url) => ({ kind: "gotify", url: `${url}/`, tokenFile: host.folder.at("secret") }),
    ended("live"),
  );
  assert.equal(path, "/message");
  assert.equal(headers["x-gotify-key"], SECRET);
  assert.deepEqual(JSON.parse(body), {
    title: "web1: deploy is live",
    message: "live: generation 2 after 1 min 13 s",
    priority: 4,
  });
});

test("Slack: text that calls nobody", async () => {
  const plan = { action: "switch", reason: "<!channel> & more", changed: [] } as const;
  const { path, body } = await received(
    (host: EdgeHost) => ({ kind: "slack", urlFile: host.folder.at("address") }),
    scheduled({ plan: { ...plan, changed: [] } }),
  );
  assert.equal(path, `/services/${SECRET}`);
  assert.deepEqual(JSON.parse(body), {
    text: "web1: deploy scheduled. switch in 1 min (&lt;!channel&gt; &amp; more)",
  });
});

test("Discord: mentions are off", async () => {
  const { body } = await received(
    (host: EdgeHost) => ({ kind: "discord", urlFile: host.folder.at("address") }),
    ended("live"),
  );
  assert.deepEqual(JSON.parse(body), {
    content: "web1: deploy is live. live: generation 2 after 1 min 13 s",
    allowed_mentions: { parse: [] },
  });
});

const matrix = (host: EdgeHost, url: string) => ({
  kind: "matrix",
  url,
  room: "!ops:example.org",
  tokenFile: host.folder.at("secret"),
});

test("Matrix: a notice, with the report's key as the transaction", async () => {
  const record = ended("live");
  const { method, path, headers, body } = await received(matrix, record);
  assert.equal(method, "PUT");
  const room = "%21ops%3Aexample.org".replace("%21", "!");
  const base = `/_matrix/client/v3/rooms/${room}/send/m.room.message`;
  assert.equal(path, `${base}/${record.id}.04.live`);
  assert.equal(headers.authorization, `Bearer ${SECRET}`);
  assert.deepEqual(JSON.parse(body), {
    msgtype: "m.notice",
    body: "web1: deploy is live. live: generation 2 after 1 min 13 s",
  });
});

test("Matrix: an older server tells in the body how long to wait", async () => {
  await using server = await StandInServer.listen();
  server.answers = [() => ({ status: 429, body: { retry_after_ms: 2000 } })];
  const sent = await send((host) => matrix(host, server.url), ended("live"), server);
  const notBefore = sent.kind === "failed" ? sent.notBefore?.getTime() : undefined;
  assert.equal(notBefore, new EdgeHost().time + 2000);
});

test("a server asks for a wait of any length: it is asked again after a day at most", async () => {
  const day = 24 * 3_600_000;
  const reset = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9".repeat(30) };
  const answers = [
    ['{"retry_after_ms":1e300}', {}, day],
    ['{"retry_after_ms":1e999}', {}, day],
    ['{"retry_after_ms":-1e300}', {}, 0],
    ["{}", { "retry-after": "9".repeat(400) }, day],
    ["{}", { "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT" }, day],
    ["{}", { "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" }, 0],
    ["{}", reset, day],
    ["{}", { "retry-after": "soon" }, null],
  ] as const;
  await using server = await StandInServer.listen();
  for (const [text, headers, wait] of answers) {
    server.answers = [() => ({ status: 429, headers, body: text })];
    const sent = await send((host) => matrix(host, server.url), ended("live"), server);
    assert.ok(sent.kind === "failed", text);
    const notBefore = sent.notBefore?.getTime() ?? null;
    assert.equal(notBefore, wait === null ? null : new EdgeHost().time + wait, text);
    assert.doesNotThrow(() => sent.notBefore?.toISOString());
  }
});

test("a command gets the event on its standard input; its exit code is the answer", async () => {
  using host = new EdgeHost();
  const given: unknown[] = [];
  const spawn: EdgeHost["spawn"] = async (argv, options) => {
    given.push(argv, options?.input, options?.env);
    return { argv, exitCode: 0, cause: null, stdout: "", stderr: "" };
  };
  const config = receiver({ kind: "command", command: ["/bin/tell", "--now"] });
  const event = lastEvent(ended("live"));
  const outgoing = { event, warn: host.say, signal: AbortSignal.timeout(60_000) };
  const told = await sendTo(config, {
    ...outgoing,
    host: Object.assign(Object.create(host), { spawn }),
  });
  assert.deepEqual(told, { kind: "delivered" });
  assert.deepEqual(given, [["/bin/tell", "--now"], `${JSON.stringify(event)}\n`, undefined]);
  host.answers["/bin/tell"] = { exitCode: 3, stderr: "no\n" };
  const failed = await sendTo(config, { ...outgoing, host });
  assert.equal(failed.kind === "failed" && failed.why, "/bin/tell ended with exit code 3: no");
});

for (const file of ["is not there", "holds no address"]) {
  test(`a secret address whose file ${file}: told by the file's name`, async () => {
    using host = new EdgeHost();
    const urlFile = host.folder.at("slack");
    if (file === "holds no address") host.folder.write("slack", SECRET);
    const outgoing = {
      host,
      event: lastEvent(ended("live")),
      warn: host.say,
      signal: AbortSignal.timeout(60_000),
    };
    const sent = await sendTo(receiver({ kind: "slack", urlFile }), outgoing);
    assert.ok(sent.kind === "failed" && sent.why.includes(urlFile));
    assert.ok(!sent.why.includes(SECRET));
  });
}

test("where the address is a secret, nothing of the answer is repeated", async () => {
  await using server = await StandInServer.listen();
  server.answers = [({ path }) => ({ status: 404, body: `no such hook: ${path.slice(10)}` })];
  const sent = await send(
    (host) => ({ kind: "slack", urlFile: host.folder.at("address") }),
    ended("live"),
    server,
  );
  assert.equal(sent.kind === "failed" && sent.why, "answered 404");
});

test("an ntfy whose address, from a file, names no topic is told as such", async () => {
  using host = new EdgeHost();
  const urlFile = host.folder.write("address", "https://ntfy.sh/");
  const signal = AbortSignal.timeout(60_000);
  const outgoing = { host, event: lastEvent(ended("live")), warn: host.say, signal };
  const sent = await sendTo(receiver({ kind: "ntfy", urlFile }), outgoing);
  assert.equal(sent.kind === "failed" && sent.why, `${urlFile} names no topic`);
});
