import assert from "node:assert/strict";
import { deploy, restart } from "./deployed.ts";
import { becameLive, fellBack } from "./ends.ts";
import { machineTest } from "./machine-test.ts";

const loader = "systemd-boot";

machineTest(
  "systemd-boot: a good target becomes the default and stays it",
  { loader },
  async (machine) => {
    await deploy(machine, "good");
    await becameLive(machine);
    await restart(machine);
    assert.equal(await machine.cameUp(4), "good");
  },
);

machineTest(
  "systemd-boot: a kernel that panics falls back by itself",
  { loader },
  async (machine) => {
    await deploy(machine, "panic");
    await fellBack(machine);
    assert.match(machine.console, /Kernel panic/);
  },
);
