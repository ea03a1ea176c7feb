import assert from "node:assert/strict";
import { copyFileSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { backoffMs } from "../../src/report/delivery-queues.ts";
import type { ReportConfig } from "../../src/core/config/report-config.ts";
import type { ProxyConfig } from "../../src/core/config/proxy-config.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { end, enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import { deliverAll, newMemory } from "../../src/report/deliver.ts";
import { fileNameOf } from "../../src/report/owed-report.ts";
import { Outbox } from "../../src/report/outbox.ts";
import { oweReports } from "../../src/report/report.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { ProxyServer } from "../host/network/proxy-server.ts";
import { until } from "../test-host/until.ts";
import { COMMIT, ended, receiver, scheduled } from "./reports.ts";
import { StandInServer } from "./server.ts";

const TOKEN = "planted-token-4711";

/** A host with an outbox, and a gitea and a webhook that are owed reports. */
class Sender extends EdgeHost {
  readonly outbox: Outbox;
  readonly stop = new AbortController();
  config: ReportConfig;

  constructor(server: StandInServer) {
    super();
    this.folder.write("state/.keep", "");
    const tokenFile = this.folder.write("token", TOKEN);
    this.outbox = new Outbox(this, this.folder.at("state"));
    const gitea = { kind: "gitea", url: server.url, repository: "infra/hosts", tokenFile };
    const hook = { kind: "webhook", url: `${server.url}/hook` };
    const receivers = [receiver(gitea), receiver(hook)];
    const retry = { first: 0.05, most: 0.1 };
    this.config = { ...DEFAULT_CONFIG.report, receivers, retry, timeout: 60 };
    // Deliveries that take a while need a clock that runs.
    this.now = () => new Date(this.time + performance.now() - this.#begin);
  }
  readonly #begin = performance.now();

  owe(record: FinalizationRecord): void {
    oweReports(this, this.outbox, this.config, record);
  }

  async deliver(proxy?: ProxyConfig): Promise<void> {
    const { outbox, config, stop } = this;
    await deliverAll({
      ...(proxy === undefined ? {} : { proxy }),
      host: this,
      outbox,
      config,
      random: () => 0,
      stop: stop.signal,
      memory: newMemory(),
      onEnd: this.onEnd,
    });
  }
  onEnd: () => void = () => {};

  files(): string[] {
    return readdirSync(this.outbox.folder).toSorted();
  }
}

/** What a server was told, by the state of a status or the event of a webhook. */
function told(server: StandInServer): string[] {
  return server.received.map(({ path, body }) => {
    const json: { state?: string; event?: string } = JSON.parse(body);
    return path === "/hook" ? `hook ${json.event}` : `gitea ${json.state}`;
  });
}

const WEBHOOK_ONLY_ENDS = ["gitea pending", "gitea success", "hook live"];

test("each report is delivered once, in order, to who wants it; nothing is owed then", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  sender.owe(scheduled());
  sender.owe(ended("live"));
  await sender.deliver();
  assert.deepEqual(told(server).toSorted(), WEBHOOK_ONLY_ENDS);
  assert.ok(told(server).indexOf("gitea pending") < told(server).indexOf("gitea success"));
  assert.deepEqual(sender.outbox.owed(), []);
  sender.owe(ended("live"));
  assert.ok(sender.files().every((name) => name.endsWith(".done")));
  await sender.deliver();
  assert.equal(server.received.length, 3);
});

test("nothing in the outbox holds a secret, and it is root's alone", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  server.answers = [() => ({ status: 401, body: `wrong: ${TOKEN}` }), () => ({ status: 201 })];
  sender.owe(ended("live"));
  const texts = () =>
    sender.files().map((name) => readFileSync(`${sender.outbox.folder}/${name}`, "utf8"));
  const before = texts();
  await sender.deliver();
  assert.ok(before.length >= 3);
  for (const text of [...before, ...texts(), ...sender.said])
    assert.ok(!text.includes(TOKEN), text);
});

