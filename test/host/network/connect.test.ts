import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import dns from "node:dns";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectTo } from "../../../src/host/network/connect.ts";
import { send } from "../../../src/host/network/http.ts";
import { portOf, StandInServer } from "../../report/server.ts";

// Its queue of connections is full for 700 ms: the kernel drops a connection that comes meanwhile,
// and it comes again after a second. So it takes as long to connect as over a satellite.
const SLOW_SERVER = `
  const server = require("node:http").createServer((_, response) => response.end("hello"));
  server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
    process.stdout.write(String(server.address().port));
    process.stdin.once("data", () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 700));
  });`;

/** The port of a server to which a connection takes a second. */
async function slowServer(context: TestContext): Promise<number> {
  const server = spawn(process.execPath, ["-e", SLOW_SERVER], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  context.after(() => server.kill("SIGKILL"));
  const port = Number(String(await once(server.stdout, "data")));
  server.stdin.write("be busy\n");
  await sleep(50);
  const others = Array.from({ length: 4 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  context.after(() => {
    for (const other of others) other.destroy();
  });
  await sleep(50);
  return port;
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
  const port = await slowServer(context);
  // A server with an IPv6 address too, and a host without IPv6.
  nameHas(context, "127.0.0.1", "::1");
  const url = `http://forge.test:${port}/`;
  const request = { method: "GET", url, headers: {}, body: null } as const;
  assert.equal((await send(request, { within: 10 })).text, "hello");
});

test("connect: an address that never answers delays the next one by a quarter of a second", async (context) => {
  await using server = await StandInServer.listen();
  // 192.0.2.0/24 is for documents: nothing answers there, or the network refuses it at once.
  nameHas(context, "192.0.2.1", "127.0.0.1");
  const began = performance.now();
  (await connectTo("forge.test", server.port, NEVER)).destroy();
  assert.ok(performance.now() - began < 2_000);
});

test("connect: an address that refuses gives way at once, and families take turns", async (context) => {
  await using server = await StandInServer.listen();
  nameHas(context, "::1", "::1", "::1", "127.0.0.1");
  const began = performance.now();
  const socket = await connectTo("forge.test", server.port, NEVER);
  assert.equal(socket.remoteAddress, "127.0.0.1");
  socket.destroy();
  assert.ok(performance.now() - began < 250);
});

test("connect: the families take turns, beginning with that of the first address", async (context) => {
  nameHas(context, "127.0.0.1", "127.0.0.2", "127.0.0.3", "::1", "::1");
  const error: unknown = await connectTo("forge.test", 9, NEVER).catch((caught: unknown) => caught);
  assert.ok(error instanceof AggregateError);
  const tried = error.errors.map((one: object) => Reflect.get(one, "address"));
  assert.deepEqual(tried, ["127.0.0.1", "::1", "127.0.0.2", "::1", "127.0.0.3"]);
});

test("connect: a proxy that is slow to answer is waited for, although it has another address", async (context) => {
  const port = await slowServer(context);
  nameHas(context, "127.0.0.1", "::1");
  const request = { method: "GET", url: "http://forge.test/", headers: {}, body: null } as const;
  const proxy = { http: `http://proxy.test:${port}`, https: null, except: [] };
  assert.equal((await send(request, { within: 10, proxy })).text, "hello");
});

test("connect: the first that connects wins, and the others are closed", async (context) => {
  const port = await slowServer(context);
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
  const port = await slowServer(context);
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
  assert.equal((await send(request, { within: 5 })).status, 204);
});
