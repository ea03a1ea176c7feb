import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createServer as createMuteServer } from "node:net";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { type ProxyConfig, proxyFor } from "../../../src/core/config/proxy-config.ts";
import { sendTo } from "../../../src/report/receivers/table.ts";
import { serverFor } from "../../../src/fleet/slot-access.ts";
import { send } from "../../../src/host/network/http.ts";
import { claimOf, etcdConfig, fleetLockConfig } from "../../fleet/configs.ts";
import { LockServer } from "../../fleet/stand-in.ts";
import { ended, lastEvent, receiver } from "../../report/reports.ts";
import { portOf, StandInServer } from "../../report/server.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { Folder } from "../../support/folder.ts";
import { certificateFor } from "./certificates.ts";
import { ProxyServer } from "./proxy-server.ts";

const NOT_THERE = "never.invalid";

function through(proxy: ProxyServer, except: readonly string[] = []): ProxyConfig {
  const address = proxy.url.replace("//", "//me:planted%2F4711@");
  return { http: address, https: address, except };
}

/** As the proxy is told it. */
const PASSWORD = `Basic ${Buffer.from("me:planted/4711").toString("base64")}`;

test("proxy: a server with http:// is asked through it, and its password is told to it alone", async () => {
  await using server = await StandInServer.listen();
  await using proxy = await ProxyServer.listen(server.port);
  const url = `http://${NOT_THERE}:81/hook`;
  const request = { method: "POST", url, headers: {}, body: "{}" } as const;
  assert.equal((await send(request, { within: 60, proxy: through(proxy) })).status, 201);
  assert.deepEqual(proxy.asked, [`POST ${url} ${PASSWORD}`]);
  assert.equal(server.received[0]?.body, "{}");
  proxy.refusal = 403;
  assert.equal((await send(request, { within: 60, proxy: through(proxy) })).status, 403);
});

