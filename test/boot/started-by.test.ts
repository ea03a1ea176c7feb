import assert from "node:assert/strict";
import { test } from "node:test";
import { setPermanentDefault } from "../../src/boot/boot-default.ts";
import { findLoader } from "../../src/boot/detect.ts";
import { startedBy } from "../../src/boot/started-by.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { makeToplevel } from "../support/systems.ts";
import { grubHost, NEW, OLD, PROFILE, setVariable } from "./loaders.ts";

const GRUB = "BOOT_IMAGE=(hd0,gpt2)//kernels/linux init=/init";

for (const [info, parameters, kind] of [
  ["systemd-boot 257.9", "init=/init", "systemd-boot"],
  ["GRUB 2.12", "init=/init", "GRUB"],
  [null, GRUB, "GRUB"],
  ["Limine 9.3.0", "init=/init", "other"],
  ["rEFInd 0.14.2", "init=/init", "other"],
  ["systemd-boot 257.9", GRUB, "uncertain"],
  // extlinux gives the path without a device, and others give none.
  [null, "BOOT_IMAGE=../nixos/linux init=/init", "uncertain"],
  [null, "init=/init", "uncertain"],
] as const) {
  test(`LoaderInfo is ${info ?? "not set"}, and the parameters are ${parameters}: ${kind}`, () => {
    using host = new EdgeHost();
    if (info !== null) setVariable(host, "LoaderInfo", info);
    host.folder.write("proc/cmdline", `${parameters}\n`);
    assert.equal(startedBy(host.paths).kind, kind);
  });
}

test("a grub.cfg that is left over does not count, and what to do is said", async () => {
  using host = grubHost();
  host.folder.write("proc/cmdline", "init=/init\n");
  const found = await findLoader(host, { profile: PROFILE, toplevel: NEW });
  assert.ok(found.kind === "unknown");
  assert.match(found.why, /not certain which .*grub\.cfg does not count\. .*remove that file/);
  const wanted = { profile: PROFILE, toplevel: NEW, other: OLD };
  host.answers[`${NEW}/bin/switch-to-configuration boot`] = {};
  assert.equal(await setPermanentDefault(host, wanted), null, "nothing contradicts the installer");
});

test("the menu of the loader that a deploy replaces says nothing of the next boot", async () => {
  using host = grubHost();
  const target = makeToplevel(host.folder, "limine");
  const profile = host.folder.link("profiles/system", target);
  host.folder.link("profiles/system-1-link", OLD);
  host.folder.link("profiles/system-2-link", target);
  const found = await findLoader(host, { profile, toplevel: target });
  assert.ok(found.kind === "unknown");
  assert.match(found.why, /grub\.cfg does not list the newest generation: .*another boot loader/);
  assert.equal(await setPermanentDefault(host, { profile, toplevel: target, other: OLD }), null);
});

test("a menu that leaves only an old system out is read", async () => {
  using host = grubHost();
  const old = makeToplevel(host.folder, "old");
  const profile = host.folder.link("profiles/system", old);
  host.folder.link("profiles/system-1-link", old);
  const newest = makeToplevel(host.folder, "newest");
  host.folder.link("profiles/system-2-link", newest);
  host.folder.write(
    "boot/grub/grub.cfg",
    `set default="0"\nmenuentry "NixOS" {\n  linux /k init=${newest}/init\n}\n`,
  );
  const problem = await setPermanentDefault(host, { profile, toplevel: old, other: newest });
  assert.equal(problem, `the boot loader's default is ${newest}`);
});
