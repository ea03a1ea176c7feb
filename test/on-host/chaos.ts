import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { TestContext } from "node:test";
import type { Host } from "../host/host.ts";
import { deploy, ended, systemSpec } from "./deploying.ts";
import { randomFrom } from "../support/random.ts";

/** How the finalization is hit. */
export type Blow = (host: Host, id: string) => Promise<void>;

/** A switch with its process start, or a reboot with its boot, takes about this long here. */
const LONGEST_MS = 1800;

/** Replay with CHAOS_SEED=N. */
function chaosSeed(): number {
  return Number(process.env["CHAOS_SEED"] ?? Math.floor(Math.random() * 1e9));
}

/**
 * Deploys again and again, hits each finalization at a random moment, and demands
 * that the host ends on target or previous with a record that says so. That a next
 * deploy works is shown by the next round, and by a last one without a blow.
 */
export async function survive(
  host: Host,
  context: TestContext,
  rounds: number,
  blow: Blow,
): Promise<void> {
  const seed = chaosSeed();
  console.log(`${context.name}: CHAOS_SEED=${seed}`);
  const random = randomFrom(seed);
  for (let round = 0; round < rounds; round++) {
    const kernel = random() < 0.5 ? "6.12.3" : "6.12.9";
    const target = await host.buildToplevel(systemSpec({ label: `round-${round}`, kernel }));
    const before = await host.facts();
    const id = await deploy(host, target, "--delay", "0");
    const moment = Math.round(random() * LONGEST_MS);
    await sleep(moment);
    await blow(host, id);
    await assertTrueEnd(host, id, target, before.current, `round ${round}, after ${moment} ms`);
  }
  const last = await host.buildToplevel(systemSpec({ label: "last" }));
  const record = await ended(host, await deploy(host, last, "--delay", "0"), 40_000);
  assert.equal(record.state, "live");
}

async function assertTrueEnd(
  host: Host,
  id: string,
  target: string,
  previous: string,
  when: string,
): Promise<void> {
  const record = await ended(host, id, 40_000);
  const { booted, current, profile } = await host.facts();
  const told = `${when}: ${record.state} (${record.outcome?.reason})`;
  const running = record.state === "live" ? target : previous;
  assert.deepEqual({ current, profile }, { current: running, profile: running }, told);
  if (record.timeline.some(({ state }) => state === "rebooting")) {
    assert.equal(booted, running, told);
  }
}
