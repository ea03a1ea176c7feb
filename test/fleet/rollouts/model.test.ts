import assert from "node:assert/strict";
import { test } from "node:test";
import type { Played, Script } from "../../../bench/fleet/rollouts/fleet.ts";
import { badRevision } from "../../../bench/fleet/rollouts/scripts.ts";
import fc from "../../support/fast-check.ts";
import { playOnModel } from "./model/schedules.ts";
import { type Drawn, drawn, plots } from "./plots.ts";

async function playWell(plot: Drawn, script: Script): Promise<Played> {
  const played = await playOnModel(plot, script);
  assert.deepEqual(played.oracle.violations, []);
  return played;
}

for (const [what, [script, more]] of Object.entries(plots)) {
  void test(`no schedule breaks a promise of rollouts, and nobody is stuck: ${what}`, async () => {
    const plays = fc.asyncProperty(drawn, async (plot) => {
      await playWell({ ...plot, fleet: { ...plot.fleet, ...more } }, script(plot));
    });
    await fc.assert(plays, { numRuns: 100 });
  });
}

void test("a bad revision breaks no more hosts than were under way at once, and maxFailures", async () => {
  const plays = fc.asyncProperty(drawn, async (plot) => {
    const { oracle } = await playWell(plot, badRevision(plot.share, plot.how, plot.seed));
    const seq = oracle.of("bad");
    const broken = oracle.count(seq, "failed");
    assert.ok(broken <= oracle.mostUnderWay(seq) + plot.fleet.maxFailures, `${broken} hosts broke`);
  });
  await fc.assert(plays, { numRuns: 100 });
});
