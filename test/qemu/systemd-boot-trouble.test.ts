import assert from "node:assert/strict";
import { deploy } from "./deployed.ts";
import { fellBack, staysOld } from "./ends.ts";
import { machineTest } from "./machine-test.ts";

const loader = "systemd-boot";
/** Nothing listens there. */
const CHECK = { kind: "tcp", host: "127.0.0.1", port: 9, deadline: 1, interval: 1 };

machineTest(
  "systemd-boot: a kernel that hangs falls back by its watchdog",
  { loader, watchdog: "i6300esb" },
  async (machine) => {
    await deploy(machine, "hang");
    await fellBack(machine);
    assert.match(machine.console, /initrd: stands still/);
  },
);

machineTest(
  "systemd-boot: a check that fails after the boot leads back by a second reboot",
  { loader, settings: { verify: { settle: 0, checks: [CHECK] } } },
  async (machine) => {
    await deploy(machine, "good");
    assert.equal(await machine.cameUp(2), "good");
    assert.equal(await machine.cameUp(3), "old");
    await staysOld(machine, /^rolled-back: .*127\.0\.0\.1/);
  },
);

machineTest(
  "control: without a fallback a kernel that panics is booted again and again",
  { loader, settings: { reboot: { fallback: "off" } } },
  async (machine) => {
    await deploy(machine, "panic");
    await machine.panicked(2);
    assert.deepEqual(machine.boots, ["old"]);
  },
);
