import assert from "node:assert/strict";
import { realpathSync } from "node:fs";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { end, enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import type { State } from "../../src/core/states.ts";
import { bootCompleteSchema } from "../../src/json/commands.ts";
import type { Said } from "../support/fake-host.ts";
import { OperatedHost, parseJson } from "./operating.ts";

const NOW = new Date("2026-11-22T21:29:30Z");
const OTHER = "/nix/store/other";

function inState(record: FinalizationRecord, state: State): FinalizationRecord {
  const at = NOW.toISOString();
  return { ...record, state, timeline: [...record.timeline, { at, state, detail: "so" }] };
}

test("boot-complete: a boot that no finalization is about is good", async () => {
  using host = new OperatedHost();
  assert.equal((await host.operate("boot-complete")).exitCode, 0);
  host.save({ target: OTHER, previous: OTHER });
  const { exitCode, stdout, stderr } = await host.operate("boot-complete", "--json");
  assert.equal(exitCode, 0);
  assert.match(stderr, /no finalization is about this system/);
  assert.match(parseJson(bootCompleteSchema, stdout).why, /no finalization is about this system/);
});

const ENDS = [
  // Of the system that has booted.
  ["target", "live", 0],
  ["target", "superseded", 0],
  ["target", "cancelled", 0],
  ["target", "failed after the act", 1],
  ["target", "failed", 0],
  ["target", "rolled-back", 1],
  // Of another one, which came before it or is still to come.
  ["previous", "rolled-back", 0],
  ["previous", "failed", 0],
  ["previous", "scheduled", 0],
  ["previous", "waiting", 0],
  ["previous", "rebooting", 0],
] as const;

for (const [role, state, expected] of ENDS) {
  const is = expected === 0 ? "good" : "not good";
  test(`boot-complete: the boot of the ${role} of one that is ${state} is ${is}`, async () => {
    using host = new OperatedHost();
    const booted = realpathSync(host.booted);
    const roles = { target: OTHER, previous: OTHER, [role]: booted };
    const acted = state === "failed after the act";
    const saved = host.save({ ...roles, rebootAskedInBoot: acted ? "before" : null });
    host.save(inState(saved, acted ? "failed" : state));
    const { exitCode, stderr } = await host.operate("boot-complete");
    assert.equal(exitCode, expected);
    assert.match(stderr, expected === 0 ? /this boot is good/ : /this boot is not good: .* is /);
  });
}

/** The call, once it has had many turns and has not ended. */
async function begun(host: OperatedHost): Promise<{ readonly over: Promise<Said> }> {
  const over = host.operate("boot-complete");
  let hasEnded = false;
  void over.then(() => (hasEnded = true));
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  assert.equal(hasEnded, false);
  return { over };
}

test("boot-complete: waits for the verification, and then says what it was", async () => {
  for (const [last, expected] of [
    ["live", 0],
    ["failed", 1],
  ] as const) {
    using host = new OperatedHost();
    const record = host.save({ target: realpathSync(host.booted), rebootAskedInBoot: "before" });
    const verifying = enter(inState(record, "rebooting"), "verifying", NOW, "the target is up");
    host.save(verifying);
    const waiting = await begun(host);
    host.save(end(verifying, last, NOW, { reason: "so" }));
    assert.equal((await waiting.over).exitCode, expected);
  }
});

test("boot-complete: the way back has to be proven too", async () => {
  using host = new OperatedHost();
  const record = host.save({ target: OTHER, previous: realpathSync(host.booted) });
  const back = inState(record, "rolling-back");
  host.save(back);
  const waiting = await begun(host);
  host.save(end(back, "rolled-back", NOW, { reason: "so" }));
  assert.equal((await waiting.over).exitCode, 0);
});

test("boot-complete: asked to stop, as in a reboot, it does not say that the boot is good", async () => {
  using host = new OperatedHost();
  host.save({ target: realpathSync(host.booted) });
  const waiting = host.operate("boot-complete");
  host.stop.abort();
  const { exitCode, stderr } = await waiting;
  assert.equal(exitCode, 75);
  assert.match(stderr, /asked to stop: .* has not ended/);
});