for (const [trouble, timeout] of [
  ["hang", 1],
  ["hang-up", 60],
  ["never-ends", 1],
  [500, 60],
  [401, 60],
] as const) {
  const reply = () => (typeof trouble === "number" ? { status: trouble } : trouble);
  test(`after ${trouble} it is tried again, and the order stays`, async () => {
    await using server = await StandInServer.listen();
    using sender = new Sender(server);
    sender.config = { ...sender.config, timeout };
    server.answers = [reply, reply, reply, () => ({ status: 201 })];
    sender.owe(ended("live"));
    await sender.deliver();
    const statuses = told(server).filter((one) => one.startsWith("gitea"));
    const order = statuses.join(" ");
    // What was answered too late, because this process stood still, is told again.
    assert.match(order, /^(gitea pending )+(gitea success ?)+$/);
    assert.ok(server.received.length >= 6);
    assert.deepEqual(sender.outbox.owed(), []);
  });
}

test("a receiver that hangs holds up no other", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  server.answers = [({ path }) => (path === "/hook" ? { status: 200 } : "hang")];
  sender.owe(ended("live"));
  const delivery = sender.deliver();
  await until("the webhook is told", () =>
    sender.files().some((name) => /webhook.done/.test(name)),
  );
  sender.stop.abort();
  await delivery;
  assert.deepEqual(sender.outbox.owed().map(fileNameOf), [
    `${scheduled().id}.00.scheduled.gitea`,
    `${scheduled().id}.04.live.gitea`,
  ]);
});

test("while one hangs another one gets its retries and what is new", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  sender.config = { ...sender.config, timeout: 3600 };
  let hookTries = 0;
  server.answers = [
    ({ path }) => (path === "/hook" ? { status: hookTries++ === 0 ? 500 : 201 } : "hang"),
  ];
  sender.owe(ended("live"));
  const delivery = sender.deliver();
  const isTold = (count: number) => sender.outbox.names("done").length === count;
  await until("the retry is made", () => isTold(1));
  sender.owe(ended("live", { id: "20261122-213100-bbbb", revision: null }));
  await until("what is new is told", () => isTold(2));
  sender.stop.abort();
  await delivery;
  assert.equal(told(server).filter((one) => one.startsWith("gitea")).length, 1);
});

test("what one is told is no watch for another, which keeps its back-off", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  sender.config = { ...sender.config, retry: { first: 3600, most: 3600 } };
  server.answers = [({ path }) => ({ status: path === "/hook" ? 201 : 500 })];
  sender.owe(ended("live"));
  const delivery = sender.deliver();
  await until("the webhook is told", () => sender.outbox.names("done").length === 1);
  await until("the other one has been tried", () => sender.outbox.owed()[0]?.tries === 1);
  // An event of the folder comes with the next turns of the loop; a failed try would be a second one.
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  sender.stop.abort();
  await delivery;
  assert.equal(told(server).filter((one) => one.startsWith("gitea")).length, 1);
});

test("each report that has ended is told to who counts them", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  const owed: number[] = [];
  sender.onEnd = () => owed.push(sender.outbox.owed().length);
  sender.owe(ended("live"));
  await sender.deliver();
  assert.deepEqual(owed, [2, 1, 0]);
});

test("a report that a newer program has noted is delivered", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  sender.owe(ended("live"));
  for (const name of sender.files()) {
    const text = readFileSync(`${sender.outbox.folder}/${name}`, "utf8");
    const newer = text.replace('"kind":', '"newKey": null, "kind":').replace("{", '{ "newKey": 1,');
    sender.folder.write(`state/outbox/${name}`, newer);
  }
  await sender.deliver();
  assert.deepEqual(told(server).toSorted(), WEBHOOK_ONLY_ENDS.toSorted());
});

