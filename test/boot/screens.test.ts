import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fallbackAdvice } from "../../src/explain/fallback.ts";
import { explainFallback, viewComingBack } from "../../src/explain/fallback.ts";
import type { Config } from "../../src/core/config/config.ts";
import type { FallbackJson } from "../../src/json/fallback.ts";
import { type BootLoaderNow, viewBootLoader } from "../../src/boot/detect.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { ExplainJson } from "../../src/json/explain.ts";
import { fallbackLines } from "../../src/view/explain-parts.ts";
import { comesBackLine, hostLines } from "../../src/view/host-lines.ts";
import { PLAIN } from "../../src/view/style.ts";
import { LOADER, NEW as NEW_SYSTEM, OLD as OLD_SYSTEM } from "../view/samples.ts";
import type { EdgeHost } from "../support/edge-host.ts";
import { makeToplevel } from "../support/systems.ts";
import {
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
import { viewSystems } from "../../src/host/nixos/systems.ts";

/** A host with two systems that go on after a boot. */
interface Deployed {
  readonly host: EdgeHost;
  readonly target: string;
  readonly previous: string;
}

function deployedTo(host: EdgeHost): Deployed {
  const target = makeToplevel(host.folder, "new");
  return { host, target, previous: makeToplevel(host.folder, "old") };
}

const MENU_FORCE = "timeout menu-force\ndefault nixos-1111.conf\n";

type Wait = readonly [
  what: string,
  make: () => EdgeHost,
  wait: (host: EdgeHost, previous: string, target: string) => unknown,
  why: RegExp,
];

const REBOOT = { action: "reboot", reason: "kernel changed", changed: ["kernel"] } as const;

async function explained(
  { host, target, previous }: Deployed,
  fallback: "auto" | "require" | "off",
): Promise<ExplainJson["fallback"]> {
  const config = { ...DEFAULT_CONFIG, reboot: { ...DEFAULT_CONFIG.reboot, fallback } };
  entry(host, "nixos-2222.conf", target);
  entry(host, "nixos-1111.conf", previous);
  const systems = await viewSystems(host.paths, target, []);
  const current = { ...systems.current, toplevel: previous };
  const weighed = {
    target,
    specialisation: null,
    systems: { ...systems, current },
    decision: REBOOT,
  };
  return await explainFallback(host, config, weighed, PROFILE);
}

function lines(fallback: ExplainJson["fallback"]): string {
  return fallbackLines({ ...PLAIN, width: 200 }, { fallback }).join("\n");
}

test("explain says that the target is booted once, and what it lacks", async () => {
  using host = systemdBootHost();
  const deployed = deployedTo(host);
  const text = lines(await explained(deployed, "auto"));
  assert.match(
    text,
    /^this host would come back after a reset, but .*systemd-boot boots the target once/,
  );
  assert.match(text, /a kernel panic would hang the host: .*panic=10/);
  assert.match(text, /a hang would not reset the host/);
});

test("explain says why there is no fallback, and what follows from that", async () => {
  using host = grubHost();
  mountBoot(host, "btrfs", "rw");
  const deployed = deployedTo(host);
  assert.match(
    lines(await explained(deployed, "auto")),
    /^this host would not come back by itself: GRUB: .*btrfs.*: give \/boot an ext4 or FAT[^]*somebody\s+must repair/,
  );
  assert.match(
    lines(await explained(deployed, "require")),
    /^this host would not come back [^]*it\s+would not reboot/,
  );
  assert.match(
    lines(await explained(deployed, "off")),
    /^this host would not come back by itself: it is turned off/,
  );
  assert.equal(lines(null), "");
});

for (const [what, make, wait, why] of [
  [
    "the passphrase of a disk",
    systemdBootHost,
    (_, previous) => {
      const file = { reboot: { passphrases: ["luksroot"] } };
      writeFileSync(join(previous, "etc/deploy-finalize.json"), JSON.stringify(file));
    },
    /the system that runs now waits at boot until somebody types the passphrase of luksroot/,
  ],
  [
    "a choice in the menu of systemd-boot",
    systemdBootHost,
    (host) => host.folder.write("boot/loader/loader.conf", MENU_FORCE),
    /systemd-boot: its menu has no time limit, .* chooses: set boot\.loader\.timeout/,
  ],
  [
    "a choice in that menu, because of an EFI variable",
    systemdBootHost,
    (host) => {
      setVariable(host, "LoaderConfigTimeout", "menu-force");
    },
    /systemd-boot: .*LoaderConfigTimeout: bootctl set-timeout ""/,
  ],
  [
    "a choice in the menu of GRUB",
    grubHost,
    (host, previous, target) => {
      const text = grubConfig(previous).replaceAll(NEW, target).replaceAll(OLD, previous);
      host.folder.write("boot/grub/grub.cfg", text.replace("timeout=5", "timeout=-1"));
    },
    /GRUB: its menu has no time limit, so each boot but that of the target waits/,
  ],
] satisfies Wait[]) {
  test(`a host that would wait for ${what} does not come back by itself, and says so`, async () => {
    using host = make();
    const deployed = deployedTo(host);
    wait(host, deployed.previous, deployed.target);
    const fallback = await explained(deployed, "auto");
    assert.deepEqual([fallback?.comesBack, fallback?.obstacle], ["no", null]);
    for (const text of [
      lines(fallback).replaceAll("\n", " "),
      comesBackLine({ ...PLAIN, width: 300 }, fallback).join("\n"),
    ]) {
      assert.match(text, /this host would not come back by itself: /);
      assert.match(text, why);
    }
  });
}

const KNOWN = ["watchdog0"];

test("a host without a watchdog is told to load its driver", () => {
  const [advice = "", ...more] = fallbackAdvice(["panic=10"], "RuntimeWatchdogSec=30s", []);
  assert.match(advice, /^a hang would not reset the host: Linux knows no watchdog.*boot\.initrd/);
  assert.deepEqual(more, []);
});

test("a watchdog of the kernel itself resets no kernel that hangs", async () => {
  using host = systemdBootHost();
  const deployed = deployedTo(host);
  const lacks = async () => ((await explained(deployed, "auto"))?.advice ?? []).join("\n");
  host.folder.write("sys/class/watchdog/watchdog0/identity", "Software Watchdog\n");
  assert.match(await lacks(), /knows no watchdog in its hardware/);
  host.folder.write("sys/class/watchdog/watchdog1/identity", "iTCO_wdt\n");
  assert.doesNotMatch(await lacks(), /knows no watchdog/);
  assert.match(
    await lacks(),
    /uses another watchdog .* set systemd\.watchdog\.device to \/dev\/watchdog1/,
  );
});

for (const [device, watchdogs, good] of [
  ["", ["watchdog0", "watchdog1"], true],
  ["", ["watchdog1"], false],
  ["/dev/watchdog", ["watchdog0"], true],
  ["/dev/watchdog1", ["watchdog1"], true],
  ["/dev/watchdog1", ["watchdog0"], false],
  ["/dev/watchdog-of-the-board", ["watchdog1"], true],
] as const) {
  test(`systemd ${good ? "uses" : "does not use"} ${watchdogs.join(", ")} if its device is ${device || "not set"}`, () => {
    const settings = `RuntimeWatchdogSec=30s\n${device === "" ? "" : `WatchdogDevice=${device}\n`}`;
    assert.equal(fallbackAdvice(["panic=10"], settings, watchdogs).length, good ? 0 : 1);
  });
}

test("advice goes where panics and hangs end in a reset", () => {
  assert.equal(fallbackAdvice(["panic=10"], "RuntimeWatchdogSec=30s\n", KNOWN).length, 0);
  assert.equal(fallbackAdvice(["panic=-1"], "  RuntimeWatchdogSec=1min\n", KNOWN).length, 0);
  for (const parameters of [[], ["panic=0"], ["panic=1", "panic=0"], ["nopanic=1"]]) {
    assert.match(
      fallbackAdvice(parameters, "RuntimeWatchdogSec=30s", KNOWN)[0] ?? "",
      /a kernel panic/,
    );
  }
  for (const settings of [null, "", "#RuntimeWatchdogSec=30s", "RuntimeWatchdogSec=off"]) {
    assert.match(fallbackAdvice(["panic=1"], settings, KNOWN)[0] ?? "", /a hang/);
  }
});

function said(changes: Partial<FallbackJson>): string {
  return comesBackLine({ ...PLAIN, width: 300 }, { ...COMES_BACK, ...changes }).join("\n");
}

test("status says in one line whether the host would come back by itself", () => {
  assert.equal(said({}), "  if a new kernel does not boot, this host would come back by itself");
  assert.match(
    said({ comesBack: "after-a-reset", advice: ["a hang would not reset the host"] }),
    /come back after a reset, but nothing resets it in every case: a hang would not reset the host$/,
  );
  assert.match(
    said({ comesBack: "no", obstacle: "GRUB: GRUB cannot write to zfs", advice: ["x"] }),
    /this host would not come back by itself: GRUB: GRUB cannot write to zfs$/,
  );
  assert.deepEqual(comesBackLine(PLAIN, null), []);
});

test("status looks at the loader alone while the next target is not known", async () => {
  using host = systemdBootHost();
  const { target, previous } = deployedTo(host);
  const view = async (config: Config, next: string | null) =>
    await viewComingBack(host, config, { profile: PROFILE, target: next, previous: target });
  assert.equal((await view(DEFAULT_CONFIG, target))?.obstacle, null);
  assert.match((await view(DEFAULT_CONFIG, previous))?.obstacle ?? "", /has no menu entry for/);
  assert.equal(await view(DEFAULT_CONFIG, null), null);
  assert.equal(await view({ ...DEFAULT_CONFIG, rebootWhenChanged: [] }, target), null);
});

const COMES_BACK: FallbackJson = {
  wanted: "auto",
  loader: "systemd-boot",
  comesBack: "by-itself",
  obstacle: null,
  waits: null,
  advice: [],
};

test("status says what is booted next where that is not the profile's system", () => {
  const host = {
    booted: OLD_SYSTEM,
    current: OLD_SYSTEM,
    profile: NEW_SYSTEM,
    rebootRequired: null,
  };
  const saidOf = (bootLoader: Partial<BootLoaderNow>): string =>
    hostLines(PLAIN, { ...host, bootLoader: { ...LOADER, ...bootLoader } }).join("\n");
  const armed = saidOf({ once: NEW_SYSTEM.toplevel, byDefault: OLD_SYSTEM.toplevel });
  assert.match(
    armed,
    /next boot: systemd-boot boots generation 42 once; later boots: generation 41/,
  );
  assert.doesNotMatch(said(LOADER), /systemd-boot/);
});

test("status reads it from the loader", async () => {
  using host = systemdBootHost();
  setVariable(host, "LoaderEntryOneShot", "nixos-1111.conf");
  const seen = { name: "systemd-boot", byDefault: NEW, once: OLD, obstacle: null };
  assert.deepEqual(await viewBootLoader(host, { profile: PROFILE, toplevel: NEW }), seen);
});
