import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClockReading, readingAt } from "../../src/core/record/clock.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { Taking } from "../../src/fleet/slot-keeping.ts";
import { fleetLock } from "../../src/gates/fleet-lock.ts";
import { type Gate, type GateState, OPEN } from "../../src/gates/gate.ts";
import { waitForGates } from "../../src/gates/wait.ts";
import { pauseMs } from "../../src/fleet/holder.ts";
import { fleetLockConfig } from "../fleet/configs.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";

const FULL: Taking = { kind: "refused", why: "full" };

/** A desk for slots that answers what it is told, and a turn; with all that happens in its order. */
class Seat {
  readonly happened: string[] = [];
  readonly #takings: Taking[];
  #hasTurn: boolean;
  isTurnFree = true;

  constructor(takings: Taking[], turn: "mine" | "free" = "free") {
    this.#takings = takings;
    this.#hasTurn = turn === "mine";
  }

  readonly slots = {
    take: async (): Promise<Taking> => {
      this.happened.push(this.#hasTurn ? "takes" : "takes without its turn");
      return (this.#takings.length > 1 ? this.#takings.shift() : this.#takings[0]) ?? FULL;
    },
    letGo: (): void => void this.happened.push("lets go"),
    askedSince: (): ClockReading | null => readingAt("2026-11-22T21:31:00.000Z"),
  };

  readonly turn = {
    isMine: (): boolean => this.#hasTurn,
    try: async (): Promise<boolean> => (this.#hasTurn ||= this.isTurnFree),
    release: async (): Promise<void> => {
      this.happened.push("releases its turn");
      this.#hasTurn = false;
    },
  };
}

function localGate(host: EdgeHost, states: GateState[]): Gate {
  return {
    name: "local",
    whenUnknown: "wait",
    atDeadline: "as-configured",
    look: async () => {
      host.passes(1000);
      return states.length > 1 ? (states.shift() ?? OPEN) : (states[0] ?? OPEN);
    },
    change: async () => {},
  };
}

async function wait(seat: Seat, locals: GateState[], more: { deadline?: number } = {}) {
  using host = new EdgeHost();
  const lock = fleetLockConfig("http://h", { retry: 0.05, ...more });
  const context = { host, record: aRecord(), config: { ...DEFAULT_CONFIG, lock } };
  const end = await waitForGates(context, {
    gates: [localGate(host, locals), fleetLock(lock, seat)],
    since: "in-record",
    stop: new AbortController().signal,
    interrupted: () => false,
  });
  return { end, said: host.said };
}

const CLOSED: GateState = { kind: "closed", why: "a job" };

test("fleet lock: asked for last, with the turn, which is kept with the slot", async () => {
  const seat = new Seat([{ kind: "held" }]);
  const { end } = await wait(seat, [CLOSED, CLOSED, OPEN]);
  assert.equal(end.kind, "gates-opened");
  assert.deepEqual(seat.happened, ["lets go", "lets go", "takes"]);
});

test("fleet lock: refused, it gives the turn up; told once, and tried again", async () => {
  const seat = new Seat([FULL, FULL, { kind: "held" }]);
  const { end, said } = await wait(seat, [OPEN]);
  const refused = ["takes", "releases its turn"];
  assert.deepEqual(seat.happened, [...refused, ...refused, "takes"]);
  assert.deepEqual([end.kind, said], ["gates-opened", ["waits for fleet lock: full"]]);
});

test("fleet lock: the turn of an act that has begun is not given up", async () => {
  const seat = new Seat([FULL, { kind: "held" }], "mine");
  await wait(seat, [OPEN]);
  assert.deepEqual(seat.happened, ["takes", "takes"]);
});

test("fleet lock: nothing is asked while another finalization is acting", async () => {
  const seat = new Seat([{ kind: "held" }]);
  seat.isTurnFree = false;
  const { end } = await wait(seat, [OPEN], { deadline: 1 });
  assert.ok(end.kind === "gates-timed-out");
  assert.match(end.why, /another finalization is acting/);
  assert.deepEqual(seat.happened, []);
});

test("fleet lock: a gate that closes meanwhile comes first again, and the slot is let go", async () => {
  const seat = new Seat([FULL, { kind: "held" }]);
  await wait(seat, [OPEN, CLOSED, OPEN]);
  assert.deepEqual(seat.happened, ["takes", "releases its turn", "lets go", "takes"]);
});

test("fleet lock: the time at it is no part of the deadline of the others", async () => {
  const seat = new Seat([FULL, FULL, { kind: "held" }]);
  using host = new EdgeHost();
  const lock = fleetLockConfig("http://h", { retry: 0.05 });
  const waitFor = { ...DEFAULT_CONFIG.waitFor, timeout: 10 };
  const slow: Gate = {
    ...fleetLock(lock, seat),
    change: async () => host.passes(3_600_000),
  };
  const end = await waitForGates(
    { host, record: aRecord(), config: { ...DEFAULT_CONFIG, lock, waitFor } },
    {
      gates: [localGate(host, [OPEN, CLOSED, OPEN]), slow],
      since: "in-record",
      stop: new AbortController().signal,
      interrupted: () => false,
    },
  );
  assert.equal(end.kind, "gates-opened");
});

test("fleet lock: pauses differ by host and try, and grow while nobody answers", () => {
  const record = aRecord();
  const pauses = [1, 2, 3, 4, 5, 6].map((tries) => pauseMs(record, 30, tries, 0));
  assert.equal(new Set(pauses).size, 6);
  assert.ok(pauses.every((pause) => pause >= 15_000 && pause <= 45_000));
  assert.notEqual(pauseMs({ ...record, host: "web2" }, 30, 1, 0), pauses[0]);
  assert.equal(pauseMs(record, 30, 1, 3), 4 * (pauses[0] ?? 0));
  assert.ok(pauseMs(record, 30, 1, 99) <= 450_000);
});