test("proxy: a server with https:// is asked through a tunnel, with its own certificate", async () => {
  using folder = new Folder();
  const { key, cert } = certificateFor(folder, "server", `DNS:${NOT_THERE}`);
  const options = { key: readFileSync(key), cert: readFileSync(cert) };
  const server = createServer(options, (_request, response) => response.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await using proxy = await ProxyServer.listen(portOf(server.address()));
  const ask = async (caFile: string | null) => {
    const request = {
      method: "GET",
      url: `https://${NOT_THERE}/`,
      headers: {},
      body: null,
    } as const;
    return await send(request, { within: 60, tls: { caFile }, proxy: through(proxy) });
  };
  try {
    assert.equal((await ask(cert)).text, "hello");
    assert.deepEqual(proxy.asked, [`CONNECT ${NOT_THERE}:443 ${PASSWORD}`]);
    await assert.rejects(ask(null), /self-signed certificate/);
    proxy.refusal = 407;
    const place = `${NOT_THERE} through the proxy ${new URL(proxy.url).host}: `;
    await assert.rejects(ask(cert), (error) => {
      const words = String(error);
      return words.includes(place) && words.includes("407") && !words.includes("planted");
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test("proxy: one that is down, and one that never answers, is said in time", async (context) => {
  await using server = await StandInServer.listen();
  const proxy = await ProxyServer.listen(server.port);
  const config = through(proxy);
  await proxy[Symbol.asyncDispose]();
  const request = { method: "GET", headers: {}, body: null } as const;
  for (const scheme of ["http", "https"]) {
    const asked = send(
      { ...request, url: `${scheme}://${NOT_THERE}/` },
      { within: 60, proxy: config },
    );
    await assert.rejects(
      asked,
      /never\.invalid through the proxy 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
    );
  }
  const mute = createMuteServer(() => {}).listen(0, "127.0.0.1");
  context.after(() => mute.close());
  await once(mute, "listening");
  const address = `http://127.0.0.1:${portOf(mute.address())}`;
  const hangs = { http: address, https: address, except: [] };
  for (const scheme of ["http", "https"]) {
    const asked = send(
      { ...request, url: `${scheme}://${NOT_THERE}/` },
      { within: 0.2, proxy: hangs },
    );
    await assert.rejects(asked, /no answer within 0\.2 s/);
  }
});

test("proxy: reports and both lock back ends go through it", async () => {
  await using server = await StandInServer.listen();
  await using proxy = await ProxyServer.listen(server.port);
  using host = new EdgeHost();
  const config = receiver({ kind: "webhook", url: `http://${NOT_THERE}/hook` });
  const signal = AbortSignal.timeout(60_000);
  const outgoing = { host, event: lastEvent(ended("live")), warn: host.say, signal };
  const sent = await sendTo(config, { ...outgoing, proxy: through(proxy) });
  assert.deepEqual(sent, { kind: "delivered" });
  await using slots = await new LockServer().listen();
  await using toSlots = await ProxyServer.listen(Number(new URL(slots.url).port));
  const fleetLock = fleetLockConfig(`http://${NOT_THERE}`);
  const taking = await serverFor(fleetLock, "a1", host.now, through(toSlots)).take(claimOf("a1"));
  assert.equal(taking.kind, "held");
  const etcd = etcdConfig([`http://${NOT_THERE}`]);
  await serverFor(etcd, "a1", host.now, through(proxy)).look();
  assert.match(proxy.asked.at(-1) ?? "", /^POST http:\/\/never\.invalid\/v3\/kv\/range /);
});

const PROXY = { http: "http://proxy:1", https: "http://proxy:2" };
const ASKED: [url: string, except: string[], proxy: string | null][] = [
  ["http://x.example.org/", [], "http://proxy:1"],
  ["https://x.example.org/", [], "http://proxy:2"],
  ["https://x.example.org/", ["example.org"], null],
  ["https://x.example.org/", [".example.org"], null],
  ["https://x.example.org/", ["*.Example.org"], null],
  ["https://example.org/", [".example.org"], null],
  ["https://anexample.org/", ["example.org"], "http://proxy:2"],
  ["https://x.example.org:8443/", ["x.example.org:8443"], null],
  ["https://x.example.org:8443/", ["x.example.org:8444"], "http://proxy:2"],
  ["https://x.example.org/", [" * "], null],
  ["https://10.1.2.3/", ["10.0.0.0/8"], null],
  ["https://11.1.2.3/", ["10.0.0.0/8", "10.0.0.0/99", "11.1.2.3/x"], "http://proxy:2"],
  ["https://10.1.2.3/", ["10.1.2.3"], null],
  ["https://[fd00::1]/", ["fd00::/8"], null],
  ["https://10.example.org/", ["10.0.0.0/8"], "http://proxy:2"],
  ["https://x.example.org./", ["example.org"], null],
  ["https://x.example.org/", ["example.org."], null],
  ["https://x.example.org./", [" ", "."], "http://proxy:2"],
  ["https://x.example.org/", ["example.org:443"], null],
  ["http://x.example.org/", ["example.org:443"], "http://proxy:1"],
  ["https://[fd00::1]/", ["[fd00::1]"], null],
  ["https://[fd00::1]:8443/", ["[fd00::1]:8443"], null],
  ["https://[fd00::1]/", ["[fd00::1]:8443"], "http://proxy:2"],
  ["http://localhost:3000/", [], null],
  ["http://localhost.:3000/", [], null],
  ["http://127.1.2.3/", [], null],
  ["http://[::1]/", [], null],
  ["http://localhost.example.org/", [], "http://proxy:1"],
];

for (const [url, except, expected] of ASKED) {
  test(`proxy: ${url} with the exceptions "${except.join()}": ${expected ?? "none"}`, () => {
    assert.equal(proxyFor(new URL(url), { ...PROXY, except }), expected);
  });
}

test("proxy: none is the default", () => {
  assert.equal(proxyFor(new URL("https://example.org"), DEFAULT_CONFIG.proxy), null);
});
