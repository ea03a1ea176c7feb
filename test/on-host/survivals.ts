import assert from "node:assert/strict";
import { describe } from "node:test";
import { randomFrom } from "../support/random.ts";
import { SEED } from "../support/seed.ts";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import { type Blow, hit } from "./chaos.ts";
import { deploy, ended, systemSpec } from "./deploying.ts";

const HOSTS = 2;
const ROUNDS = 5;

/**
 * Tests on several hosts side by side, because they mostly wait. Each deploys again and again, and hits
 * each finalization at a random moment. That a next deploy works is shown by the next round, and by a
 * last one without a blow. `make chaos` does this for an hour.
 */
export function survivals(name: string, blow: Blow): void {
  void describe(name, { concurrency: HOSTS }, () => {
    for (let host = 1; host <= HOSTS; host++) {
      const title = `${name} at ${ROUNDS} random moments, host ${host}`;
      hostTest(title, { baseline: systemSpec() }, async (target) => {
        await survive(target, randomFrom(SEED * HOSTS + host), blow);
      });
    }
  });
}

async function survive(host: Host, random: () => number, blow: Blow): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    assert.deepEqual((await hit(host, round, random, blow)).violations, []);
  }
  const last = await host.buildToplevel(systemSpec({ label: "last" }));
  const record = await ended(host, await deploy(host, last, "--delay", "0"));
  assert.equal(record.state, "live");
}
