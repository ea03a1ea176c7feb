import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config } from "../../src/core/config/config.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { delay } from "../../src/gates/delay.ts";
import {
  firstClosed,
  type Gate,
  type GateContext,
  type GateState,
  OPEN,
} from "../../src/gates/gate.ts";
import { waitForGates, type Waiting } from "../../src/gates/wait.ts";
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
      host.passes(1000);
      return states.length > 1 ? (states.shift() ?? OPEN) : (states[0] ?? OPEN);
    },
    change: async () => {},
    ...more,
  };
}

function contextOf(
  host: EdgeHost,
  waitFor: Partial<Config["waitFor"]> = {},
  changes: Partial<FinalizationRecord> = {},
): GateContext {
  // From here on time passes by hand.
  host.passes(0);
  const config = { ...DEFAULT_CONFIG, waitFor: { ...DEFAULT_CONFIG.waitFor, ...waitFor } };
  return { host, record: aRecord(changes), config };
}

/** A record that says since when it waits, without the readings of clocks of newer versions. */
function waitingSince(at: string): Partial<FinalizationRecord> {
  const { timeline } = aRecord();
  return { timeline: [...timeline, { at, state: "waiting", detail: "until all gates are open" }] };
}

function waitingFor(gates: Gate[], more: Partial<Waiting> = {}): Waiting {
  const stop = new AbortController().signal;
  return { gates, since: "in-record", stop, interrupted: () => false, ...more };
}

test("waiting: each reason is told once, and again when it changes", async () => {
  using host = new EdgeHost();
  const gate = scripted(host, [closed("a"), closed("a"), closed("b"), closed("a"), OPEN]);
  const end = await waitForGates(contextOf(host), waitingFor([gate]));
  assert.deepEqual(host.said, ["waits for test: a", "waits for test: b", "waits for test: a"]);
  assert.deepEqual(end, {
    kind: "gates-opened",
    gates: [gate],
    waitedFor: [
      { gate: "test", why: "a", seconds: 2 },
      { gate: "test", why: "b", seconds: 1 },
      { gate: "test", why: "a", seconds: 1 },
    ],
  });
});

test("waiting: open gates are not told of", async () => {
  using host = new EdgeHost();
  const gates = [scripted(host, [OPEN])];
  const end = await waitForGates(contextOf(host), waitingFor(gates));
  assert.deepEqual([end, host.said], [{ kind: "gates-opened", gates, waitedFor: [] }, []]);
});

test("waiting: an unknown gate waits or proceeds, as the gate says", async () => {
  using host = new EdgeHost();
  const unknown: GateState = { kind: "unknown", why: "no answer" };
  const context = contextOf(host);
  assert.equal(
    await firstClosed([scripted(host, [unknown], { whenUnknown: "proceed" })], context),
    null,
  );
  const closedGate = await firstClosed([scripted(host, [unknown])], context);
  assert.equal(closedGate?.why, "cannot tell: no answer");
});

test("deadline: gives up by default, with the reason", async () => {
  using host = new EdgeHost();
  const gate = scripted(host, [closed("job")]);
  const end = await waitForGates(contextOf(host, { timeout: 5 }), waitingFor([gate]));
  assert.ok(end.kind === "gates-timed-out");
  assert.equal(end.why, "timed out after 5 s waiting for test: job");
  assert.deepEqual(end.waitedFor, [{ gate: "test", why: "job", seconds: 4 }]);
});

test("deadline: proceeding skips what may be skipped, and still waits for the rest", async () => {
  using host = new EdgeHost();
  const job = scripted(host, [closed("job")]);
  const lock = scripted(host, [closed("busy"), closed("busy"), OPEN], {
    name: "lock",
    atDeadline: "wait-on",
  });
  const context = contextOf(host, { timeout: 3, onTimeout: "proceed" });
  const end = await waitForGates(context, waitingFor([job, lock]));
  assert.ok(end.kind === "gates-opened");
  assert.deepEqual(end.gates, [lock], "the job is skipped");
  assert.deepEqual(
    end.waitedFor.map(({ gate }) => gate),
    ["test", "lock"],
  );
  assert.match(host.said.join("\n"), /waiting for test: job; continues without it, as configured/);
});

test("deadline: proceeding never goes past a gate that says give up", async () => {
  using host = new EdgeHost();
  const lock = scripted(host, [closed("busy")], { atDeadline: "give-up" });
  const context = contextOf(host, { timeout: 3, onTimeout: "proceed" });
  const end = await waitForGates(context, waitingFor([lock]));
  assert.ok(end.kind === "gates-timed-out");
});

test("deadline: a crash does not extend it, as it counts from when waiting began", async () => {
  using host = new EdgeHost();
  const gate = scripted(host, [closed("job")]);
  const at = host.now().toISOString();
  host.passes(3_599_000);
  const end = await waitForGates(contextOf(host, {}, waitingSince(at)), waitingFor([gate]));
  assert.ok(end.kind === "gates-timed-out");
});

test("deadline: the time until a gate opens at a known moment is no part of it", async () => {
  using host = new EdgeHost();
  const opensAt = new Date(host.time + 600_000);
  const later: GateState = { kind: "closed", why: "window", opensAt };
  const window = scripted(host, [later, OPEN], {
    atDeadline: "wait-on",
    change: async () => {
      host.passes(opensAt.getTime() - host.time);
    },
  });
  const job = scripted(host, [closed("job"), closed("job"), OPEN]);
  const context = contextOf(host, { timeout: 30 });
  const end = await waitForGates(context, waitingFor([window, job]));
  assert.equal(end.kind, "gates-opened");
});

