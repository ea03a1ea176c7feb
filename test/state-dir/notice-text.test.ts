import assert from "node:assert/strict";
import { test } from "node:test";
import { noticeOf } from "../../src/state-dir/notice.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { STATES } from "../../src/core/states.ts";
import { aRecord } from "../support/records.ts";

const outcome = { reason: "a secret reason", activationExitCode: 1, activationTail: ["secret"] };
const reboot: FinalizationRecord["plan"] = {
  action: "reboot",
  reason: "kernel changed",
  changed: ["kernel"],
};

/** The states of which there is news, with a plan. */
function statesWithNews(plan: FinalizationRecord["plan"]): string[] {
  const records = STATES.map((state) => aRecord({ state, plan, switchedInBoot: "boot-1" }));
  return records.filter((record) => noticeOf(record, "boot-1") !== null).map(({ state }) => state);
}

test("the notice tells of a failure, a rollback and a reboot that waits, and of nothing else", () => {
  assert.deepEqual(statesWithNews(aRecord().plan), ["rolled-back", "failed"]);
  assert.deepEqual(statesWithNews(reboot), ["waiting", "rolled-back", "failed"]);
  const noReboot = { ...reboot, action: "switch" } as const;
  assert.deepEqual(statesWithNews(noReboot), ["live", "rolled-back", "failed"]);
});

test("what waited for a reboot waits no longer after any boot", () => {
  const plan: FinalizationRecord["plan"] = { ...reboot, action: "switch" };
  const record = aRecord({ state: "live", plan, switchedInBoot: "boot-1" });
  assert.match(noticeOf(record, "boot-1") ?? "", /need a REBOOT/);
  assert.equal(noticeOf(record, "boot-2"), null);
});

test("the notice says when, what to call, and nothing private", () => {
  const record = aRecord({ state: "failed", outcome });
  const notice = noticeOf(record, "boot-1") ?? "";
  assert.match(notice, /FAILED to go live \(2026-11-22 21:30 UTC\)/);
  assert.match(notice, new RegExp(`deploy-finalize status ${record.id}\n$`));
  assert.doesNotMatch(notice, /secret/);
});
