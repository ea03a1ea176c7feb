import assert from "node:assert/strict";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { pause, timeLimit } from "../../../src/host/process/time.ts";

test("a pause of years is none of a millisecond, and is cut short", async () => {
  const over = new AbortController();
  const yearsMs = 3 * 365 * 86_400_000;
  const paused = pause(yearsMs, over.signal).then(() => "over");
  assert.equal(await Promise.race([paused, sleep(50, "pauses")]), "pauses");
  over.abort();
  assert.equal(await paused, "over");
});

test("a pause that is cut short before it begins is none", async () => {
  const paused = pause(60_000, AbortSignal.abort()).then(() => "over");
  assert.equal(await Promise.race([paused, nextTurn("pauses")]), "over");
});

test("a pause that nothing cuts short ends", async () => {
  await pause(1, new AbortController().signal);
});

test("a pause is never shorter than asked, nor is a time limit", async () => {
  const { signal } = new AbortController();
  for (let tenths = 1; tenths <= 60; tenths++) {
    const ms = tenths / 10;
    const begin = performance.now();
    await pause(ms, signal);
    const paused = performance.now() - begin;
    assert.ok(paused >= ms, `${ms} ms took ${paused}`);
    const limited = performance.now();
    await pause(60_000, timeLimit(ms / 1000));
    const lasted = performance.now() - limited;
    assert.ok(lasted >= ms, `a limit of ${ms} ms took ${lasted}`);
  }
});