test("a commit that the forge does not know holds up no other commit", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  const other = COMMIT.replace("9", "1");
  server.answers = [({ path }) => ({ status: path.includes(other) ? 500 : 201 })];
  sender.owe(scheduled({ revision: other }));
  sender.owe(ended("live", { id: "20261122-213100-bbbb" }));
  const delivery = sender.deliver();
  await until("the other is told", () =>
    sender.files().some((name) => /live.gitea.done/.test(name)),
  );
  sender.stop.abort();
  await delivery;
  assert.equal(sender.outbox.owed().length, 1);
});

test("429: no try before the moment that the server asked for, not even on a call for hurry", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  server.answers = [
    () => ({ status: 429, headers: { "Retry-After": "1" } }),
    () => ({ status: 201 }),
  ];
  sender.owe(scheduled());
  const begin = performance.now();
  const delivery = sender.deliver();
  await until("it is told to wait", () => server.received.length === 1);
  await until("that is written down", () => sender.outbox.owed()[0]?.notBefore !== null);
  sender.outbox.wake();
  await delivery;
  assert.ok(performance.now() - begin >= 990);
  assert.equal(server.received.length, 2);
});

test("a call for hurry, or something new, has everything tried at once", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  sender.config = { ...sender.config, retry: { first: 3600, most: 3600 } };
  let status = 500;
  server.answers = [() => ({ status })];
  sender.owe(scheduled());
  const delivery = sender.deliver();
  const waits = async (): Promise<void> => {
    await until("it waits", () => sender.outbox.owed()[0]?.tries === server.received.length);
  };
  await until("it is tried", () => server.received.length === 1);
  await waits();
  // Until it watches, nothing tells that it does: so the call is repeated, and may be heard twice.
  const calls = setInterval(() => sender.outbox.wake(), 20);
  await until("it is tried again", () => server.received.length > 1);
  clearInterval(calls);
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  await waits();
  status = 201;
  sender.owe(ended("live"));
  await delivery;
  assert.deepEqual(told(server).slice(0, 3), ["gitea pending", "gitea pending", "gitea pending"]);
  assert.deepEqual(sender.outbox.owed(), []);
});

test("after a day it is given up, but never before it was tried five times", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  server.answers = [({ path }) => ({ status: path === "/hook" ? 201 : 503 })];
  sender.owe(ended("live"));
  sender.time += 86_500_000;
  await sender.deliver();
  assert.deepEqual(sender.outbox.owed(), []);
  assert.equal(sender.outbox.count("given-up").get("gitea"), 2);
  assert.match(sender.said.join("\n"), /gitea: gave up on live of .* after 5 tries: answered 503/);
  assert.equal(sender.outbox.count("given-up").get("webhook"), undefined);
});

test("what the receiver refuses for good is given up at once, and the next one goes on", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  server.answers = [
    ({ path, body }) => ({ status: path !== "/hook" && body.includes("pending") ? 422 : 201 }),
  ];
  sender.owe(ended("live"));
  await sender.deliver();
  assert.equal(sender.outbox.count("given-up").get("gitea"), 1);
  assert.ok(sender.files().includes(`${scheduled().id}.04.live.gitea.done`));
});

test("a crash after the record, between two notes, or after a delivery: nothing lost, nothing twice", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  const record = ended("live");
  sender.owe(record);
  const [first = "", second = ""] = sender.files();
  // Killed after the first note.
  sender.folder.remove(`state/outbox/${second}`);
  sender.owe(record);
  assert.equal(sender.files().length, 3);
  // Killed after the note of the delivery, before the report was taken out.
  const text = readFileSync(`${sender.outbox.folder}/${first}`, "utf8");
  sender.folder.write(`state/outbox/${first.replace(/json$/, "done")}`, text);
  await sender.deliver();
  assert.deepEqual(told(server).toSorted(), ["gitea success", "hook live"]);
  assert.ok(sender.files().every((name) => name.endsWith(".done")));
});

test("half a note is set aside, and the rest is delivered", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  sender.owe(ended("live"));
  const [first = ""] = sender.files();
  sender.folder.write(`state/outbox/${first}`, '{"schemaVersion":1');
  await sender.deliver();
  assert.ok(sender.files().includes(`${first}.broken`));
  assert.match(sender.said.join(), /cannot read .*, renamed it to \.broken/);
  assert.deepEqual(told(server).toSorted(), ["gitea success", "hook live"]);
});

