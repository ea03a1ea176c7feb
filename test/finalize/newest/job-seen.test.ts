import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { parseConfig } from "../../../src/core/config/parse-config.ts";
import { untilJobIsSeen } from "../../../src/finalize/newest/job-seen.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { writeWaitingNote } from "../../../src/state-dir/waiting-note.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord } from "../../support/records.ts";
import { saveNewest } from "../../support/store.ts";

const CONFIG = parseConfig(
  '{ "waitFor": { "runners": [{ "unit": "ci.service", "preset": "gitlab-runner" }] } }',
  "the test",
);
const AT_ONCE = { seconds: 0, source: "automatic" } as const;
const NOTE = { for: "CI job", why: "", since: "2026-11-22T21:30:00Z", until: null, next: null };
/** Longer than anything here takes that does not wait. */
const A_MOMENT_MS = 300;

/** A host on which a call of `schedule` runs in a unit and has just armed its timer. */
class SchedulingHost extends EdgeHost {
  readonly store = new RecordStore(this.folder.at("state"));
  readonly stop = new AbortController();
  readonly record: FinalizationRecord;

  constructor(unit: string, part: Partial<FinalizationRecord> = {}) {
    super();
    this.folder.write("proc/self/cgroup", `0::/system.slice/${unit}/job\n`);
    this.record = aRecord({ delay: AT_ONCE, ...part });
    this.store.create();
    saveNewest(this.store, this.record);
  }

  until(): Promise<"returned"> {
    const { store, record, stop } = this;
    const seen = untilJobIsSeen(this, store, CONFIG, record, stop.signal);
    return seen.then(() => "returned" as const);
  }
}

async function afterAMoment(returns: Promise<"returned">): Promise<"returned" | "waits"> {
  return await Promise.race([returns, sleep(A_MOMENT_MS, "waits" as const)]);
}

test("schedule in a job returns when its unit waits for the job", async () => {
  using host = new SchedulingHost("ci.service");
  const returns = host.until();
  assert.equal(await afterAMoment(returns), "waits");
  host.store.save({ ...host.record, state: "waiting" });
  assert.equal(await afterAMoment(returns), "waits");
  writeWaitingNote(host.store, host.record.id, NOTE);
  assert.equal(await afterAMoment(returns), "returned");
});

test("schedule in a job returns when its unit is past its gates, and when it is asked to end", async () => {
  using host = new SchedulingHost("ci.service");
  const returns = host.until();
  host.store.save({ ...host.record, state: "switching" });
  assert.equal(await afterAMoment(returns), "returned");
  using ended = new SchedulingHost("ci.service");
  const endsEarly = ended.until();
  assert.equal(await afterAMoment(endsEarly), "waits");
  ended.stop.abort();
  assert.equal(await afterAMoment(endsEarly), "returned");
});

test("schedule in a job returns when its finalization is put off to a window", async () => {
  using host = new SchedulingHost("ci.service");
  host.store.save({ ...host.record, state: "waiting", deferredUntil: "2026-11-23T02:00:00Z" });
  assert.equal(await afterAMoment(host.until()), "returned");
});

test("schedule in a job does not wait for a unit that never looks", async () => {
  using host = new SchedulingHost("ci.service");
  assert.equal(await host.until(), "returned");
});

test("schedule does not fail because it cannot find out whether it is part of a job", async () => {
  using host = new SchedulingHost("ci.service");
  rmSync(host.folder.at("proc/self/cgroup"));
  mkdirSync(host.folder.at("proc/self/cgroup"));
  assert.equal(await afterAMoment(host.until()), "returned");
});

test("schedule outside of a job, or with a delay, returns at once", async () => {
  using elsewhere = new SchedulingHost("sshd.service");
  assert.equal(await afterAMoment(elsewhere.until()), "returned");
  using delayed = new SchedulingHost("ci.service", { delay: { seconds: 60, source: "flag" } });
  assert.equal(await afterAMoment(delayed.until()), "returned");
});
