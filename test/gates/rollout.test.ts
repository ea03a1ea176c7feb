import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config } from "../../src/core/config/config.ts";
import type { Rollout } from "../../src/core/fleet/rollout.ts";
import { fleetTermsOf } from "../../src/fleet/part/terms.ts";
import type { Admission } from "../../src/fleet/rollouts/rollout-server.ts";
import { type Gate, type GateState, OPEN } from "../../src/gates/gate.ts";
import { rollout, rolloutOf, type RolloutSeat } from "../../src/gates/rollout.ts";
import { gatesFor } from "../../src/gates/table.ts";
import { waitForGates } from "../../src/gates/wait.ts";
import { PartHost, partRecord, ROLLOUT } from "../fleet/part/part-host.ts";
import { etcdConfig, fleetConfig, fleetLockConfig } from "../fleet/configs.ts";

const TERMS = {
  lock: etcdConfig(["http://127.0.0.1:9"]),
  fleet: fleetConfig({ wave: 1 }),
  name: ROLLOUT,
};
const CONTROL: Rollout = {
  schemaVersion: 1,
  seq: 1,
  name: ROLLOUT,
  startedAt: "",
  startedBy: "web0",
  halt: null,
  failures: [],
  forgiven: 0,
};
const ADMITTED: Admission = { kind: "admitted", rollout: CONTROL };
const UNKNOWN: Admission = { kind: "unknown", why: "no answer" };

function held(why: string): Admission {
  return { kind: "held", because: "wave", why, rollout: CONTROL };
}

/** A part that is answered what it is told, and a turn; with all that happens in its order. */
class Seat implements RolloutSeat {
  readonly happened: string[] = [];
  readonly #answers: Admission[];
  #hasTurn: boolean;
  isTurnFree = true;
  isNewest = true;

  constructor(answers: Admission[], turn: "mine" | "free" = "free") {
    this.#answers = answers;
    this.#hasTurn = turn === "mine";
  }