test("a note under the name of another is set aside, and not delivered again and again", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  sender.owe(scheduled());
  const [first] = sender.files();
  copyFileSync(join(sender.outbox.folder, first ?? ""), join(sender.outbox.folder, "copy.json"));
  await sender.deliver();
  assert.deepEqual(
    sender.files().filter((name) => name.startsWith("copy")),
    ["copy.json.broken"],
  );
});

test("a clock that is set back does not change the order of a timeline", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  const back = new Date("1970-01-02T00:00:00Z");
  const record = enter(scheduled(), "waiting", back, "");
  sender.owe(end(record, "failed", back, { reason: "for a reason" }));
  await sender.deliver();
  const statuses = told(server).filter((one) => one.startsWith("gitea"));
  assert.deepEqual(statuses, ["gitea pending", "gitea failure"]);
});

test("without a commit a forge is owed nothing, and it is said once", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  for (const revision of [null, `${COMMIT}-dirty`]) {
    sender.owe(scheduled({ revision }));
    sender.owe(ended("live", { revision }));
  }
  assert.deepEqual(sender.outbox.owed().map(fileNameOf), [`${scheduled().id}.04.live.webhook`]);
  assert.match(sender.said[0] ?? "", /gitea: no commit to report on: the revision is unknown/);
  assert.match(sender.said[1] ?? "", /"9f3c.*-dirty" is not a commit/);
  assert.equal(sender.said.length, 2);
});

test("a delivery that cannot be written down is not repeated, and is written down later", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  sender.owe(scheduled());
  const [name = ""] = sender.files();
  const away = `${sender.outbox.folder}.away`;
  server.answers = [
    () => {
      renameSync(sender.outbox.folder, away);
      return { status: 201, body: {} };
    },
  ];
  sender.say = (line) => {
    sender.said.push(line);
    if (/cannot write to .*outbox/.test(line)) renameSync(away, sender.outbox.folder);
  };
  await sender.deliver();
  assert.match(sender.said.join(), /cannot write to .*outbox/);
  assert.equal(server.received.length, 1);
  assert.deepEqual(sender.files(), [name.replace(/json$/, "done")]);
});

test("ends of reports are forgotten with their finalizations", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  sender.owe(ended("live"));
  sender.owe(ended("live", { id: "20261122-213100-bbbb" }));
  await sender.deliver();
  sender.outbox.prune(["20261122-213100-bbbb"]);
  assert.equal(sender.files().length, 3);
  assert.ok(sender.files().every((name) => name.startsWith("20261122-213100-bbbb")));
});

test("an outbox that cannot be written is told, and harms nothing else", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  sender.folder.write("state/outbox", "a file");
  sender.owe(scheduled());
  assert.match(sender.said.join(), /cannot record the reports for gitea: .*outbox/);
});

test("the back-off doubles up to its limit, and half of it is random", () => {
  const limits = { first: 2, most: 300 };
  const most = [1, 2, 3, 9, 1000].map((tries) => backoffMs(tries, limits, 0.999_999) / 1000);
  assert.deepEqual(most.map(Math.round), [2, 4, 8, 300, 300]);
  const least = [1, 2, 3, 9, 1000].map((tries) => backoffMs(tries, limits, 0) / 1000);
  assert.deepEqual(least, [1, 2, 4, 150, 150]);
});

test("a report that waits is sent through the proxy of the present configuration", async () => {
  await using server = await StandInServer.listen();
  await using proxy = await ProxyServer.listen(server.port);
  using sender = new Sender(server);
  const hook = receiver({ kind: "webhook", url: "http://never.invalid/hook" });
  sender.config = { ...sender.config, receivers: [hook] };
  sender.owe(ended("live"));
  await sender.deliver({ http: proxy.url, https: null, except: [] });
  assert.equal(proxy.asked.length, 1);
  assert.deepEqual(told(server), ["hook live"]);
});
