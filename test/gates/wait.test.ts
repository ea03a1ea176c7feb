import assert from "node:assert/strict";
import { test } from "node:test";
import { type Config, DEFAULT_CONFIG } from "../../src/core/config.ts";
import { delay } from "../../src/gates/delay.ts";
import { type Gate, type GateContext, type GateState, OPEN } from "../../src/gates/gate.ts";
import { firstShut, waitForGates, type Waiting } from "../../src/gates/wait.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";

const closed = (why: string): GateState => ({ kind: "closed", why });

/** A gate that says one thing after the other, each look taking a second of the host's clock. */
function scripted(host: EdgeHost, states: GateState[], more: Partial<Gate> = {}): Gate {
  return {
    name: "test",
    whenUnknown: "wait",
    atDeadline: "as-configured",
    look: async () => {
      host.time += 1000;
      return states.length > 1 ? (states.shift() ?? OPEN) : (states[0] ?? OPEN);
    },
    change: async () => {},
    ...more,
  };
}

function contextOf(host: EdgeHost, waitFor: Partial<Config["waitFor"]> = {}): GateContext {
  const config = { ...DEFAULT_CONFIG, waitFor: { ...DEFAULT_CONFIG.waitFor, ...waitFor } };
  return { host, record: aRecord(), config };
}

function waitingFor(host: EdgeHost, gates: Gate[], more: Partial<Waiting> = {}): Waiting {
  const stop = new AbortController().signal;
  return { gates, since: host.now(), stop, interrupted: () => false, ...more };
}

test("waiting: each reason is told once, and again when it changes", async () => {
  using host = new EdgeHost();
  const gate = scripted(host, [closed("a"), closed("a"), closed("b"), closed("a"), OPEN]);
  const end = await waitForGates(contextOf(host), waitingFor(host, [gate]));
  assert.deepEqual(host.said, ["waits for test: a", "waits for test: b", "waits for test: a"]);
  assert.deepEqual(end, {
    kind: "opened",
    waited: [
      { gate: "test", why: "a", seconds: 2 },
      { gate: "test", why: "b", seconds: 1 },
      { gate: "test", why: "a", seconds: 1 },
    ],
  });
});

test("waiting: open gates are not told of", async () => {
  using host = new EdgeHost();
  const end = await waitForGates(contextOf(host), waitingFor(host, [scripted(host, [OPEN])]));
  assert.deepEqual([end, host.said], [{ kind: "opened", waited: [] }, []]);
});

test("waiting: an unknown gate waits or proceeds, as the gate says", async () => {
  using host = new EdgeHost();
  const unknown: GateState = { kind: "unknown", why: "no answer" };
  const context = contextOf(host);
  assert.equal(
    await firstShut([scripted(host, [unknown], { whenUnknown: "proceed" })], context),
    null,
  );
  const shut = await firstShut([scripted(host, [unknown])], context);
  assert.equal(shut?.why, "cannot tell: no answer");
});

test("deadline: gives up by default, with the reason", async () => {
  using host = new EdgeHost();
  const gate = scripted(host, [closed("job")]);
  const end = await waitForGates(contextOf(host, { timeout: 5 }), waitingFor(host, [gate]));
  assert.ok(end.kind === "timed-out");
  assert.equal(end.next, "give-up");
  assert.equal(end.why, "waited 5 s in vain for test: job");
  assert.deepEqual(end.waited, [{ gate: "test", why: "job", seconds: 4 }]);
});

test("deadline: proceeding skips what may be skipped, and still waits for the rest", async () => {
  using host = new EdgeHost();
  const job = scripted(host, [closed("job")]);
  const lock = scripted(host, [closed("busy"), closed("busy"), OPEN], {
    name: "lock",
    atDeadline: "wait-on",
  });
  const context = contextOf(host, { timeout: 3, onTimeout: "proceed" });
  const end = await waitForGates(context, waitingFor(host, [job, lock]));
  assert.ok(end.kind === "timed-out" && end.next === "proceed");
  assert.deepEqual(
    end.waited.map(({ gate }) => gate),
    ["test", "lock"],
  );
  assert.match(host.said.join("\n"), /in vain for test: job; goes on, as configured/);
});

test("deadline: proceeding never goes past a gate that says give up", async () => {
  using host = new EdgeHost();
  const lock = scripted(host, [closed("busy")], { atDeadline: "give-up" });
  const context = contextOf(host, { timeout: 3, onTimeout: "proceed" });
  const end = await waitForGates(context, waitingFor(host, [lock]));
  assert.ok(end.kind === "timed-out" && end.next === "give-up");
});

test("deadline: a crash does not extend it, as it counts from when waiting began", async () => {
  using host = new EdgeHost();
  const gate = scripted(host, [closed("job")]);
  const since = new Date(host.time);
  host.time += 3_599_000;
  const end = await waitForGates(contextOf(host), waitingFor(host, [gate], { since }));
  assert.ok(end.kind === "timed-out");
});

test("deadline: the time until a gate opens at a known moment is no part of it", async () => {
  using host = new EdgeHost();
  const opensAt = new Date(host.time + 600_000);
  const shut: GateState = { kind: "closed", why: "window", opensAt };
  const window = scripted(host, [shut, OPEN], {
    atDeadline: "wait-on",
    change: async () => {
      host.time = opensAt.getTime();
    },
  });
  const job = scripted(host, [closed("job"), closed("job"), OPEN]);
  const context = contextOf(host, { timeout: 30 });
  const end = await waitForGates(context, waitingFor(host, [window, job]));
  assert.equal(end.kind, "opened");
});

test("deadline: the delay is no part of it", async () => {
  using host = new EdgeHost();
  const since = new Date(host.time - 7_200_000);
  const gate = scripted(host, [closed("job"), OPEN]);
  const end = await waitForGates(contextOf(host), waitingFor(host, [delay, gate], { since }));
  assert.equal(end.kind, "opened");
});

/** A gate that stays shut until it is told to end. */
const forever = (host: EdgeHost): Gate =>
  scripted(host, [closed("job")], {
    change: async (_context, signal) => {
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => {
          resolve();
        });
      });
    },
  });

test("waiting: ends at once when stopped", async () => {
  using host = new EdgeHost();
  const stop = new AbortController();
  const waited = waitForGates(
    contextOf(host),
    waitingFor(host, [forever(host)], { stop: stop.signal }),
  );
  stop.abort();
  assert.equal((await waited).kind, "stopped");
});

test("waiting: an interruption is found by itself", async () => {
  using host = new EdgeHost();
  let wanted = false;
  const waited = waitForGates(
    contextOf(host),
    waitingFor(host, [forever(host)], { interrupted: () => wanted }),
  );
  wanted = true;
  assert.equal((await waited).kind, "interrupted");
});

test("waiting: a gate that was closed and opens is looked at again after its grace", async () => {
  using host = new EdgeHost();
  const states = [closed("a"), OPEN, closed("b"), OPEN, OPEN];
  const gate = scripted(host, states, { graceMs: 1 });
  const end = await waitForGates(contextOf(host), waitingFor(host, [gate]));
  assert.equal(end.kind, "opened");
  assert.deepEqual(
    end.waited.map(({ why }) => why),
    ["a", "b"],
  );
});

test("waiting: a gate that was never closed needs no grace", async () => {
  using host = new EdgeHost();
  const begin = performance.now();
  const gate = scripted(host, [OPEN], { graceMs: 60_000 });
  await waitForGates(contextOf(host), waitingFor(host, [gate]));
  assert.ok(performance.now() - begin < 10_000);
});
