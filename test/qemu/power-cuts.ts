import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { bootDefault, ended, install, pending, profile } from "./deployed.ts";
import type { LoaderKind } from "./disk.ts";
import { type Drives, Machine } from "./machine.ts";
import { machineTest, testWith } from "./machine-test.ts";

/** A moment at which a write of the loader's state has been made or is about to be. */
export interface Write {
  /** What the stand-ins call it (guest/bin/checkpoint). */
  readonly name: string;
  /** Whether the power is cut there; others only are on the way. */
  readonly is: "cut" | "passed";
}

/**
 * One machine brings a target live and stops at every write of the loader's state, where its disks
 * are copied as they are: what it has not flushed is not on them. Each copy then is the disk of
 * another machine, which must come up with a system that its record and its loader agree on.
 */
export function cutsPower(loader: LoaderKind, writes: readonly Write[]): void {
  const folder = mkdtempSync("/var/tmp/deploy-finalize-cuts-");
  after(() => rmSync(folder, { recursive: true, force: true }));
  const drives = new Map<Write, Drives>();

  machineTest(`${loader}: stops at the writes of its state`, { loader }, async (machine) => {
    await install(machine, "good");
    await machine.ok("touch /var/checkpoints");
    await machine.ok("deploy-finalize");
    for (const [index, write] of writes.entries()) {
      assert.equal(await machine.reached(index + 1), write.name);
      const at = join(folder, String(index));
      mkdirSync(at);
      if (write.is === "cut") drives.set(write, await machine.copyDrives(at));
      await machine.ok(`touch /run/passed-${write.name}`);
    }
    assert.equal((await ended(machine)).state, "live");
  });

  for (const [index, write] of writes.entries()) {
    if (write.is === "passed") continue;
    const boot = async (): Promise<Machine> => {
      const found = drives.get(write);
      if (found === undefined) throw new Error("the first machine never came to that write");
      return await Machine.bootWith({ loader }, found);
    };
    const name = `${loader}: the power is cut at write ${index + 1}, ${write.name}`;
    testWith(name, boot, async (machine) => {
      await endsTrue(machine);
    });
  }
}

async function endsTrue(machine: Machine): Promise<void> {
  await machine.ok("rm /var/checkpoints");
  const { state, outcome } = await ended(machine);
  const [booted] = machine.boots;
  assert.ok(booted !== undefined);
  const wanted = booted === "good" ? /^live: / : /^failed: fell back: booted \S+$/;
  assert.match(`${state}: ${outcome?.reason}`, wanted);
  assert.equal(await bootDefault(machine), booted);
  assert.equal(await profile(machine), booted);
  assert.deepEqual(await pending(machine), []);
}
