import assert from "node:assert/strict";
import { test } from "node:test";
import { MUTANTS, type Mutant } from "./mutants.ts";
import { LOOKS_ANYWAY_MS } from "./plots.ts";
import { bundleEngine } from "./simulated-etcd/engine.ts";
import { playOnEngine } from "./simulated-etcd/schedules.ts";

const MOST_SEEDS = 200;

const FLEET = {
  members: "known",
  waves: [2, 2, 2],
  spreadMs: 100,
  actMs: 200,
  soakMs: 200,
  retry: 0.1,
  crash: 0,
  maxFailures: 1,
  joinWithin: 3600,
  onMissing: "halt",
} as const;

/** Whether anything is wrong with a defective engine, or a host is stuck. */
async function isFound(code: string, { script, fleet }: Mutant, seed: number): Promise<boolean> {
  const schedule = { fleet: { ...FLEET, ...fleet }, loss: 0, seed };
  try {
    const { oracle, ms } = await playOnEngine(code, schedule, script(seed));
    return oracle.violations.length > 0 || ms > LOOKS_ANYWAY_MS;
  } catch {
    return true;
  }
}

for (const mutant of MUTANTS) {
  void test(`the simulated fleet finds a planted defect: ${mutant.name}`, async () => {
    const code = await bundleEngine([mutant.edit]);
    let seed = 1;
    while (seed <= MOST_SEEDS && !(await isFound(code, mutant, seed))) seed++;
    assert.ok(seed <= MOST_SEEDS, "no seed finds it");
  });
}
