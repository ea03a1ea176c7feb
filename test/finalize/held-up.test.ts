import assert from "node:assert/strict";
import { test } from "node:test";
import { statSync } from "node:fs";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { HeldUp } from "../../src/finalize/patience/held-up.ts";
import { whoHoldsSwitchLock } from "../../src/gates/host/switch-lock.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { aRecord } from "../support/records.ts";
import { EdgeHost } from "../support/edge-host.ts";

const HELD = { kind: "held-up", why: "lock" } as const;

function heldUp(host: EdgeHost, timeout: number, stop = new AbortController()): HeldUp {
  const config = { ...DEFAULT_CONFIG, waitFor: { ...DEFAULT_CONFIG.waitFor, timeout } };
  return newHeldUp(host, config, stop);
}

function newHeldUp(host: EdgeHost, config: Config, { signal }: AbortController): HeldUp {
  const store = new RecordStore(host.folder.at("state"));
  return new HeldUp({ host, config, store, stop: signal });
}

function hex(number: number): string {
  return number.toString(16).padStart(2, "0");
}

/** The kernel says that a process holds the switch lock. */
function holdSwitchLock(host: EdgeHost): void {
  host.folder.write("run/nixos/switch-to-configuration.lock", "");
  const { dev, ino } = statSync(host.paths.switchLock);
  const device = `${hex((dev >> 8) & 0xfff)}:${hex(dev & 0xff)}`;
  host.folder.write("proc/locks", `1: FLOCK  ADVISORY  WRITE 4711 ${device}:${ino} 0 EOF\n`);
  host.folder.write("proc/4711/comm", "backup\n");
}

test("held up: the first try comes at once, and what was not held up needs no pause", async () => {
  using host = new EdgeHost();
  const held = heldUp(host, 0);
  assert.equal(await held.pause("act"), null);
  held.note(HELD);
  held.note({ kind: "overtaken" });
  assert.equal(await held.pause("act"), null);
});

test("held up: pauses grow, and their sum is bounded by time and not by tries", async () => {
  using host = new EdgeHost();
  const held = heldUp(host, 1);
  const begin = performance.now();
  for (let tries = 0; ; tries++) {
    held.note(HELD);
    const end = await held.pause("act");
    if (end === null) continue;
    assert.deepEqual(end, {
      kind: "gates-timed-out",
      waitedFor: [],
      why: "timed out after 1 s: lock",
    });
    assert.ok(tries <= 4, String(tries));
    break;
  }
  // Fewer tries where the machine stands still.
  assert.ok(performance.now() - begin >= 990);
});

test("held up: a stop and a watch end the pause", async () => {
  using host = new EdgeHost();
  const stop = new AbortController();
  const held = heldUp(host, 3600, stop);
  for (let i = 0; i < 20; i++) held.note(HELD);
  const begin = performance.now();
  assert.equal(await held.pause("act", async () => {}), null);
  const stopped = held.pause("act");
  stop.abort();
  assert.deepEqual(await stopped, { kind: "suspended" });
  assert.ok(performance.now() - begin < 25_000, "of 30 s for each pause");
});

test("held up: a rollback waits for the switch lock within its own limit, and names the holder", async () => {
  using host = new EdgeHost();
  holdSwitchLock(host);
  const waitFor = { ...DEFAULT_CONFIG.waitFor, timeout: 3600, rollbackTimeout: 0 };
  const held = newHeldUp(host, { ...DEFAULT_CONFIG, waitFor }, new AbortController());
  const record = aRecord({ state: "rolling-back" });
  const begin = performance.now();
  // What it waits for more than once in a rollback has one limit for all.
  for (let times = 0; times < 5; times++) await held.awaitSwitchLock(record, "rollback");
  const why = whoHoldsSwitchLock(host.paths);
  held.note({ kind: "held-up", why });
  assert.deepEqual(await held.pause("rollback"), {
    kind: "gates-timed-out",
    waitedFor: [],
    why: "timed out after 5 s: the switch lock is held by process 4711 (backup)",
  });
  assert.ok(performance.now() - begin < 60_000);
});

test("held up: what an act has waited is not taken from the time of the rollback after it", async () => {
  using host = new EdgeHost();
  const waitFor = { ...DEFAULT_CONFIG.waitFor, timeout: 1, rollbackTimeout: 300 };
  const held = newHeldUp(host, { ...DEFAULT_CONFIG, waitFor }, new AbortController());
  held.note(HELD);
  const watch = async (): Promise<void> => {
    host.passes(3_600_000);
  };
  assert.equal(await held.pause("act", watch), null);
  held.note(HELD);
  held.note({ kind: "gates-timed-out", waitedFor: [], why: "lock" });
  assert.equal(await held.pause("rollback"), null);
});
