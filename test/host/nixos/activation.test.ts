import assert from "node:assert/strict";
import { test } from "node:test";
import { activate } from "../../../src/host/nixos/activation.ts";
import { pathsUnder } from "../../../src/host/files/paths.ts";
import type { Spawn } from "../../../src/host/process/spawn.ts";
import { Folder } from "../../support/folder.ts";

async function isLockTaken(exitCode: number, said: string): Promise<boolean> {
  using folder = new Folder();
  const spawn: Spawn = async (argv, { onOutput } = {}) => {
    onOutput?.(said, "stderr");
    return { argv, exitCode, cause: null, stdout: "", stderr: said };
  };
  const host = { paths: pathsUnder(folder.path), spawn, echo: () => undefined };
  const activation = await activate(host, "/target", "switch");
  return activation.isLockTaken;
}

test("a switch that finds its lock taken says so in a line of its own", async () => {
  assert.equal(await isLockTaken(11, "Could not acquire lock\n"), true);
  assert.equal(await isLockTaken(1, "Error: Could not acquire lock\n"), true);
});

test("the same words of another program say nothing of the switch's lock", async () => {
  const begun = "activating the configuration...\nCould not acquire lock\n";
  assert.equal(await isLockTaken(4, begun), false);
  const excerpt = "Nov 29 11:00:00 host restic[7]: unable to: could not acquire lock\n";
  assert.equal(await isLockTaken(4, excerpt), false);
  assert.equal(await isLockTaken(0, "Could not acquire lock\n"), false);
});