test("deadline: the delay is no part of it", async () => {
  using host = new EdgeHost();
  const at = new Date(host.time - 7_200_000).toISOString();
  const gate = scripted(host, [closed("job"), OPEN]);
  const context = contextOf(host, {}, waitingSince(at));
  const end = await waitForGates(context, waitingFor([delay, gate]));
  assert.equal(end.kind, "gates-opened");
});

/** A gate that stays closed until it is told to end. */
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
  const waited = waitForGates(contextOf(host), waitingFor([forever(host)], { stop: stop.signal }));
  stop.abort();
  assert.equal((await waited).kind, "suspended");
});

test("waiting: an interruption is found by itself", async () => {
  using host = new EdgeHost();
  let wanted = false;
  const waited = waitForGates(
    contextOf(host),
    waitingFor([forever(host)], { interrupted: () => wanted }),
  );
  wanted = true;
  assert.equal((await waited).kind, "gates-interrupted");
});

test("waiting: a gate that was closed and opens is looked at again after its grace", async () => {
  using host = new EdgeHost();
  const states = [closed("a"), OPEN, closed("b"), OPEN, OPEN];
  const gate = scripted(host, states, { graceMs: () => 1 });
  const end = await waitForGates(contextOf(host), waitingFor([gate]));
  assert.equal(end.kind, "gates-opened");
  assert.deepEqual(
    end.waitedFor.map(({ why }) => why),
    ["a", "b"],
  );
});

test("waiting: a gate that was never closed has its grace once", async () => {
  using host = new EdgeHost();
  let looks = 0;
  const look = async () => {
    looks++;
    return OPEN;
  };
  const gate = { ...scripted(host, [OPEN], { graceMs: () => 1 }), look };
  await waitForGates(contextOf(host), waitingFor([gate]));
  assert.equal(looks, 2);
});

test("waiting: a caller that looks at all gates again has no look after the grace", async () => {
  for (const [more, looks] of [
    [{}, 1],
    // One that takes something is looked at only when the others are open.
    [{ leave: () => {} }, 2],
  ] as const) {
    using host = new EdgeHost();
    let count = 0;
    const look = async () => {
      count++;
      return OPEN;
    };
    const first = { ...scripted(host, [OPEN], { graceMs: () => 1 }), look };
    const gates = [first, scripted(host, [OPEN], more)];
    const how = { lastLook: "by-caller" } as const;
    const end = await waitForGates(contextOf(host), waitingFor(gates, how));
    assert.deepEqual([end.kind, count], ["gates-opened", looks]);
  }
});

test("waiting: what ends it during the grace does so, also if the caller looks again", async () => {
  for (const kind of ["suspended", "gates-interrupted"] as const) {
    using host = new EdgeHost();
    const [stop, over] = [new AbortController(), { isOver: false }];
    const nearlyOpen = (): void => {
      if (kind === "suspended") stop.abort();
      over.isOver = true;
    };
    const gate = scripted(host, [OPEN], { graceMs: () => 1 });
    const interrupted = (): boolean => over.isOver && kind === "gates-interrupted";
    const how = { lastLook: "by-caller", nearlyOpen, interrupted, stop: stop.signal } as const;
    assert.equal((await waitForGates(contextOf(host), waitingFor([gate], how))).kind, kind);
  }
});

test("waiting: the grace counts whichever gate was closed", async () => {
  using host = new EdgeHost();
  const [first, second] = [scripted(host, [closed("a"), OPEN]), scripted(host, [OPEN])];
  const graces: number[] = [];
  const graceMs = () => graces.push(1);
  await waitForGates(contextOf(host), waitingFor([first, { ...second, graceMs }]));
  assert.equal(graces.length, 1);
});

test("waiting: no job may have ended, so there is no grace", async () => {
  using host = new EdgeHost();
  const gate = scripted(host, [OPEN], { graceMs: () => 0 });
  const end = await waitForGates(contextOf(host), waitingFor([gate]));
  assert.equal(end.kind, "gates-opened");
});

test("deadline: what a wait leaves out stays left out when a gate closes again", async () => {
  using host = new EdgeHost();
  const context = contextOf(host, { timeout: 5 }, waitingSince("2026-11-22T21:31:00.000Z"));
  const time = { leftMs: () => 60_000, endsAt: () => "2026-11-22T22:31:00.000Z" };
  const slot = scripted(host, [closed("no slot"), OPEN], {
    limit: () => ({ time, seconds: 60, next: "give-up" }),
    change: async () => {
      host.passes(30_000);
    },
  });
  const leftOut = { ms: 0 };
  const first = await waitForGates(context, waitingFor([slot], { leftOut }));
  assert.equal(first.kind, "gates-opened");
  // The clock of the test counts in fractions.
  assert.equal(Math.round(leftOut.ms), 30_000);
  const job = scripted(host, [closed("job"), OPEN]);
  const second = await waitForGates(context, waitingFor([job], { leftOut }));
  assert.equal(second.kind, "gates-opened");
});
