import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import dns from "node:dns";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { test, type TestContext } from "node:test";
import { connectTo } from "../../../src/host/network/connect.ts";
import { send } from "../../../src/host/network/http.ts";
import { portOf, StandInServer } from "../../report/server.ts";
import { until } from "../../test-host/until.ts";

// Its queue of connections is full while it is stopped: the kernel drops a connection that comes
// meanwhile, and it comes again after a second. So it takes as long to connect as over a satellite.
const SLOW_SERVER = `
  const server = require("node:http").createServer((_, response) => response.end("hello"));
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
    process.stdout.write(String(server.address().port));
  });`;

interface SlowServer {
  readonly port: number;
  /** Who comes from then on is answered. */
  readonly wake: () => void;
}

/** A server to which nobody can connect until it wakes. */
async function slowServer(context: TestContext): Promise<SlowServer> {
  const server = spawn(process.execPath, ["-e", SLOW_SERVER], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.after(() => server.kill("SIGKILL"));
  const port = Number(String(await once(server.stdout, "data")));
  server.kill("SIGSTOP");
  const status = `/proc/${server.pid}/status`;
  await until("the server is stopped", () => /^State:\s+T/m.test(readFileSync(status, "utf8")));
  let queued = 0;
  const others = Array.from({ length: 4 }, () =>
    connect(port, "127.0.0.1")
      .on("connect", () => void queued++)
      .on("error", () => {}),
  );
  context.after(() => {
    for (const other of others) other.destroy();
  });
  // The kernel queues one more than it is told.
  await until("its queue is full", () => queued >= 2);
  return { port, wake: () => server.kill("SIGCONT") };
}

/** Milliseconds that the quickest of some runs takes: a busy machine makes a run longer, and none shorter. */
async function quickest(runs: number, run: () => Promise<void>): Promise<number> {
  const took: number[] = [];
  for (let index = 0; index < runs; index++) {
    const began = performance.now();
    await run();
    took.push(performance.now() - began);
  }
  return Math.min(...took);
}

/** What getaddrinfo gives for every name. */
function nameHas(context: TestContext, ...addresses: readonly string[]): void {
  context.mock.method(dns, "lookup", (...args: unknown[]) => {
    const callback = args.at(-1);
    if (typeof callback !== "function") throw new TypeError("no callback");
    const found = addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    callback(null, found);
  });
}

const NEVER = new AbortController().signal;

test("connect: an address that is slow to answer is waited for, although the name has another one", async (context) => {
  const { port, wake } = await slowServer(context);
  // A server with an IPv6 address too, and a host without IPv6.
  nameHas(context, "127.0.0.1", "::1");
  const url = `http://forge.test:${port}/`;
  const request = { method: "GET", url, headers: {}, body: null } as const;
  const asked = send(request, { within: 60 });
  setTimeout(wake, 700);
  assert.equal((await asked).text, "hello");
});

test("connect: an address that never answers delays the next one by a quarter of a second", async (context) => {
  await using server = await StandInServer.listen();
  // 192.0.2.0/24 is for documents: nothing answers there, or the network refuses it at once.
  nameHas(context, "192.0.2.1", "127.0.0.1");
  const took = await quickest(3, async () => {
    (await connectTo("forge.test", server.port, NEVER)).destroy();
  });
  assert.ok(took < 2_000, `${took} ms`);
});

test("connect: an address that refuses gives way at once, and families take turns", async (context) => {
  await using server = await StandInServer.listen();
  nameHas(context, "::1", "::1", "::1", "127.0.0.1");
  const took = await quickest(5, async () => {
    const socket = await connectTo("forge.test", server.port, NEVER);
    assert.equal(socket.remoteAddress, "127.0.0.1");
    socket.destroy();
  });
  assert.ok(took < 250, `${took} ms`);
});

test("connect: the families take turns, beginning with that of the first address", async (context) => {
  nameHas(context, "127.0.0.1", "127.0.0.2", "127.0.0.3", "::1", "::1");
  const error: unknown = await connectTo("forge.test", 9, NEVER).catch((caught: unknown) => caught);
  assert.ok(error instanceof AggregateError);
  const tried = error.errors.map((one: object) => Reflect.get(one, "address"));
  assert.deepEqual(tried, ["127.0.0.1", "::1", "127.0.0.2", "::1", "127.0.0.3"]);
});

test("connect: a proxy that is slow to answer is waited for, although it has another address", async (context) => {
  const { port, wake } = await slowServer(context);
  nameHas(context, "127.0.0.1", "::1");
  const request = { method: "GET", url: "http://forge.test/", headers: {}, body: null } as const;
  const proxy = { http: `http://proxy.test:${port}`, https: null, except: [] };
  const asked = send(request, { within: 60, proxy });
  setTimeout(wake, 700);
  assert.equal((await asked).text, "hello");
});

test("connect: the first that connects wins, and the others are closed", async (context) => {
  const { port } = await slowServer(context);
  const quick = createServer().listen({ host: "127.0.0.2", port });
  context.after(() => quick.close());
  await once(quick, "listening");
  nameHas(context, "127.0.0.1", "127.0.0.2");
  const connected = once(quick, "connection");
  const socket = await connectTo("forge.test", port, NEVER);
  assert.equal(socket.remoteAddress, "127.0.0.2");
  await connected;
  socket.destroy();
});

test("connect: a signal ends it, also while the name is looked up", async (context) => {
  context.mock.method(dns, "lookup", () => {});
  const asked = connectTo("forge.test", 80, AbortSignal.timeout(50));
  await assert.rejects(asked, /aborted/);
  context.mock.restoreAll();
  const { port } = await slowServer(context);
  await assert.rejects(connectTo("127.0.0.1", port, AbortSignal.timeout(50)));
});

test("connect: an address in brackets is one", async (context) => {
  const server = createServer((socket) => void socket.end("HTTP/1.1 204 \r\n\r\n"));
  context.after(() => server.close());
  const listens = await once(server.listen(0, "::1"), "listening").catch(() => null);
  if (listens === null) {
    context.skip("no IPv6 here");
    return;
  }
  const url = `http://[::1]:${portOf(server.address())}/`;
  const request = { method: "GET", headers: {}, body: null, url } as const;
  assert.equal((await send(request, { within: 60 })).status, 204);
});