  readonly part = {
    admit: async (): Promise<Admission> => {
      this.happened.push(this.#hasTurn ? "asks" : "asks without its turn");
      return (this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0]) ?? UNKNOWN;
    },
    change: async (): Promise<void> => void this.happened.push("waits for a change"),
    isNewest: (): boolean => this.isNewest,
    letGo: (): void => void this.happened.push("lets go"),
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

function localGate(host: PartHost, states: GateState[], passes = 1000): Gate {
  return {
    name: "local",
    whenUnknown: "wait",
    atDeadline: "as-configured",
    look: async () => {
      host.passes(passes);
      return states.length > 1 ? (states.shift() ?? OPEN) : (states[0] ?? OPEN);
    },
    change: async () => {},
  };
}

async function wait(seat: Seat, locals: GateState[], passes?: number) {
  using host = new PartHost();
  const end = await waitForGates(
    { host, record: partRecord(), config: host.config },
    {
      gates: [localGate(host, locals, passes), rollout(TERMS, seat)],
      since: "in-record",
      stop: new AbortController().signal,
      interrupted: () => false,
    },
  );
  return { end, said: host.said };
}

const CLOSED: GateState = { kind: "closed", why: "a job" };
const ASKED = ["asks", "releases its turn"];

test("rollout: asked for last, with the turn, which is given up again", async () => {
  const seat = new Seat([ADMITTED]);
  const { end } = await wait(seat, [CLOSED, CLOSED, OPEN]);
  assert.equal(end.kind, "gates-opened");
  assert.deepEqual(seat.happened, ["lets go", "lets go", ...ASKED]);
});

test("rollout: the turn of an act that is about to begin is not given up", async () => {
  const seat = new Seat([ADMITTED], "mine");
  await wait(seat, [OPEN]);
  assert.deepEqual(seat.happened, ["asks"]);
});

test("rollout: held, it says why once, and asks again at a change", async () => {
  const seat = new Seat([held("waits for web0"), held("waits for web0"), ADMITTED]);
  const { end, said } = await wait(seat, [OPEN]);
  const waited = [...ASKED, "waits for a change"];
  assert.deepEqual(seat.happened, [...waited, ...waited, ...ASKED]);
  assert.deepEqual([end.kind, said], ["gates-opened", ["waits for rollout: waits for web0"]]);
});

test("rollout: unknown waits, and says that it cannot tell", async () => {
  const { end, said } = await wait(new Seat([UNKNOWN, ADMITTED]), [OPEN]);
  assert.equal(end.kind, "gates-opened");
  assert.deepEqual(said, ["waits for rollout: cannot tell: no answer"]);
});

test("rollout: nothing is asked while another finalization acts, or by one that is not the newest", async () => {
  for (const [hinder, why] of [
    ["isTurnFree", "another finalization is acting"],
    ["isNewest", "a newer finalization is scheduled"],
  ] as const) {
    using host = new PartHost();
    const seat = new Seat([ADMITTED]);
    seat[hinder] = false;
    const context = { host, record: partRecord(), config: host.config };
    const state = await rollout(TERMS, seat).look(context);
    assert.deepEqual(state, { kind: "closed", why });
    assert.equal(seat.happened.includes("asks"), false);
  }
});

test("rollout: a gate that closes meanwhile comes first again, and the leave to act is let go", async () => {
  const seat = new Seat([held("waits for web0"), ADMITTED]);
  await wait(seat, [OPEN, CLOSED, OPEN]);
  assert.deepEqual(seat.happened, [...ASKED, "waits for a change", "lets go", ...ASKED]);
});

test("rollout: it is waited for without a limit, and the others have their time afterwards", async () => {
  using host = new PartHost();
  const seat = new Seat([held("halted"), held("halted"), ADMITTED]);
  const slow: Gate = {
    ...rollout(TERMS, seat),
    change: async () => {
      host.passes(10 * 24 * 3_600_000);
    },
  };
  const locals: GateState[] = [OPEN, OPEN, CLOSED, OPEN];
  const end = await waitForGates(
    { host, record: partRecord(), config: host.config },
    {
      gates: [localGate(host, locals), slow],
      since: "in-record",
      stop: new AbortController().signal,
      interrupted: () => false,
    },
  );
  assert.equal(end.kind, "gates-opened");
});

function namesOf(config: Partial<Config>, action: "switch" | "reboot", record = partRecord()) {
  using host = new PartHost();
  const context = { host, record, config: { ...host.config, ...config } };
  return gatesFor(context, { action, seat: null }).map(({ name }) => name);
}

test("rollout: a gate of switches and reboots, right before the fleet lock", () => {
  const names = namesOf({}, "reboot");
  assert.equal(names.indexOf("rollout") + 1, names.indexOf("fleet lock"));
  assert.ok(namesOf({}, "switch").includes("rollout"));
});

test("rollout: no gate without a fleet, without a name, or of a rollback by hand or an act that is over", () => {
  const rollbackOf = "20261122-203000-bbbb";
  assert.ok(!namesOf({ fleet: null }, "switch").includes("rollout"));
  assert.ok(!namesOf({ lock: fleetLockConfig("http://h") }, "switch").includes("rollout"));
  assert.ok(!namesOf({}, "switch", partRecord({ rollout: null })).includes("rollout"));
  assert.ok(!namesOf({}, "switch", partRecord({ rollbackOf })).includes("rollout"));
  assert.ok(!namesOf({}, "switch", partRecord({ state: "verifying" })).includes("rollout"));
  const hurried = {
    by: "ann",
    past: ["rollout"],
    since: { at: "2026-11-22T21:30:00.000Z", bootId: "", uptime: null },
  };
  assert.ok(!namesOf({}, "switch", partRecord({ hurried })).includes("rollout"));
});

test("rollout: who only looks joins nothing", async () => {
  using host = new PartHost({ wave: 1 });
  const { rollouts } = host;
  const record = partRecord();
  const terms = rolloutOf(host.config, record, "switch");
  assert.ok(terms !== null && fleetTermsOf(host.config) !== null);
  const gate = rollout(terms, null, async () => rollouts.serverFor);
  const context = { host, record, config: host.config };
  rollouts.knows("web0", 0, "live", 0);
  assert.deepEqual(await gate.look(context), {
    kind: "closed",
    why: "group default: waits for web0",
  });
  rollouts.forget("web0");
  rollouts.weather = "away";
  assert.deepEqual(await gate.look(context), {
    kind: "unknown",
    why: "group default: no etcd answers",
  });
  rollouts.weather = "fine";
  rollouts.members.clear();
  assert.deepEqual(await gate.look(context), {
    kind: "open",
    why: "group default: it may act now",
  });
  assert.deepEqual([rollouts.asked, rollouts.control], [[], null]);
});
