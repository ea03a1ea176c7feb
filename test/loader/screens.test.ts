import assert from "node:assert/strict";
import { test } from "node:test";
import { fallbackAdvice } from "../../src/core/fallback-advice.ts";
import { explainFallback } from "../../src/host/explaining-fallback.ts";
import { type BootLoaderNow, viewBootLoader } from "../../src/host/boot-loader-now.ts";
import type { Host } from "../../src/host/host.ts";
import { viewSystems } from "../../src/host/facts.ts";
import { DEFAULT_CONFIG } from "../../src/core/config.ts";
import type { ExplainJson } from "../../src/json/explain.ts";
import { fallbackLines } from "../../src/view/explain-fallback.ts";
import { hostLines } from "../../src/view/host-lines.ts";
import { PLAIN } from "../../src/view/style.ts";
import { LOADER, NEW as NEW_SYSTEM, OLD as OLD_SYSTEM } from "../view/samples.ts";
import { grubHost, mountBoot, NEW, OLD, setVariable, systemdBootHost } from "./loaders.ts";

const REBOOT = { action: "reboot", reason: "kernel changed", changed: ["kernel"] } as const;

async function explained(
  host: Host,
  fallback: "auto" | "require" | "off",
): Promise<ExplainJson["fallback"]> {
  const config = { ...DEFAULT_CONFIG, reboot: { ...DEFAULT_CONFIG.reboot, fallback } };
  const systems = await viewSystems(host.paths, NEW, []);
  const current = { ...systems.current, toplevel: OLD };
  const weighed = { target: NEW, systems: { ...systems, current }, decision: REBOOT };
  return explainFallback(host, config, weighed);
}

function lines(fallback: ExplainJson["fallback"]): string {
  return fallbackLines({ ...PLAIN, width: 200 }, { fallback }).join("\n");
}

test("explain says that the target is booted once, and what it lacks", async () => {
  using host = systemdBootHost();
  const text = lines(await explained(host, "auto"));
  assert.match(text, /^systemd-boot boots the target once/);
  assert.match(text, /a panic would stand still: .*panic=10/);
  assert.match(text, /a hang would stand still/);
});

test("explain says why there is no fallback, and what follows from that", async () => {
  using host = grubHost();
  mountBoot(host, "btrfs", "rw");
  assert.match(lines(await explained(host, "auto")), /^no fallback: GRUB: .*btrfs.*have to help/);
  assert.match(lines(await explained(host, "require")), /^no fallback: .*it would not reboot/);
  assert.match(lines(await explained(host, "off")), /^no fallback: it is not wanted/);
  assert.equal(lines(null), "");
});

test("advice goes where panics and hangs end in a reset", () => {
  assert.equal(fallbackAdvice(["panic=10"], "RuntimeWatchdogSec=30s\n").length, 0);
  assert.equal(fallbackAdvice(["panic=-1"], "  RuntimeWatchdogSec=1min\n").length, 0);
  for (const parameters of [[], ["panic=0"], ["panic=1", "panic=0"], ["nopanic=1"]]) {
    assert.match(fallbackAdvice(parameters, "RuntimeWatchdogSec=30s")[0] ?? "", /a panic/);
  }
  for (const settings of [null, "", "#RuntimeWatchdogSec=30s", "RuntimeWatchdogSec=off"]) {
    assert.match(fallbackAdvice(["panic=1"], settings)[0] ?? "", /a hang/);
  }
});

test("status says what is booted next where that is not the profile's system", () => {
  const host = {
    booted: OLD_SYSTEM,
    current: OLD_SYSTEM,
    profile: NEW_SYSTEM,
    rebootRequired: null,
  };
  const said = (bootLoader: Partial<BootLoaderNow>): string =>
    hostLines(PLAIN, { ...host, bootLoader: { ...LOADER, ...bootLoader } }).join("\n");
  const armed = said({ once: NEW_SYSTEM.toplevel, byDefault: OLD_SYSTEM.toplevel });
  assert.match(armed, /systemd-boot boots generation 42 once, and generation 41 from then on/);
  assert.doesNotMatch(said(LOADER), /systemd-boot/);
});

test("status reads it from the loader", () => {
  using host = systemdBootHost();
  setVariable(host, "LoaderEntryOneShot", "nixos-1111.conf");
  const seen = { name: "systemd-boot", byDefault: NEW, once: OLD, obstacle: null };
  assert.deepEqual(viewBootLoader(host), seen);
});
