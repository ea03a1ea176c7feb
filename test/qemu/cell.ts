import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../src/core/refusal.ts";
import { begin, countsAsGood, ended, install, pending, profile, restart } from "./deployed.ts";
import type { Label } from "./toplevels.ts";
import type { Loader } from "./loaders.ts";
import { type Drives, Machine } from "./machine.ts";
import type { Trouble } from "./troubles.ts";

/** What a cell has shown. */
export interface Played {
  readonly end: string;
  /** Seconds from the kernel's panic until the previous system was up; null if nothing panicked. */
  readonly recovery: number | null;
}

/** How long a machine that has failed may take to answer. */
const LATEST_MS = 60_000;

/** Plays a trouble on a new machine with the loader. @throws Error with the evidence if it ends otherwise */
export async function play(loader: Loader, trouble: Trouble): Promise<Played> {
  if (trouble.power === "cut") return await cutPower(loader, trouble);
  const shown = trouble.end === "does not come back" ? withoutCounters(loader) : loader;
  await using machine = await Machine.boot(shown, trouble);
  return await withEvidence(machine, async () => {
    await install(machine, trouble.target);
    await begin(machine);
    return await watch(machine, trouble);
  });
}

/** Boot counting is a fallback of its own. */
function withoutCounters(loader: Loader): Loader {
  const { installer } = loader;
  return installer === "install-systemd-boot-counting"
    ? { ...loader, installer: "install-systemd-boot" }
    : loader;
}

async function watch(machine: Machine, trouble: Trouble): Promise<Played> {
  const { end, target } = trouble;
  switch (end) {
    case "live":
      assert.equal(await machine.cameUp(2), target);
      await staysAt(machine, target, /^live: /);
      return { end, recovery: null };
    case "fell back": {
      const panicked = target === "panic" ? await machine.panicked(1) : null;
      assert.equal(await machine.cameUp(2), "old");
      const recovery = panicked === null ? null : (performance.now() - panicked) / 1000;
      if (target === "hang") assert.match(machine.console, /initrd: stands still/);
      await staysAt(machine, "old", /^failed: fell back: booted \/nix\/store\/old\S+$/);
      return { end, recovery };
    }
    case "rolled back":
      assert.equal(await machine.cameUp(2), target);
      assert.equal(await machine.cameUp(3), "old");
      await staysAt(machine, "old", /^rolled-back: .*(127\.0\.0\.1|emergency mode)/);
      return { end, recovery: null };
    case "does not come back":
      await machine.panicked(2);
      assert.deepEqual(machine.boots, ["old"]);
      return { end, recovery: null };
    case "live or fell back":
      throw new Error("only a power cut may end in two ways");
  }
}

/** Record, profile and loader agree on the system that is up, and the next boot starts it again. */
async function staysAt(machine: Machine, label: Label, end: RegExp): Promise<void> {
  const { state, outcome } = await ended(machine);
  assert.match(`${state}: ${outcome?.reason}`, end);
  assert.equal(await profile(machine), label);
  assert.deepEqual(await pending(machine), []);
  await isGood(machine, label);
  const times = machine.boots.length;
  await restart(machine);
  assert.equal(await machine.cameUp(times + 1), label);
  assert.deepEqual(await pending(machine), []);
}

/** If boots are counted, a system that is verified, or that needs no verification, loses its counter. */
async function isGood(machine: Machine, label: Label): Promise<void> {
  if (machine.loader.installer !== "install-systemd-boot-counting") return;
  await countsAsGood(machine, label);
}

/**
 * One machine brings the target live and stops at every write of the loader's state, where its disks
 * are copied as they are: what it has not flushed is not on them. Each copy then is the disk of
 * another machine, which must come up with a system that its record and its loader agree on.
 */
async function cutPower(loader: Loader, trouble: Trouble): Promise<Played> {
  const folder = mkdtempSync("/var/tmp/deploy-finalize-cuts-");
  try {
    const cuts = await copyAtWrites(folder, loader, trouble);
    const ends: Label[] = [];
    for (const { name, drives } of cuts) ends.push(await comesUp(name, loader, drives));
    assert.ok(ends.includes("old") && ends.includes("good"), `came up with ${ends.join(", ")}`);
    return { end: `${cuts.length} cuts`, recovery: null };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Cut {
  readonly name: string;
  readonly drives: Drives;
}

async function copyAtWrites(folder: string, loader: Loader, trouble: Trouble): Promise<Cut[]> {
  await using machine = await Machine.boot(loader, trouble);
  return await withEvidence(machine, async () => {
    await install(machine, trouble.target);
    await machine.ok("touch /var/checkpoints");
    await begin(machine);
    const cuts: Cut[] = [];
    for (;;) {
      const name = await machine.reached(cuts.length + 1);
      if (name === "end") return cuts;
      const at = join(folder, String(cuts.length));
      mkdirSync(at);
      cuts.push({ name, drives: await machine.copyDrives(at) });
      await machine.ok(`touch /run/passed-${name}`);
    }
  });
}

async function comesUp(write: string, loader: Loader, drives: Drives): Promise<Label> {
  await using machine = await Machine.bootWith(loader, "none", drives);
  return await withEvidence(machine, async () => {
    await machine.ok("rm /var/checkpoints");
    const [booted] = machine.boots;
    assert.ok(booted !== undefined);
    const fellBack = /^failed: fell back: booted \S+$/;
    await staysAt(machine, booted, booted === "good" ? /^live: / : fellBack);
    return booted;
  }).catch((error: unknown) => {
    throw new Error(`the power was cut at ${write}`, { cause: error });
  });
}

async function withEvidence<T>(machine: Machine, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    throw new Error(`${machine.evidence()}\n--- program\n${await said(machine)}`, { cause: error });
  }
}

/** What the program says of itself, if the machine answers soon. */
async function said(machine: Machine): Promise<string> {
  const script = "cat /var/log/finalizations /var/lib/deploy-finalize/current; ls /run/units";
  return await machine.run(script, LATEST_MS).then(({ output }) => output, messageOf);
}
