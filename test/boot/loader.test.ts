import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { findLoader } from "../../src/boot/detect.ts";
import { parseGrubConfig } from "../../src/boot/grub-config.ts";
import { readVariable, writeVariable } from "../../src/boot/grub-environment.ts";
import { type Loader, toplevelOf } from "../../src/boot/loader.ts";
import { EdgeHost } from "../support/edge-host.ts";
import {
  changes,
  entry,
  grubConfig,
  grubHost,
  mountBoot,
  NEW,
  OLD,
  PROFILE,
  setVariable,
  systemdBootHost,
} from "./loaders.ts";

const look = async (host: EdgeHost) => await findLoader(host, { profile: PROFILE, toplevel: NEW });

async function found(host: EdgeHost): Promise<Loader> {
  const loader = await look(host);
  assert.ok(loader.kind === "found");
  return loader.loader;
}

async function obstacle(make: () => EdgeHost, spoil: (host: EdgeHost) => unknown): Promise<string> {
  using host = make();
  spoil(host);
  return (await found(host)).obstacle ?? "none";
}

test("a system is told by the init= of its kernel's parameters", () => {
  assert.equal(toplevelOf(`init=${OLD}/init loglevel=4`), OLD);
  assert.equal(toplevelOf(`quiet init=${OLD}/init`), OLD);
  assert.equal(toplevelOf("rdinit=/x/init"), null);
  assert.equal(toplevelOf("init=/bin/sh"), null);
});

test("systemd-boot: reads menu, default and what is pending", async () => {
  using host = systemdBootHost();
  const { name, menu, bootDefault, oneShot, obstacle: why } = await found(host);
  assert.deepEqual({ name, menu: menu.toSorted() }, { name: "systemd-boot", menu: [NEW, OLD] });
  assert.deepEqual([bootDefault, oneShot, why], [NEW, null, null]);
  assert.equal(await (await found(host)).setOneShot(OLD), null);
  assert.equal((await found(host)).oneShot, OLD);
  assert.equal(await (await found(host)).clearOneShot(), null);
  assert.equal((await found(host)).oneShot, null);
  assert.deepEqual(changes(host).at(-1), ["bootctl", "set-oneshot", ""]);
});

test("systemd-boot: does not believe bootctl, but looks", async () => {
  using host = systemdBootHost();
  host.answers["bootctl set-oneshot"] = {};
  assert.match((await (await found(host)).setOneShot(NEW)) ?? "", /LoaderEntryOneShot is not set/);
  host.answers["bootctl set-oneshot"] = { exitCode: 1, stderr: "read-only" };
  assert.match((await (await found(host)).setOneShot(NEW)) ?? "", /exit code 1: read-only/);
  assert.match(
    (await (await found(host)).setOneShot("/nix/store/gone")) ?? "",
    /no menu entry for/,
  );
});

test("systemd-boot: says why it cannot be trusted", async () => {
  assert.match(
    await obstacle(systemdBootHost, (host) =>
      setVariable(host, "LoaderEntryDefault", "nixos-1111.conf"),
    ),
    /LoaderEntryDefault \(nixos-1111\.conf\) overrides.*bootctl set-default/,
  );
  assert.match(
    await obstacle(systemdBootHost, (host) => entry(host, "nixos-3333+2-1.conf", OLD)),
    /boots are counted \(nixos-3333\.conf\), and systemd-boot 257\.9 is not reliable/,
  );
});

test("systemd-boot: a pattern is no default that could be relied on", async () => {
  using host = systemdBootHost();
  host.folder.write("boot/loader/loader.conf", "default nixos-*.conf\n");
  assert.equal((await found(host)).bootDefault, null);
});

test("GRUB: reads menu, default and what is pending, and keeps other variables", async () => {
  using host = grubHost();
  const path = host.folder.at("boot/grub/grubenv");
  const { name, menu, bootDefault, oneShot, obstacle: why } = await found(host);
  assert.deepEqual({ name, menu: menu.toSorted() }, { name: "GRUB", menu: [NEW, OLD] });
  assert.deepEqual([bootDefault, oneShot, why], [NEW, null, null]);
  writeVariable(path, "saved_entry", "a\\b");
  assert.equal(await (await found(host)).setOneShot(OLD), null);
  const title = "NixOS - All configurations>NixOS - Configuration 1 (2026-11-20 - 26.11)";
  assert.equal(readVariable(path, "next_entry"), title);
  assert.equal((await found(host)).oneShot, OLD);
  assert.equal(await (await found(host)).clearOneShot(), null);
  assert.equal(readVariable(path, "next_entry"), null);
  assert.equal(readVariable(path, "saved_entry"), "a\\b");
  assert.equal(readFileSync(path).length, 1024);
});

test("GRUB: an entry whose title is not plain or not unique is named by its place", () => {
  const twice = grubConfig(OLD).replace(
    "Configuration 2 (2026-11-22",
    "Configuration 1 (2026-11-20",
  );
  const ids = parseGrubConfig(twice.replace("Memory test", "A>B")).entries.map(({ id }) => id);
  assert.deepEqual(ids, ["NixOS - Default", "NixOS - All configurations", "1>0", "1>1", "2"]);
});

test("GRUB: says why it cannot be trusted, and what to change", async () => {
  const cases: readonly [(host: EdgeHost) => unknown, RegExp][] = [
    [
      (host) => mountBoot(host, "btrfs", "rw"),
      /cannot write to btrfs .*: give \/boot an ext4 or FAT file/,
    ],
    [(host) => mountBoot(host, "ext4", "ro"), /mounted read-only: mount -o remount,rw/],
    [
      (host) => host.folder.write("sys/dev/block/8:1/dm/name", ""),
      /encrypted device: give \/boot an ext4 or FAT file/,
    ],
    [(host) => host.folder.remove("proc/self/mountinfo"), /mount point of .*grub/],
    [configured(grubConfig(OLD, "${saved_entry}")), /default is not a NixOS entry/],
    [configured(grubConfig(OLD, "2")), /default is not a NixOS entry: remove boot\.loader/],
    [
      configured(grubConfig(OLD).replace("save_env next_entry", "")),
      /next_entry.*: update nixpkgs/,
    ],
  ];
  for (const [spoil, why] of cases) assert.match(await obstacle(grubHost, spoil), why);
});

function configured(text: string): (host: EdgeHost) => void {
  return (host) => {
    host.folder.write("boot/grub/grub.cfg", text);
  };
}

test("GRUB: a full or unwritable environment is no success", async () => {
  using host = grubHost();
  host.folder.write("boot/grub/grubenv", `x=${"y".repeat(1000)}\n`);
  assert.match((await (await found(host)).setOneShot(OLD)) ?? "", /grubenv is full/);
});

test("a host without a loader that is known has no fallback, and says so", async () => {
  using host = new EdgeHost();
  const loader = await look(host);
  assert.ok(loader.kind === "unknown" && /neither systemd-boot nor GRUB says so/.test(loader.why));
  host.folder.write("boot/grub/grub.cfg/in-the-way", "");
  host.folder.write("proc/cmdline", "BOOT_IMAGE=(hd0,gpt2)//kernels/linux\n");
  const broken = await look(host);
  assert.ok(
    broken.kind === "unknown" &&
      /cannot read the boot loader: .*is not a regular file/.test(broken.why),
  );
});
