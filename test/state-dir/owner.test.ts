import assert from "node:assert/strict";
import { test } from "node:test";
import { findDrivingUnit } from "../../src/state-dir/owner.ts";
import { EdgeHost } from "../support/edge-host.ts";

const ID = "20261122-213000-aaaa";

const unit = (ActiveState: string, SubState: string, Job = "") => ({ ActiveState, SubState, Job });
const DEAD = unit("inactive", "dead");
const QUEUED = unit("inactive", "dead", "17");
const RUNS = unit("active", "running");
const DONE = unit("active", "exited");
const RESTARTS = unit("activating", "auto-restart");
const WAITS = unit("active", "waiting");
const ELAPSED = unit("active", "elapsed");

/** The resume unit, the unit for a boot that hangs, its timer, and who drives what has no unit of its own. */
const CASES = [
  ["a boot goes on", QUEUED, DEAD, WAITS, "resume"],
  ["a boot is through, and nothing was started yet", DEAD, DEAD, WAITS, "resume"],
  ["resume runs", RUNS, DEAD, WAITS, "resume"],
  ["resume was killed", RESTARTS, DEAD, ELAPSED, "resume"],
  ["resume has done its work", DONE, DEAD, WAITS, "nobody"],
  ["resume has done its work, and its timer has elapsed", DONE, DEAD, ELAPSED, "nobody"],
  [
    "the boot hangs, and the timer has just elapsed",
    QUEUED,
    unit("inactive", "dead", "18"),
    ELAPSED,
    "resume",
  ],
  ["the boot hangs, and resume runs", QUEUED, RUNS, unit("active", "running"), "resume"],
  ["the boot hangs, and resume was killed", QUEUED, RESTARTS, ELAPSED, "resume"],
  ["the boot hangs, and all was taken up", QUEUED, DEAD, ELAPSED, "nobody"],
  ["an older system without the timer", QUEUED, DEAD, DEAD, "resume"],
] as const;

test("in a boot, resume drives until it has done its work, and a queued start only as long as it may come", async () => {
  for (const [what, resume, stuckBoot, timer, kind] of CASES) {
    using host = new EdgeHost();
    host.showUnits({
      "deploy-finalize-resume.service": resume,
      "deploy-finalize-stuck-boot.service": stuckBoot,
      "deploy-finalize-stuck-boot.timer": timer,
    });
    assert.equal((await findDrivingUnit(host, ID)).kind, kind, what);
  }
});
