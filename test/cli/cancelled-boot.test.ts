import assert from "node:assert/strict";
import { test } from "node:test";
import { cancelSchema } from "../../src/json/commands.ts";
import { grubConfig, NEW, OLD } from "../boot/loaders.ts";
import { makeToplevel } from "../support/systems.ts";
import { OperatedHost, parseJson } from "./operating.ts";

/** A host that GRUB has started, with a finalization that waits. */
class GrubHost extends OperatedHost {
  readonly target = makeToplevel(this.folder, "new");

  constructor(profile: "target" | "previous", boots: "target" | "previous") {
    super();
    this.setProfile(this.target);
    this.folder.link("profiles/system-1-link", this.booted);
    if (profile === "previous") {
      this.folder.remove("profiles/system");
      this.folder.link("profiles/system", "system-1-link");
    }
    const byDefault = boots === "target" ? this.target : this.booted;
    const menu = grubConfig(byDefault).replaceAll(NEW, this.target).replaceAll(OLD, this.booted);
    this.folder.write("boot/grub/grub.cfg", menu);
    this.folder.write("proc/cmdline", "BOOT_IMAGE=(hd0,gpt2)//kernels/linux init=/init quiet\n");
    this.ends["flock"] = { exitCode: 0, stdout: "held\n" };
    this.save({ target: this.target, previous: this.booted });
  }
}

test("cancel: a profile that was set back without the boot default is not said to boot", async () => {
  using host = new GrubHost("previous", "target");
  const { exitCode, stdout, stderr } = await host.operate("cancel", "--yes");
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /profiles\/system points to .*, but GRUB boots \/.*\/new next$/m);
  assert.match(stdout, /to set both back: deploy-finalize cancel \S+ --restore-boot-default/);
  assert.doesNotMatch(stdout, /the profile and the boot default are/);
});

for (const [profile, boots] of [
  ["previous", "target"],
  ["target", "previous"],
  ["target", "target"],
] as const) {
  test(`cancel --json: nextBoot is what boots: profile ${profile}, loader ${boots}`, async () => {
    using host = new GrubHost(profile, boots);
    const { stdout, stderr } = await host.operate("cancel", "--yes", "--json");
    assert.equal(parseJson(cancelSchema, stdout).nextBoot, boots, stderr);
  });
}

test("cancel: it does not ask to set back a profile that somebody else has set", async () => {
  using host = new GrubHost("previous", "target");
  host.folder.link("profiles/system-3-link", makeToplevel(host.folder, "third"));
  host.folder.remove("profiles/system");
  host.folder.link("profiles/system", "system-3-link");
  host.answer = "y";
  const { exitCode, stdout, stderr } = await host.operate("cancel");
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /third, but GRUB boots \/.*\/new next$/m);
  assert.doesNotMatch(stdout, /to set both back/);
});
