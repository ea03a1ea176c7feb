import assert from "node:assert/strict";
import { test } from "node:test";
import { end, enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import type { State } from "../../src/core/states.ts";
import { headline } from "../../src/view/headline.ts";
import { aRecord } from "../support/records.ts";

const NOW = new Date("2026-11-22T22:00:00Z");

function wentThrough(...states: readonly State[]): FinalizationRecord {
  const record = states.reduce((one, state) => enter(one, state, NOW, ""), aRecord());
  return end(record, "live", NOW, { reason: "the target is the running system" });
}

for (const [how, states] of [
  ["switched to", ["waiting", "switching", "verifying"]],
  ["rebooted into", ["waiting", "switching", "rebooting", "verifying"]],
  ["booted into", ["verifying"]],
  // A program blocked the reboot; then its window was over, and the host switches until the next one.
  ["switched to", ["waiting", "rebooting", "waiting", "waiting", "switching", "verifying"]],
  // Somebody else has rebooted meanwhile.
  ["booted into", ["waiting", "rebooting", "waiting", "verifying"]],
] as const) {
  test(`headline: ${states.join(", ")}: it ${how} its target`, () => {
    const line = headline(wentThrough(...states), { now: NOW, waiting: null });
    assert.ok(line.startsWith(`live: ${how} `), line);
  });
}
