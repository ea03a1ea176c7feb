import assert from "node:assert/strict";
import { test } from "node:test";
import { type BootSeen, judgeBoot, stageOf, type TargetSeen } from "../../src/core/boot-stage.ts";

const NEVER: TargetSeen = { active: "inactive", entered: "never" };
const ACTIVE: TargetSeen = { active: "active", entered: "in-this-boot" };
const LEFT: TargetSeen = { active: "inactive", entered: "in-this-boot" };
const STARTING: BootSeen = {
  systemState: "starting",
  seconds: 20,
  defaultTarget: NEVER,
  emergency: NEVER,
  rescue: NEVER,
};

const stages: readonly (readonly [string, Partial<BootSeen>, string])[] = [
  ["before basic.target", { systemState: "initializing" }, "on-its-way"],
  ["after it", {}, "on-its-way"],
  ["the default target is reached, and a job still runs", { defaultTarget: ACTIVE }, "through"],
  ["no job is left, and the default target failed", { systemState: "degraded" }, "through"],
  ["no job is left", { systemState: "running", defaultTarget: ACTIVE }, "through"],
  ["emergency mode", { systemState: "maintenance", emergency: ACTIVE }, "emergency"],
  [
    "emergency mode is on its way",
    { emergency: { active: "activating", entered: "never" } },
    "emergency",
  ],
  ["rescue mode", { systemState: "maintenance", rescue: ACTIVE }, "rescue"],
  [
    "emergency mode beside the default target",
    { systemState: "maintenance", emergency: ACTIVE, defaultTarget: ACTIVE },
    "emergency",
  ],
  [
    "the shell of emergency mode has ended, and systemd tries again",
    { emergency: LEFT },
    "emergency",
  ],
  [
    "somebody has repaired it from emergency mode",
    { systemState: "running", emergency: LEFT, defaultTarget: ACTIVE },
    "through",
  ],
  ["it goes down", { systemState: "stopping", emergency: ACTIVE }, "going-down"],
  ["systemd says nothing that we know", { systemState: "unknown" }, "on-its-way"],
];

for (const [what, changes, expected] of stages) {
  test(`the stage of a boot: ${what}`, () => {
    const stage = stageOf({ ...STARTING, ...changes });
    assert.equal(stage.kind === "maintenance" ? stage.mode : stage.kind, expected);
  });
}

const verdicts: readonly (readonly [string, Partial<BootSeen>, number | null, string])[] = [
  ["it is early", {}, 60, "wait"],
  ["its time is over", {}, 20, "too-late: the boot did not get through within 20 s"],
  ["it has no limit", { seconds: 1e9 }, null, "wait"],
  ["nobody knows when it began", { seconds: null }, 20, "wait"],
  ["it got through late", { seconds: 1e9, defaultTarget: ACTIVE }, 20, "passed"],
  [
    "it ended in emergency mode",
    { emergency: ACTIVE },
    null,
    "maintenance: the boot ended in emergency mode",
  ],
  ["it goes down", { systemState: "stopping", seconds: 1e9 }, 20, "wait"],
];

for (const [what, changes, limit, expected] of verdicts) {
  test(`the verdict on a boot: ${what}`, () => {
    const verdict = judgeBoot({ ...STARTING, ...changes }, limit);
    const why = "why" in verdict ? `: ${verdict.why}` : "";
    assert.equal(`${verdict.kind}${why}`, expected);
  });
}
