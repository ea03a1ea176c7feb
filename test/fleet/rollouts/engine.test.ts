import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fleet } from "../../../bench/fleet/rollouts/fleet.ts";
import { fleetOf } from "../../../bench/fleet/rollouts/rows.ts";
import { badRevision, goodRevision } from "../../../bench/fleet/rollouts/scripts.ts";
import fc from "../../support/fast-check.ts";
import { type Drawn, drawn, LOOKS_ANYWAY_MS, plots } from "./plots.ts";
import { bundleEngine } from "./simulated-etcd/engine.ts";
import { playOnEngine } from "./simulated-etcd/schedules.ts";

const RUNS = Number(process.env["RUNS"] ?? 12);
const engine = bundleEngine();

async function plays(
  plot: Drawn,
  script: Parameters<typeof playOnEngine>[2],
  more?: Partial<Fleet>,
) {
  const fleet = { ...plot.fleet, ...more };
  const { oracle, ms } = await playOnEngine(await engine, { ...plot, fleet }, script);
  assert.deepEqual(oracle.violations, []);
  // A host that dies between its end and the waking of the others wakes nobody.
  const mayMiss = fleet.crash > 0 || plot.loss > 0;
  assert.ok(mayMiss || ms < LOOKS_ANYWAY_MS, `a host has missed news: ${ms} ms`);
  return oracle;
}

for (const [what, [script, more]] of Object.entries(plots)) {
  void test(`the engine breaks no promise, and no host is stuck: ${what}`, async () => {
    const property = fc.asyncProperty(drawn, async (plot) => {
      await plays(plot, script(plot), more);
    });
    await fc.assert(property, { numRuns: RUNS });
  });
}

void test("the engine stops a bad revision at the hosts that were under way, and maxFailures", async () => {
  const property = fc.asyncProperty(drawn, async (plot) => {
    const oracle = await plays(plot, badRevision(plot.share, plot.how, plot.seed));
    const seq = oracle.of("bad");
    const broken = oracle.count(seq, "failed");
    assert.ok(broken <= oracle.mostUnderWay(seq) + plot.fleet.maxFailures, `${broken} broke`);
  });
  await fc.assert(property, { numRuns: RUNS });
});

/** How many requests a host of a fleet makes while a good revision reaches all. */
async function requestsOf(hosts: number, more: Partial<Fleet> = {}): Promise<number> {
  const fleet = fleetOf(hosts, more);
  const { oracle, requests } = await playOnEngine(
    await engine,
    { fleet, loss: 0, seed: 1 },
    goodRevision,
  );
  assert.deepEqual(oracle.violations, []);
  return requests / hosts;
}

void test("the requests of a host grow neither with the number of hosts nor with the time that it waits", async () => {
  const few = await requestsOf(20);
  const many = await requestsOf(100);
  const long = await requestsOf(20, { soakMs: 10_000 });
  assert.ok(many <= 1.2 * few, `${many} requests a host, and ${few} in a small fleet`);
  assert.ok(
    long <= 1.1 * few,
    `${long} requests a host with a long soak, and ${few} with a short one`,
  );
});
