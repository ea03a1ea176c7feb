import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSpawn } from "../../../src/host/process/spawn.ts";
import { checkWindow } from "../../../src/host/systemd/check-window.ts";

// The real systemd-analyze: what it takes is what is tested.
const spawn = makeSpawn({ env: process.env, kill: () => {} });
const host = { spawn, now: () => new Date("2026-11-22T21:30:00Z") };

const WINDOWS: [start: string, hours: number, problem: RegExp | null][] = [
  ["Sat 02:00", 3, null],
  ["Sat 02:00 UTC", 3, null],
  ["Sat 02:00 No/Such_Zone", 3, null],
  ["Sat 02:00 NOZONE", 3, null],
  ["daily", 12, null],
  ["2099-01-01", 999, null],
  ["Someday 25:99", 3, /^cannot be used: .*Failed to parse/],
  ["daily", 48, /^is open always/],
  ["hourly", 1, /^is open always/],
];
for (const [start, hours, problem] of WINDOWS) {
  test(`check-config: a window of ${hours} h at ${start}`, async () => {
    const found = await checkWindow(host, { start, duration: hours * 3600 });
    if (problem === null) assert.equal(found, null);
    else assert.match(found ?? "", problem);
  });
}
