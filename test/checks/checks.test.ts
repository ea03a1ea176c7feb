import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import {
  type Check,
  commandCheck,
  httpCheck,
  mismatch,
  checkFor,
  unitCheck,
} from "../../src/checks/kinds.ts";
import { matchesGlob } from "../../src/core/glob.ts";
import { untilPassed } from "../../src/checks/verify.ts";
import { EdgeHost } from "../support/edge-host.ts";

const never = new AbortController().signal;

for (const [state, kind] of [
  ["active", "passed"],
  ["activating", "failed"],
  ["failed", "failed"],
] as const) {
  test(`unit: ${state} has ${kind}`, async () => {
    using host = new EdgeHost();
    host.showUnits({ "a.service": { LoadState: "loaded", ActiveState: state, SubState: "x" } });
    assert.equal((await unitCheck("a.service").run(host, never)).kind, kind);
  });
}

test("unit: one that does not exist is told so", async () => {
  using host = new EdgeHost();
  host.showUnits({ "a.service": { LoadState: "not-found", ActiveState: "inactive" } });
  const state = await unitCheck("a.service").run(host, never);
  assert.deepEqual(state, { kind: "failed", why: "the unit does not exist" });
});

test("command: passes with exit code 0, else says what it said", async () => {
  using host = new EdgeHost();
  assert.equal((await commandCheck(["ok"]).run(host, never)).kind, "passed");
  host.answers["bad"] = { exitCode: 7, stderr: "no route" };
  const state = await commandCheck(["bad"]).run(host, never);
  assert.deepEqual(state, { kind: "failed", why: "bad ended with exit code 7: no route" });
});

const answers: [number, string, { status?: number; body?: string }, RegExp | null][] = [
  [200, "", {}, null],
  [204, "", {}, null],
  [301, "", {}, /status 301 instead of 200 to 299/],
  [301, "", { status: 301 }, null],
  [200, "", { status: 204 }, /status 200 instead of 204/],
  [200, "all is well", { body: "well" }, null],
  [200, "all is well", { body: "bad" }, /does not contain bad/],
];
for (const [status, text, expected, why] of answers) {
  test(`http: ${status} "${text}" for ${JSON.stringify(expected)}`, () => {
    const found = mismatch({ url: "http://x/", ...expected }, status, text);
    if (why === null) assert.equal(found, null);
    else assert.match(found ?? "", why);
  });
}

test("http: its name is its address, without a password", () => {
  assert.equal(httpCheck({ url: "http://web1:8080" }).name, "http://web1:8080");
  assert.equal(httpCheck({ url: "https://me:secret@web1/up?a=1" }).name, "https://web1/up?a=1");
});

test("http and tcp: against a real server, and with nobody there", async () => {
  using host = new EdgeHost();
  const server = createServer((_request, answer) => answer.end("hello"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const { port } = address;
  const url = `http://127.0.0.1:${port}/`;
  const times = { timeout: 10, interval: 1, deadline: 30 };
  const checks = [
    checkFor({ kind: "http", url, body: "hello", ...times }),
    checkFor({ kind: "tcp", host: "127.0.0.1", port, ...times }),
  ];
  for (const check of checks) assert.equal((await check.run(host, never)).kind, "passed");
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  for (const check of checks) {
    const state = await check.run(host, never);
    assert.ok(state.kind === "failed");
    assert.match(state.why, /ECONNREFUSED/);
  }
});

/** Passes at the nth try. */
function passesAt(nth: number): Check {
  let tries = 0;
  return {
    name: "nth",
    run: async () =>
      ++tries >= nth ? { kind: "passed", detail: "" } : { kind: "failed", why: "not yet" },
  };
}

test("retry: until it passes", async () => {
  using host = new EdgeHost();
  const times = { timeout: 1, interval: 0.01, deadline: 5 };
  const { state, tries } = await untilPassed(host, passesAt(3), times, never);
  assert.deepEqual([state.kind, tries], ["passed", 3]);
});

test("retry: until the deadline, with a first try at least", async () => {
  using host = new EdgeHost();
  const times = { timeout: 1, interval: 0.05, deadline: 0 };
  const { state, tries } = await untilPassed(host, passesAt(2), times, never);
  assert.deepEqual([state, tries], [{ kind: "failed", why: "not yet" }, 1]);
});

test("retry: a timeout need not be whole milliseconds", async () => {
  using host = new EdgeHost();
  const times = { timeout: 16.1, interval: 0.05, deadline: 0 };
  const { state } = await untilPassed(host, passesAt(1), times, never);
  assert.equal(state.kind, "passed");
});

test("retry: a try that takes too long is ended, one that throws has failed", async () => {
  using host = new EdgeHost();
  const times = { timeout: 0.05, interval: 0.05, deadline: 0 };
  const hangs: Check = {
    name: "hangs",
    run: async (_host, signal) =>
      await new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          reject(new Error("aborted"));
        });
      }),
  };
  const hung = await untilPassed(host, hangs, times, never);
  assert.deepEqual(hung.state, { kind: "failed", why: "no answer within 0.05 s" });
  const throws: Check = {
    name: "throws",
    run: async () => {
      throw new Error("broken");
    },
  };
  const thrown = await untilPassed(host, throws, times, never);
  assert.deepEqual(thrown.state, { kind: "failed", why: "broken" });
});

const globs: [string, string, boolean][] = [
  ["a.service", "a.service", true],
  ["a.service", "ab.service", false],
  ["*.service", "a.service", true],
  ["a*", "a", true],
  ["a*a", "a", false],
  ["a?c*", "abcd", true],
  ["*-b-*.mount", "a-b-c.mount", true],
  ["*ab*ab", "xabab", true],
  ["*ab*ab", "xab", false],
  ["", "a", false],
  ["*", "", true],
];
for (const [glob, name, matches] of globs) {
  test(`glob: ${glob} ${matches ? "matches" : "does not match"} ${name}`, () => {
    assert.equal(matchesGlob(glob, name), matches);
  });
}

test("http: a port that fetch refuses is asked like any other", async () => {
  const server = createServer((_request, answer) => answer.end("hello"));
  server.listen(10_080, "127.0.0.1");
  try {
    await once(server, "listening");
    using host = new EdgeHost();
    const check = httpCheck({ url: "http://127.0.0.1:10080/", body: "hello" });
    const state = await check.run(host, new AbortController().signal);
    assert.deepEqual(state, { kind: "passed", detail: "status 200" });
  } finally {
    server.close();
  }
});
