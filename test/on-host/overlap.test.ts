import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { systemSpec } from "./deploying.ts";
import { overlap } from "./overlap.ts";

/** `make chaos` does this twenty times with a hundred calls. */
hostTest(
  "many calls of schedule at once: the newest deploy is live, and none that was accepted is lost",
  { baseline: systemSpec() },
  async (host) => {
    const same = await overlap(host, 0, { calls: 24, deploys: 1 });
    assert.deepEqual(same.violations, []);
    assert.equal(same.accepted, 24, "calls for the same deploy do not refuse each other");
    const different = await overlap(host, 1, { calls: 32, deploys: 4 });
    assert.deepEqual(different.violations, []);
    assert.ok(different.accepted > 0);
  },
);
