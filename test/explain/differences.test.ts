import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import { decide, type Systems } from "../../src/core/decision/decision.ts";
import {
  mostTellingFirst,
  parseClosureDiff,
  parseClosureSizes,
} from "../../src/explain/packages.ts";
import {
  compareComponents,
  type KernelVersions,
  verdict,
  versionInStorePath,
} from "../../src/explain/components.ts";
import { type KernelParameters, waitingForBoot } from "../../src/explain/next-boot.ts";
import { unitChanges } from "../../src/explain/units.ts";
import { DEFAULT_REBOOT_WHEN_CHANGED } from "../../src/core/decision/decision.ts";
import { at, KERNEL_PARTS, system } from "../support/systems.ts";

const HASH = "0123456789abcdfghijklmnpqrsvwxyz";

test("explain: versions in store paths, as Nix splits names", () => {
  const names = {
    "linux-6.12.3/bzImage": "6.12.3",
    "initrd-linux-6.12.3/initrd": "6.12.3",
    "linux-6.13-rc1/bzImage": "6.13-rc1",
    "linux-6.12.3-modules": "6.12.3",
    "linux-6.12.3-modules-shrunk": "6.12.3",
    "linux-hardened-6.6.30-hardened1/bzImage": "6.6.30-hardened1",
    "linux-x86_64/bzImage": null,
  };
  for (const [name, version] of Object.entries(names)) {
    assert.equal(versionInStorePath(`/nix/store/${HASH}-${name}`), version, name);
  }
  assert.equal(versionInStorePath("/boot/linux-6.12.3/bzImage"), null);
});

interface Case {
  readonly name: string;
  readonly systems: Partial<Systems>;
  readonly kernels?: KernelVersions;
  readonly names?: readonly string[];
  readonly verdict: string;
}

const linux = (version: string, name = "bzImage") =>
  at(`/nix/store/${HASH}-linux-${version}/${name}`);
const OLD = system("/nix/store/old");
const NO_VERSIONS: KernelVersions = { booted: null, target: null };

const cases: Case[] = [
  { name: "nothing that needs a reboot", systems: {}, verdict: "would switch: services only" },
  {
    name: "the same system",
    systems: { target: OLD },
    verdict: "would switch to the system that already runs",
  },
  {
    name: "another kernel, with its own initrd and modules",
    systems: {
      target: system("/nix/store/new", {
        components: { kernel: at("/k2"), initrd: at("/i2"), "kernel-modules": at("/m2") },
      }),
    },
    kernels: { booted: "6.12.3", target: "6.12.9" },
    verdict: "would reboot: kernel 6.12.3 → 6.12.9",
  },
  {
    name: "the same kernel built anew",
    systems: {
      target: system("/nix/store/new", { components: { ...KERNEL_PARTS, kernel: at("/k2") } }),
    },
    kernels: { booted: "6.12.3", target: "6.12.3" },
    verdict: "would reboot: kernel 6.12.3 rebuilt",
  },
  {
    name: "an initrd alone, without a version",
    systems: {
      target: system("/nix/store/new", { components: { ...KERNEL_PARTS, initrd: at("/i2") } }),
    },
    verdict: "would reboot: initrd changed",
  },
  {
    name: "an initrd alone, whose store path tells its version",
    systems: {
      booted: system("/nix/store/old", {
        components: { ...KERNEL_PARTS, initrd: linux("6.1", "a") },
      }),
      target: system("/nix/store/new", {
        components: { ...KERNEL_PARTS, initrd: linux("6.2", "a") },
      }),
    },
    verdict: "would reboot: initrd 6.1 → 6.2",
  },
  {
    name: "a name of one's own besides the kernel",
    systems: {
      booted: system("/nix/store/old", { components: { ...KERNEL_PARTS, systemd: at("/s1") } }),
      target: system("/nix/store/new", {
        components: { ...KERNEL_PARTS, kernel: at("/k2"), systemd: at("/s2") },
      }),
    },
    kernels: { booted: "6.12.3", target: "6.12.9" },
    names: [...DEFAULT_REBOOT_WHEN_CHANGED, "systemd"],
    verdict: "would reboot: kernel 6.12.3 → 6.12.9, systemd changed",
  },
  {
    name: "an init interface",
    systems: { target: system("/nix/store/new", { initInterfaceVersion: "3" }) },
    verdict: "would reboot: init-interface-version changed (2 to 3)",
  },
  {
    name: "a booted system without an initrd",
    systems: {
      booted: system("/nix/store/old", {
        components: { ...KERNEL_PARTS, initrd: { kind: "missing" } },
      }),
      target: system("/nix/store/new", { components: { ...KERNEL_PARTS, kernel: at("/k2") } }),
    },
    kernels: { booted: "6.12.3", target: "6.12.3" },
    verdict: "would reboot: /run/booted-system incomplete, kernel 6.12.3 rebuilt, initrd changed",
  },
  {
    name: "a kernel that is not there",
    systems: {
      target: system("/nix/store/new", {
        components: { ...KERNEL_PARTS, kernel: { kind: "missing" } },
      }),
    },
    verdict: "would refuse: the target is missing kernel",
  },
];

