import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { schedulePutOffReboot } from "../../../src/finalize/newest/put-off-reboot.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord } from "../../support/records.ts";
import { saveNewest } from "../../support/store.ts";
import { makeToplevel } from "../../support/systems.ts";

/** A host that has switched, and whose kernel waits for a reboot. */
class SwitchedHost extends EdgeHost {
  readonly target = makeToplevel(this.folder, "new", {
    kernel: "k2",
    initrd: "i1",
    "kernel-modules": "m1",
  });
  readonly profile = this.folder.at("profiles/system");

  constructor() {
    super();
    this.folder.link("run/booted-system", makeToplevel(this.folder, "booted"));
    this.folder.link("run/current-system", this.target);
    this.folder.link("profiles/system-2-link", this.target);
    this.folder.link("profiles/system", "system-2-link");
    this.folder.write("nix/var/nix/gcroots/.keep", "");
    this.folder.write("run/systemd/system/.keep", "");
    this.folder.write("proc/sys/kernel/random/boot_id", "boot-1\n");
    this.folder.write("proc/locks", "");
    const { spawn } = this;
    this.spawn = async (argv, options) => {
      if (argv[0] === "flock") options?.onOutput?.("held\n", "stdout");
      await options?.holdInput;
      return await spawn(argv, options);
    };
  }
}

test("the reboot that was put off belongs to the rollout of the switch", async () => {
  using host = new SwitchedHost();
  const { target, profile } = host;
  const store = new RecordStore(host.folder.at("state"));
  const of = aRecord({ target, profile, state: "live", rollout: "spring", revision: "abc" });
  saveNewest(store, of);
  const config = { ...DEFAULT_CONFIG, profile, stateDir: store.folder };
  const run = { command: ["/run"], path: "/bin" };
  await schedulePutOffReboot(host, store, config, of, { run, random: () => 0.5 });
  const newest = await store.readNewest();
  assert.deepEqual(
    [newest?.rebootOf, newest?.plan.action, newest?.rollout],
    [of.id, "reboot", "spring"],
  );
});
