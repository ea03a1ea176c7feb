import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlertGateConfig } from "../../src/core/config/wait-for/gates.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { noAlerts } from "../../src/gates/alerts.ts";
import { type GateState, OPEN } from "../../src/gates/gate.ts";
import { StandInServer } from "../report/server.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";
import { alertGate } from "./configs.ts";

type Config = Partial<AlertGateConfig>;

async function lookAt(
  url: string,
  given: Config = {},
  host = new EdgeHost(),
  stop?: AbortSignal,
): Promise<GateState> {
  using context = host;
  const gate = noAlerts(alertGate({ url, ...given }), null);
  return await gate.look({ host: context, record: aRecord(), config: DEFAULT_CONFIG }, stop);
}

type Alert = [name: string, state?: string];

function answered(...alerts: Alert[]): { status: number; body: object } {
  const list = alerts.map(([alertname, state = "firing"]) => ({
    labels: { alertname, severity: "page" },
    annotations: { summary: "x" },
    state,
    activeAt: "2026-11-22T21:30:00Z",
    value: "1e+00",
  }));
  return { status: 200, body: { status: "success", data: { alerts: list } } };
}

const CASES: [what: string, alerts: Alert[], config: Config, expected: string | null][] = [
  ["no alert", [], {}, null],
  ["one that fires", [["HostDown"]], {}, "firing: HostDown"],
  ["one that is pending", [["HostDown", "pending"]], {}, null],
  [
    "one that is pending, where these count",
    [["HostDown", "pending"], ["DiskFull"]],
    { pending: true },
    "firing: DiskFull; pending: HostDown",
  ],
  ["one that is ignored", [["Watchdog"], ["InfoInhibitor"]], { ignore: ["Watch*", "Info*"] }, null],
  ["only those that match", [["CephDown"], ["HostDown"]], { match: ["Ceph*"] }, "firing: CephDown"],
  ["one that matches and is ignored", [["CephDown"]], { match: ["C*"], ignore: ["*Down"] }, null],
  ["its own", [["DeployFinalizeFailed"]], { match: ["*"] }, null],
  [
    "its own, asked for by name",
    [["DeployFinalizeFailed"]],
    { match: ["DeployFinalize*"] },
    "firing: DeployFinalizeFailed",
  ],
  [
    "the same for several hosts, and many",
    [["F"], ["A"], ["A"], ["B"], ["C"], ["D"], ["E"], ["G"]],
    {},
    "firing: A, B, C, D, E and 2 more",
  ],
  ["a name with control characters", [["a\u001b[31m\nb"]], {}, "firing: a b"],
];
for (const [what, alerts, config, why] of CASES) {
  test(`gate: alerts: ${what}`, async () => {
    await using server = await StandInServer.listen();
    server.answers = [() => answered(...alerts)];
    const expected = why === null ? OPEN : { kind: "closed", why };
    assert.deepEqual(await lookAt(`${server.url}/`, config), expected);
    assert.equal(server.received[0]?.path, "/api/v1/alerts");
    assert.equal(server.received[0].headers.authorization, undefined);
  });
}

test("gate: alerts: a path before the API, and a token from its file", async () => {
  await using server = await StandInServer.listen();
  server.answers = [() => answered()];
  const host = new EdgeHost();
  const tokenFile = host.folder.write("token", "planted-token\n");
  assert.deepEqual(await lookAt(`${server.url}/prometheus`, { tokenFile }, host), OPEN);
  const [{ path, headers } = { path: "", headers: {} }] = server.received;
  assert.equal(path, "/prometheus/api/v1/alerts");
  assert.equal(headers.authorization, "Bearer planted-token");
});