for (const each of cases) {
  test(`explain: the verdict for ${each.name}`, () => {
    const names = each.names ?? DEFAULT_REBOOT_WHEN_CHANGED;
    const systems = {
      booted: OLD,
      current: OLD,
      target: system("/nix/store/new"),
      ...each.systems,
    };
    const components = compareComponents(names, systems, each.kernels ?? NO_VERSIONS);
    assert.equal(verdict(decide(names, systems), systems, components), each.verdict);
  });
}

function namesOf(list: readonly { readonly name: string }[]): string[] {
  return list.map(({ name }) => name);
}

test("explain: a unit that stops and starts again restarts, by its socket too", () => {
  const changes = unitChanges(
    {
      stop: ["old.service", "web.service", "ci.service", "x.service", "x.socket"],
      start: ["web.service", "ci.service", "x.socket", "new.service"],
      restart: ["sshd.service", "sshd@a-1.service"],
      reload: ["dbus.service"],
      skip: ["held.service"],
    },
    ["ci.service"],
  );
  assert.deepEqual(namesOf(changes.restart), [
    "ci.service",
    "sshd.service",
    "sshd@a-1.service",
    "web.service",
    "x.service",
    "x.socket",
  ]);
  assert.deepEqual(namesOf(changes.stop), ["old.service"]);
  assert.deepEqual(namesOf(changes.start), ["new.service"]);
  assert.deepEqual(
    changes.restart.filter(({ role }) => role !== null),
    [
      { name: "ci.service", role: "ci-runner" },
      { name: "sshd.service", role: "ssh" },
      { name: "sshd@a-1.service", role: "ssh" },
    ],
  );
});

const DIFF = `acpi-call: 2020-04-07-5.8.16 → 2020-04-07-5.8.18
bluez-qt: +12.6 KiB
dolphin: 20.08.1, 20.08.0 → 20.08.2, \u001B[31;1m+13.9 KiB\u001B[0m
kdeconnect: 20.08.2 → ∅, \u001B[32;1m-6597.8 KiB\u001B[0m
kdeconnect-kde: ∅ → 20.08.2, +6.4 MiB
unit-x.service: ε → ∅
warning: you don't have Internet access
`;

