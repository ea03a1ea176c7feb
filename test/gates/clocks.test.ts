import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { later, readingAt } from "../../src/core/record/clock.ts";
import { enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import { confirmationLeft } from "../../src/core/record/time-limits.ts";
import { delay } from "../../src/gates/delay.ts";
import { fleetLock } from "../../src/gates/fleet-lock.ts";
import { type Gate, type GateContext, OPEN } from "../../src/gates/gate.ts";
import { everybody, loggedIn } from "../../src/gates/logged-in.ts";
import { waitForGates } from "../../src/gates/wait.ts";
import { readClock, TimeLimit } from "../../src/host/process/clock.ts";
import { fleetLockConfig } from "../fleet/configs.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";

const SECOND = 1000;
/** So many seconds pass between two looks. */
const TICK = 10;
const HOUR = 3600 * SECOND;
/** How the clock is set while something is waited for: an hour either way, and a start in 1970. */
const STEPS = [HOUR, -HOUR, 40 * 365 * 24 * HOUR, -40 * 365 * 24 * HOUR];
const NEVER = new AbortController().signal;

/** A host with all its clocks, whose time passes by hand. */
function aHost(): EdgeHost {
  const host = new EdgeHost();
  host.boots(1000);
  host.passes(0);
  return host;
}

/** Scheduled and waiting on this host since now. */
function waitingOn(host: EdgeHost, changes: Partial<FinalizationRecord> = {}): FinalizationRecord {
  const clock = readClock(host);
  const clocks = { ...aRecord().clocks, scheduled: clock, waiting: clock };
  const at = { scheduledAt: clock.at, fireAt: clock.at, clocks };
  return enter(aRecord({ ...at, ...changes }), "waiting", host.now(), "until all gates are open");
}

function contextOf(host: EdgeHost, record: FinalizationRecord, timeout = 600): GateContext {
  const waitFor = { ...DEFAULT_CONFIG.waitFor, timeout };
  return { host, record, config: { ...DEFAULT_CONFIG, waitFor } };
}

/** Closed for so many seconds of elapsed time; the clock is set after 100 of them. */
function job(host: EdgeHost, seconds: number, step: number): Gate {
  let passed = 0;
  return {
    name: "job",
    whenUnknown: "wait",
    atDeadline: "as-configured",
    look: async () => (passed < seconds ? { kind: "closed", why: "runs" } : OPEN),
    change: async () => {
      host.passes(TICK * SECOND);
      passed += TICK;
      if (passed === 100) host.time += step;
    },
  };
}

const waiting = { since: "in-record", stop: NEVER, interrupted: () => false } as const;

for (const step of STEPS) {
  const stepped = `the clock is set by ${step / HOUR} h`;

  test(`${stepped}: a wait ends when its gate opens, and says how long it was`, async () => {
    using host = aHost();
    const context = contextOf(host, waitingOn(host));
    const end = await waitForGates(context, { ...waiting, gates: [job(host, 300, step)] });
    assert.equal(end.kind, "gates-opened");
    assert.equal(end.kind === "gates-opened" ? end.waitedFor[0]?.seconds : null, 300);
  });

  test(`${stepped}: a wait ends at its limit`, async () => {
    using host = aHost();
    const begin = host.elapsedMs();
    const context = contextOf(host, waitingOn(host));
    const end = await waitForGates(context, { ...waiting, gates: [job(host, 9000, step)] });
    assert.equal(end.kind, "gates-timed-out");
    assert.equal(Math.round((host.elapsedMs() - begin) / SECOND), 600);
  });

  test(`${stepped} while no process waits: what is left is what has not passed`, async () => {
    using host = aHost();
    const record = waitingOn(host);
    host.passes(400 * SECOND);
    host.time += step;
    const begin = host.elapsedMs();
    const gates = [job(host, 9000, 0)];
    const end = await waitForGates(contextOf(host, record), { ...waiting, gates });
    assert.equal(end.kind, "gates-timed-out");
    assert.equal(Math.round((host.elapsedMs() - begin) / SECOND), 200);
  });

  test(`${stepped}: the delay lasts as long as was asked for`, async () => {
    using host = aHost();
    const clock = readClock(host);
    const record = waitingOn(host, { fireAt: later(clock, 60).at });
    const context = contextOf(host, record);
    host.passes(20 * SECOND);
    host.time += step;
    const seen = await delay.look(context);
    assert.equal(seen.kind, "closed");
    assert.match(seen.kind === "closed" ? seen.why : "", /the clock was set meanwhile/);
    host.passes(39 * SECOND);
    assert.equal((await delay.look(context)).kind, "closed");
    host.passes(SECOND);
    assert.equal((await delay.look(context)).kind, "open");
  });

  test(`${stepped}: the fleet lock's deadline`, async () => {
    using host = aHost();
    const record = waitingOn(host);
    const since = readClock(host);
    const slots = {
      take: async () => ({ kind: "refused", why: "full" }) as const,
      letGo: () => {},
      askedSince: () => since,
    };
    const turn = { isMine: () => true, try: async () => true, release: async () => {} };
    const lock = fleetLockConfig("http://h", { deadline: 600, onDeadline: "give-up" });
    let passed = 0;
    const gate: Gate = {
      ...fleetLock(lock, { slots, turn }),
      change: async () => {
        host.passes(TICK * SECOND);
        passed += TICK;
        if (passed === 200) host.time += step;
      },
    };
    const end = await waitForGates(contextOf(host, record), { ...waiting, gates: [gate] });
    assert.deepEqual([end.kind, passed], ["gates-timed-out", 600]);
  });

  test(`${stepped}: the grace time of logged-in users`, async () => {
    using host = aHost();
    host.folder.write(
      "run/systemd/sessions/7",
      "USER=ann\nCLASS=user\nTYPE=tty\nACTIVE=1\nTTY=tty1\n",
    );
    const context = contextOf(host, waitingOn(host));
    const gate = loggedIn({ grace: 60, message: null }, "reboot", everybody);
    assert.equal((await gate.look(context)).kind, "closed");
    await gate.change(context, NEVER);
    host.passes(59 * SECOND);
    host.time += step;
    assert.equal((await gate.look(context)).kind, "closed");
    host.passes(SECOND);
    assert.equal((await gate.look(context)).kind, "open");
  });

  test(`${stepped}: an operator has the whole time for the confirmation`, () => {
    using host = aHost();
    const confirmation = readClock(host);
    const clocks = { ...aRecord().clocks, confirmation };
    const record = aRecord({ clocks, confirmBy: later(confirmation, 600).at });
    const left = (): number => Math.round(time.leftMs() / SECOND);
    const time = new TimeLimit(host, (now) => confirmationLeft(record, now));
    host.passes(100 * SECOND);
    host.time += step;
    assert.equal(left(), 500, "in the process that waits");
    const another = new TimeLimit(host, (now) => confirmationLeft(record, now));
    assert.equal(Math.round(another.leftMs() / SECOND), 500, "in the process that takes it up");
  });
}

/** A host boots with a wrong clock, and a time server sets it a minute later. */
for (const off of [HOUR, -HOUR, -40 * 365 * 24 * HOUR]) {
  test(`a boot with a clock that is wrong by ${off / HOUR} h: the wait goes on, and ends at its limit`, async () => {
    using host = aHost();
    const record = waitingOn(host);
    host.passes(100 * SECOND);
    host.boots(10, "boot-2");
    host.time += off;
    const begin = host.elapsedMs();
    let passed = 0;
    const gate: Gate = {
      ...job(host, 9000, 0),
      change: async () => {
        host.passes(TICK * SECOND);
        passed += TICK;
        if (passed === 60) host.time -= off;
      },
    };
    const end = await waitForGates(contextOf(host, record, 1800), { ...waiting, gates: [gate] });
    assert.equal(end.kind, "gates-timed-out");
    assert.equal(Math.round((host.elapsedMs() - begin) / SECOND), 1700);
  });

  test(`a boot with a clock that is wrong by ${off / HOUR} h: a confirmation can still be given`, () => {
    using host = aHost();
    const confirmation = readClock(host);
    const clocks = { ...aRecord().clocks, confirmation };
    const record = aRecord({ clocks, confirmBy: later(confirmation, 1800).at });
    host.boots(10, "boot-2");
    host.time += off;
    const left = secondsOf(new TimeLimit(host, (now) => confirmationLeft(record, now)));
    assert.ok(left >= 290 && left <= 1790, String(left));
  });

  test(`a boot with a clock that is wrong by ${off / HOUR} h: the delay is at most what was asked for`, async () => {
    using host = aHost();
    const record = waitingOn(host, { fireAt: later(readClock(host), 60).at });
    host.boots(10, "boot-2");
    host.time += off;
    host.passes(50 * SECOND);
    assert.equal((await delay.look(contextOf(host, record))).kind, "open");
  });
}

test("a record of an older version, without readings, is waited for by the clock", async () => {
  using host = aHost();
  const old = { ...waitingOn(host), clocks: aRecord().clocks };
  host.passes(500 * SECOND);
  const begin = host.elapsedMs();
  const gates = [job(host, 9000, 0)];
  const end = await waitForGates(contextOf(host, old), { ...waiting, gates });
  assert.equal(end.kind, "gates-timed-out");
  assert.equal(Math.round((host.elapsedMs() - begin) / SECOND), 100);
  assert.equal(readingAt("2026-11-22T21:30:00.000Z").uptime, null);
});

function secondsOf(time: TimeLimit): number {
  return Math.round(time.leftMs() / SECOND);
}

test("now: the time limit of the gates counts from the wish, not from the end of the delay", async () => {
  const host = aHost();
  const fireAt = new Date(host.time + 24 * HOUR).toISOString();
  const before = waitingOn(host, { fireAt });
  host.passes(HOUR);
  const hurried = { by: "ann", past: [], since: readClock(host) };
  const record = { ...before, hurried };
  const begin = host.elapsedMs();
  const gates = [job(host, 24 * 3600, 0)];
  const end = await waitForGates(contextOf(host, record), { ...waiting, gates });
  assert.equal(end.kind, "gates-timed-out");
  assert.equal((host.elapsedMs() - begin) / SECOND, 600);
});
