import assert from "node:assert/strict";
import { bootDefault, ended, pending, profile, restart } from "./deployed.ts";
import type { Machine } from "./machine.ts";

/** The machine has come up with the old system by itself, will stay there, and its record says so. */
export async function fellBack(machine: Machine): Promise<void> {
  assert.equal(await machine.cameUp(2), "old");
  await staysOld(machine, /^failed: fell back: booted \/nix\/store\/old\S+$/);
}

/** The machine is up with the old system, which is its profile and its boot default. */
export async function staysOld(machine: Machine, end: RegExp): Promise<void> {
  const { state, outcome } = await ended(machine);
  assert.match(`${state}: ${outcome?.reason}`, end);
  assert.equal(await profile(machine), "old");
  assert.equal(await bootDefault(machine), "old");
  assert.deepEqual(await pending(machine), []);
}

/** The machine has come up with the target, which is live, and comes up with it again. */
export async function becameLive(machine: Machine): Promise<void> {
  assert.equal(await machine.cameUp(2), "good");
  const { state, outcome } = await ended(machine);
  assert.equal(state, "live", outcome?.reason);
  assert.equal(await profile(machine), "good");
  assert.deepEqual(await pending(machine), []);
  await restart(machine);
  assert.equal(await machine.cameUp(3), "good");
}
