import assert from "node:assert/strict";
import { test } from "node:test";
import { detourOf } from "../../src/boot/after-boot.ts";
import { setPermanentDefault } from "../../src/boot/boot-default.ts";
import { findLoader, viewBootLoader } from "../../src/boot/detect.ts";
import { readLoaderVariable } from "../../src/boot/efi-variables.ts";
import { startedBy } from "../../src/boot/started-by.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { makeToplevel } from "../support/systems.ts";
import { grubHost, mountBoot, NEW, OLD, PROFILE, setVariable, systemdBootHost } from "./loaders.ts";

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

const UUID = "1b9e6f9a-2f0b-4a37-8f6e-52f3a1b0c7d4";

/** A host with two disks; its /boot is sda1, and systemd-boot was started from the partition of a UUID. */
function twoDisks(uuid = UUID): EdgeHost {
  const host = systemdBootHost();
  setVariable(host, "LoaderDevicePartUUID", uuid.toUpperCase());
  mountBoot(host, "vfat", "rw");
  host.folder.write("sys/devices/sda1/dev", "8:1\n");
  host.folder.link("sys/dev/block/8:1", "../../devices/sda1");
  host.folder.write("dev/sda1", "");
  host.folder.write("dev/sdb1", "");
  return host;
}

for (const [where, prepare, why] of [
  [
    "the partition of /boot",
    (host: EdgeHost) => host.folder.link(`dev/disk/by-partuuid/${UUID}`, "../../sda1"),
    null,
  ],
  [
    "a partition of another disk",
    (host: EdgeHost) => host.folder.link(`dev/disk/by-partuuid/${UUID}`, "../../sdb1"),
    /started from the partition sdb1, but .*\/boot is sda1: .* or mount the other one/,
  ],
  [
    "a partition that is gone",
    (host: EdgeHost) => host.folder.link("dev/disk/by-partuuid/another", "../../sda1"),
    /started from a partition that is gone \(1b9e6f9a-/,
  ],
  ["a partition that nothing names", () => {}, null],
  [
    "a member of a RAID",
    (host: EdgeHost) => {
      host.folder.link(`dev/disk/by-partuuid/${UUID}`, "../../sdb1");
      host.folder.write("sys/devices/sda1/md/level", "raid1\n");
    },
    null,
  ],
  [
    "a member of a RAID that has partitions",
    (host: EdgeHost) => {
      host.folder.link(`dev/disk/by-partuuid/${UUID}`, "../../sdb1");
      host.folder.write("sys/devices/md/level", "raid1\n");
    },
    null,
  ],
] as const) {
  test(`systemd-boot was started from ${where}`, async () => {
    using host = twoDisks();
    prepare(host);
    const { byDefault, obstacle } = await viewBootLoader(host, { profile: PROFILE, toplevel: NEW });
    assert.equal(byDefault, why === null ? NEW : null);
    if (why === null) assert.equal(obstacle, null);
    else assert.match(obstacle ?? "", why);
  });
}

test("a trial is ended also if the loader of another disk has started it", async () => {
  using host = twoDisks();
  host.folder.link(`dev/disk/by-partuuid/${UUID}`, "../../sdb1");
  setVariable(host, "LoaderEntryDefault", "nixos-1111.conf");
  host.folder.write("boot/loader/deploy-finalize.default", "nixos-1111.conf");
  setVariable(host, "LoaderEntryOneShot", "nixos-2222.conf");
  host.answers[`${NEW}/bin/switch-to-configuration boot`] = {};
  assert.equal(
    await setPermanentDefault(host, { profile: PROFILE, toplevel: NEW, other: OLD }),
    null,
  );
  const left = ["LoaderEntryDefault", "LoaderEntryOneShot"].map((name) =>
    readLoaderVariable(host.paths, name),
  );
  assert.deepEqual(left, [null, null]);
});

for (const [current, next, detour] of [
  [3, null, null],
  [3, 3, null],
  [3, 10, "Boot000A"],
  [null, 1, "Boot0001"],
] as const) {
  test(`the firmware has started entry ${current} and starts ${next} next: ${detour}`, () => {
    using host = systemdBootHost();
    if (current !== null) setFirmwareNumber(host, "BootCurrent", current);
    if (next !== null) setFirmwareNumber(host, "BootNext", next);
    assert.equal(detourOf(host.paths), detour);
  });
}

test("a BootNext that cannot be read is none", () => {
  using host = systemdBootHost();
  host.folder.write(`sys/firmware/efi/efivars/${firmwareFile("BootNext")}/inside`, "");
  assert.equal(detourOf(host.paths), null);
});

function setFirmwareNumber(host: EdgeHost, name: string, number: number): void {
  const bytes = Buffer.from([7, 0, 0, 0, number, 0]);
  host.folder.write(`sys/firmware/efi/efivars/${firmwareFile(name)}`, bytes.toString("latin1"));
}

function firmwareFile(name: string): string {
  return `${name}-8be4df61-93ca-11d2-aa0d-00e098032b8c`;
}
