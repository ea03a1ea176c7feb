import assert from "node:assert/strict";
import { test } from "node:test";
import { explainHooks } from "../../src/explain/hooks.ts";
import { hooks } from "../../src/view/explain-parts.ts";
import { hookLines } from "../../src/view/examined.ts";
import { PLAIN } from "../../src/view/style.ts";
import { aRecord } from "../support/records.ts";

const HOOK = { timeout: 60, onFailure: "hold", actions: ["switch", "reboot"] } as const;
const REBOOT = { action: "reboot", reason: "kernel changed", changed: ["kernel"] } as const;

test("explain lists the hooks of the action, in the order in which they begin", () => {
  const all = explainHooks(
    [
      { ...HOOK, name: "z", before: null, after: ["up", "\u001B[31m"] },
      { ...HOOK, name: "a", before: ["drain", "web1"], after: null, onFailure: "abort" },
      { ...HOOK, name: "switches", before: ["x"], after: null, actions: ["switch"] },
    ],
    REBOOT,
  );
  assert.deepEqual(hooks({ ...PLAIN, width: 200 }, { hooks: all }), [
    "a before: drain web1; each within 1 min; ends as failed, without acting, if its before fails",
    "z after: up ; each within 1 min",
  ]);
});

test("status tells the stage of each hook, and what went wrong in it", () => {
  const one = { after: ["up"], timeout: 60, problems: [] };
  const hooked = [
    { ...one, name: "a", stage: "in-force" as const },
    { ...one, name: "b", stage: "before" as const },
    { ...one, name: "c", stage: "over" as const, problems: ["its after failed: no"] },
  ];
  assert.deepEqual(hookLines(PLAIN, aRecord()), []);
  const lines = (state: "waiting" | "live"): string[] =>
    hookLines(PLAIN, aRecord({ state, hooks: hooked })).map((line) => line.replace(/^\S+ /, ""));
  assert.deepEqual(lines("waiting"), [
    "",
    "hooks",
    "a: in force until its after has run",
    "b: its before runs",
    "c: over",
    "c: its after failed: no",
  ]);
  assert.equal(lines("live")[2], "a: its after runs, or is still to run");
});
