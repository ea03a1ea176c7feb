import assert from "node:assert/strict";
import { deploy } from "./deployed.ts";
import { becameLive, fellBack } from "./ends.ts";
import { machineTest } from "./machine-test.ts";

for (const loader of ["grub-bios", "grub-efi"] as const) {
  machineTest(`${loader}: a good target becomes the default`, { loader }, async (machine) => {
    await deploy(machine, "good");
    await becameLive(machine);
  });

  machineTest(
    `${loader}: a kernel that panics falls back by itself`,
    { loader },
    async (machine) => {
      await deploy(machine, "panic");
      await fellBack(machine);
      assert.match(machine.console, /Kernel panic/);
    },
  );
}