const PAGE = "<!doctype html><title>Log in</title>";
for (const [what, answer, why] of [
  ["an error", { status: 503, body: "not ready" }, / answered 503: not ready$/],
  ["a refusal", { status: 401, body: "" }, / answered 401$/],
  [
    "a redirect, which would take the token elsewhere",
    { status: 302, headers: { Location: "http://127.0.0.1:9/" }, body: "" },
    / answered 302 \(redirects are not followed\)$/,
  ],
  ["a page for people", { status: 502, body: PAGE }, / answered 502: a page for people$/],
  ["a page with success", { status: 200, body: PAGE }, /does not answer as Prometheus does$/],
  ["another API", { status: 200, body: [{ labels: {} }] }, /does not answer as Prometheus does$/],
  [
    "an error of the API",
    { status: 200, body: { status: "error", error: "x" } },
    /does not answer as Prometheus does$/,
  ],
  ["a state that it does not know", answered(["A", "on fire"]), /does not answer as Prometheus/],
  ["no answer in time", "hang", /: no answer in time$/],
  ["half an answer in time", "never-ends", /: no answer in time$/],
  ["a connection that ends", "hang-up", /socket hang up/],
  ["an answer that is cut off", "hangs-up-in-between", /aborted/],
  ["an answer without an end", "floods", /does not answer as Prometheus does$/],
] as const) {
  test(`gate: alerts: ${what} is unknown`, async () => {
    await using server = await StandInServer.listen();
    server.answers = [() => answer];
    const timeout = typeof answer === "string" && answer !== "floods" ? 0.3 : 10;
    const state = await lookAt(server.url, { timeout });
    assert.equal(state.kind, "unknown");
    assert.match(state.why ?? "", why);
    assert.match(state.why ?? "", /^127\.0\.0\.1:/);
  });
}

for (const [what, url, why] of [
  ["nobody listens", "http://127.0.0.1:9", /^127\.0\.0\.1:9: connect ECONNREFUSED/],
  ["no such name", "http://prometheus.invalid", /^prometheus\.invalid: .*(ENOTFOUND|EAI_AGAIN)/],
] as const) {
  test(`gate: alerts: ${what}: unknown`, async () => {
    const state = await lookAt(url);
    assert.equal(state.kind, "unknown");
    assert.match(state.why ?? "", why);
  });
}

test("gate: alerts: a server that speaks no TLS, and certificates that cannot be read, are unknown", async () => {
  await using server = await StandInServer.listen();
  const plain = await lookAt(server.url.replace("http:", "https:"));
  assert.equal(plain.kind, "unknown");
  const state = await lookAt("https://127.0.0.1:9", { caFile: "/nowhere/ca.pem" });
  assert.equal(state.kind, "unknown");
});

test("gate: alerts: a token that cannot be read is unknown; no answer repeats it", async () => {
  await using server = await StandInServer.listen();
  server.answers = [({ headers }) => ({ status: 403, body: `no: ${headers.authorization}` })];
  const missing = await lookAt(server.url, { tokenFile: "/nowhere/token" });
  assert.deepEqual(missing, { kind: "unknown", why: "the secret /nowhere/token does not exist" });
  assert.equal(server.received.length, 0);
  const host = new EdgeHost();
  const tokenFile = host.folder.write("token", "planted-token");
  const refused = await lookAt(server.url, { tokenFile }, host);
  assert.match(refused.why ?? "", / answered 403: no: Bearer \*\*\*$/);
});

test("gate: alerts: unknown waits, and a stop of this process ends the look", async () => {
  const gate = noAlerts(alertGate({ url: "http://127.0.0.1:9" }), null);
  assert.deepEqual([gate.whenUnknown, gate.atDeadline], ["wait", "as-configured"]);
  await using server = await StandInServer.listen();
  server.answers = [() => "hang"];
  const stop = AbortSignal.timeout(200);
  assert.equal((await lookAt(server.url, { timeout: 600 }, new EdgeHost(), stop)).kind, "unknown");
});

test("gate: alerts: the window of the act bounds the wait if there is one", () => {
  const config = alertGate({ url: "http://127.0.0.1:9" });
  const window = { start: "02:00", duration: 3600 };
  assert.equal(noAlerts(config, [window]).atDeadline, "wait-on");
  assert.equal(noAlerts(config, null).atDeadline, "as-configured");
});