test("explain: what nix store diff-closures prints is read, colours and all", () => {
  const changes = parseClosureDiff(DIFF);
  assert.deepEqual(changes.slice(1), [
    { name: "bluez-qt", before: [], after: [], bytes: 12_902 },
    { name: "dolphin", before: ["20.08.1", "20.08.0"], after: ["20.08.2"], bytes: 14_234 },
    { name: "kdeconnect", before: ["20.08.2"], after: [], bytes: -6_756_147 },
    { name: "kdeconnect-kde", before: [], after: ["20.08.2"], bytes: 6_710_886 },
    { name: "unit-x.service", before: [""], after: [], bytes: null },
  ]);
  assert.deepEqual(
    mostTellingFirst(changes).map(({ name }) => name),
    ["acpi-call", "dolphin", "kdeconnect-kde", "kdeconnect", "bluez-qt", "unit-x.service"],
  );
});

test("explain: sizes are read as Nix 2.34 prints them, without a plus", () => {
  const text = `thing: 1.0 → 1.1, \u001B[31;1m1.1 MiB\u001B[0m
other: \u001B[31;1m195.3 KiB\u001B[0m
smaller: 1.1 → 1.0, \u001B[32;1m-927.7 KiB\u001B[0m
versions: 1.0 → 1.1, 2.0b
`;
  const read = parseClosureDiff(text).map(({ name, after, bytes }) => [name, after, bytes]);
  assert.deepEqual(read, [
    ["thing", ["1.1"], 1_153_434],
    ["other", [], 199_987],
    ["smaller", ["1.0"], -949_965],
    ["versions", ["1.1", "2.0b"], null],
  ]);
});

test("explain: closure sizes are read, the other columns are not", () => {
  const text = "/nix/store/a-x \t      67144\n/nix/store/b-y\t6968\nwarning: /nix/store/c 5\n";
  assert.deepEqual(
    [...parseClosureSizes(text)],
    [
      ["/nix/store/a-x", 67_144],
      ["/nix/store/b-y", 6968],
    ],
  );
});

test("explain: any output of Nix is read without a crash", () => {
  const line = fc.constantFrom(...DIFF.split("\n"), "a: ∅ → ", "a: ,", ": → → →");
  const piece = fc.oneof(fc.string({ unit: "binary" }), line);
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join("\n");
      for (const { name } of parseClosureDiff(text)) assert.notEqual(name, "");
      for (const [, bytes] of parseClosureSizes(text)) assert.ok(bytes >= 0);
    }),
  );
});

const PARAMETERS = { booted: ["quiet", "old=1"], target: ["quiet", "new=1"] };
const PARTS = { firmware: { booted: "/f1", target: "/f1" }, components: [] };

function words(parameters: KernelParameters): string[] {
  return waitingForBoot("switch", { ...PARTS, parameters }).map(({ detail }) => detail);
}

test("explain: kernel parameters wait for the next boot, by what the kernel was started with", () => {
  const running = ["init=/nix/store/x/init", "quiet", "old=1"];
  assert.deepEqual(words({ ...PARAMETERS, running }), ["+new=1 -old=1"]);
  // Given by hand in the boot loader, and gone from it.
  assert.deepEqual(words({ ...PARAMETERS, running: ["init=/x", "quiet", "new=1"] }), []);
  // A container sees its host's.
  assert.deepEqual(words({ ...PARAMETERS, running: ["foreign=1"] }), ["+new=1 -old=1"]);
  assert.deepEqual(words({ ...PARAMETERS, running: null }), ["+new=1 -old=1"]);
  assert.deepEqual(words({ ...PARAMETERS, target: null, running }), []);
});

test("explain: firmware and an unwatched kernel wait too, unless it reboots anyway", () => {
  const parts = {
    parameters: { booted: null, target: null, running: null },
    firmware: { booted: "/f1", target: "/f2" },
    components: compareComponents(
      ["kernel"],
      { booted: OLD, current: OLD, target: system("/t", { components: { kernel: at("/k2") } }) },
      { booted: "6.1", target: "6.2" },
    ),
  };
  assert.deepEqual(
    waitingForBoot("switch", parts).map(({ what }) => what),
    ["kernel", "firmware"],
  );
  assert.deepEqual(waitingForBoot("reboot", parts), []);
});
