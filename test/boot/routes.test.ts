import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import {
  type BootPlan,
  makeBootDefault,
  prepareBoot,
  releaseOutdatedHold,
} from "../../src/boot/boot-default.ts";
import { findLoader } from "../../src/boot/detect.ts";
import { type AskForReboot, rebootInto } from "../../src/finalize/apply.ts";
import { SUSPENDED } from "../../src/finalize/context.ts";
import type { Runners } from "../../src/finalize/runners/stop.ts";
import { aRecord } from "../support/records.ts";
import type { EdgeHost } from "../support/edge-host.ts";
import { makeToplevel } from "../support/systems.ts";
import { setVariable, systemdBootHost } from "./loaders.ts";

// Every deployer's steps on a host with systemd-boot, up to the call of deploy-finalize.

const CONFIGURATION = "boot/loader/loader.conf";

/** Whether the installer takes a generation that deploy-rs has wrapped for the system in it. */
type Installer = "knows-wrapped" | "knows-none-wrapped" | "newest";

interface Route {
  readonly name: string;
  readonly installer: Installer;
  readonly generations: "plain" | "wrapped";
  readonly deletesDefault: boolean;
}

const ROUTES: readonly Route[] = [
  {
    name: "nixos-rebuild boot",
    installer: "knows-wrapped",
    generations: "plain",
    deletesDefault: false,
  },
  {
    name: "colmena apply boot",
    installer: "knows-wrapped",
    generations: "plain",
    deletesDefault: false,
  },
  {
    name: "nix-env --set and switch-to-configuration boot",
    installer: "knows-wrapped",
    generations: "plain",
    deletesDefault: false,
  },
  { name: "deploy-rs", installer: "knows-wrapped", generations: "wrapped", deletesDefault: true },
  {
    name: "deploy-rs, old nixpkgs",
    installer: "knows-none-wrapped",
    generations: "wrapped",
    deletesDefault: true,
  },
  {
    name: "nixos-rebuild boot, lanzaboote",
    installer: "newest",
    generations: "plain",
    deletesDefault: false,
  },
];

interface Deployed {
  readonly host: EdgeHost;
  readonly profile: string;
  readonly old: string;
  readonly target: string;
}

function idOf(index: number): string {
  return `nixos-generation-${index + 1}.conf`;
}

/** nix-env --set, `boot` of the target, and what the deployer does after it. */
function deployed({ installer, generations, deletesDefault }: Route): Deployed {
  const host = systemdBootHost();
  host.folder.remove("boot/loader/entries");
  const [old, target] = [makeToplevel(host.folder, "old"), makeToplevel(host.folder, "target")];
  const menu = [old, target].map((toplevel) => ({ toplevel, kind: generations }));
  host.answers["bootctl --json=short list"] = () => ({
    stdout: JSON.stringify(
      menu
        .map(({ toplevel }, index) => ({ id: idOf(index), options: `init=${toplevel}/init` }))
        .toReversed(),
    ),
  });
  const install = (toplevel: string): void => {
    const index = menu.findLastIndex(
      (one) => one.toplevel === toplevel && (installer === "knows-wrapped" || one.kind === "plain"),
    );
    if (installer === "newest") host.folder.write(CONFIGURATION, "timeout 5\n");
    else if (index !== -1) host.folder.write(CONFIGURATION, `default ${idOf(index)}\n`);
  };
  for (const toplevel of [old, target]) {
    host.answers[`${toplevel}/bin/switch-to-configuration boot`] = () => {
      install(toplevel);
      return {};
    };
  }
  const profile = host.folder.link("profiles/system", target);
  host.answers["nix-env"] = ([, , , , toplevel = ""]) => {
    menu.push({ toplevel, kind: "plain" });
    host.folder.remove("profiles/system");
    host.folder.link("profiles/system", toplevel);
    return {};
  };
  host.folder.write(CONFIGURATION, `default ${idOf(0)}\n`);
  install(target);
  if (deletesDefault) host.folder.write(CONFIGURATION, "timeout 5\n");
  return { host, profile, old, target };
}

async function boots({ host, profile, target }: Deployed): Promise<(string | null)[]> {
  const found = await findLoader(host, { profile, toplevel: target });
  assert.ok(found.kind === "found", JSON.stringify(found));
  return [found.loader.bootDefault, found.loader.oneShot];
}

/** The loader has booted what was pending. */
function boot({ host }: Deployed): void {
  host.folder.remove(
    "sys/firmware/efi/efivars/LoaderEntryOneShot-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f",
  );
}

function assertNothingLeft({ host }: Deployed): void {
  for (const name of ["LoaderEntryDefault", "LoaderEntryOneShot"]) {
    const path = `sys/firmware/efi/efivars/${name}-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f`;
    assert.ok(!existsSync(host.folder.at(path)), `${name} is left`);
  }
  assert.ok(!existsSync(host.folder.at("boot/loader/deploy-finalize.default")));
}

function planOf({ profile, target, old }: Deployed): BootPlan {
  const systems = { profile, toplevel: target, previous: old };
  return { ...systems, fallback: "require", obstacle: null, atProblem: "refuse" };
}

for (const route of ROUTES) {
  test(`${route.name}: the target is booted once, and verified it is the default`, async () => {
    const host = deployed(route);
    using _ = host.host;
    const { profile, old, target } = host;
    assert.equal(await prepareBoot(host.host, planOf(host)), null);
    assert.deepEqual(await boots(host), [old, target]);
    boot(host);
    assert.deepEqual(await boots(host), [old, null], "a reset brings the previous system back");
    const verified = { profile, toplevel: target, other: old };
    assert.equal(await makeBootDefault(host.host, verified), null);
    assert.deepEqual(await boots(host), [target, null]);
    assertNothingLeft(host);
  });

  test(`${route.name}: after a rollback the previous system is the default`, async () => {
    const host = deployed(route);
    using _ = host.host;
    const { profile, old, target } = host;
    assert.equal(await prepareBoot(host.host, planOf(host)), null);
    boot(host);
    host.host.folder.remove("profiles/system");
    host.host.folder.link("profiles/system", old);
    const systems = { toplevel: old, previous: target };
    const back: BootPlan = { ...planOf(host), ...systems, fallback: "off" };
    assert.equal(await prepareBoot(host.host, back), null, "the reboot back");
    const restored = { profile, toplevel: old, other: target };
    assert.equal(await makeBootDefault(host.host, restored), null);
    assert.deepEqual(await boots(host), [old, null]);
    assertNothingLeft(host);
  });
}

const NO_RUNNERS: Runners = {
  id: aRecord().id,
  stop: [],
  drain: [],
  draining: {
    seconds: 0,
    next: "give-up",
    stop: AbortSignal.abort(),
    untilUnwanted: async () => {},
    tell: () => {},
  },
  start: [],
  isUnwanted: () => false,
};

const ASKS: AskForReboot = async (request) => await request("respected");

for (const [what, load, left] of [
  ["uses up no one-shot boot, so none stays", {}, "nothing"],
  [
    "that the host cannot do leaves the one-shot boot to the loader",
    { exitCode: 1, stderr: "cannot load" },
    "target",
  ],
] as const) {
  test(`a boot by kexec ${what}`, async () => {
    const [route] = ROUTES;
    assert.ok(route !== undefined);
    const host = deployed(route);
    using _ = host.host;
    const { old, target } = host;
    host.host.answers["kexec"] = load;
    // Whatever somebody else has loaded.
    host.host.folder.write("sys/kernel/kexec_loaded", "1\n");
    host.host.folder.write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
    host.host.folder.write("store/target/kernel-params", "\n");
    const how = { runners: NO_RUNNERS, method: "kexec", ask: ASKS } as const;
    const goesDown = AbortSignal.abort();
    assert.equal(await rebootInto(host.host, planOf(host), how, goesDown), SUSPENDED);
    assert.ok(
      host.host.ran.some((argv) => argv.includes("--load")),
      host.host.said.join(),
    );
    assert.deepEqual(await boots(host), [old, left === "target" ? target : null]);
  });
}

/** A host whose installer makes the newest generation the default; the trial has been booted. */
async function held(): Promise<Deployed> {
  const route = ROUTES.find(({ installer }) => installer === "newest");
  assert.ok(route !== undefined);
  const host = deployed(route);
  assert.equal(await prepareBoot(host.host, planOf(host)), null);
  boot(host);
  assert.deepEqual(await boots(host), [host.old, null]);
  return host;
}

test("a held default that hides what another activation has installed is released", async () => {
  const host = await held();
  using _ = host.host;
  const { profile, old, target } = host;
  const trial = { profile, toplevel: target, other: old };
  assert.deepEqual(await releaseOutdatedHold(host.host, trial), { kind: "nothing-outdated" });
  assert.deepEqual(await boots(host), [old, null], "it keeps the host from the rejected target");
  const byHand = makeToplevel(host.host.folder, "by-hand");
  await host.host.spawn(["nix-env", "--profile", profile, "--set", byHand]);
  assert.deepEqual(await boots(host), [old, null], "the hold hides the newest generation");
  // Somebody has gone back by the profile since: the newest generation is only the newest one.
  host.host.folder.remove("profiles/system");
  host.host.folder.link("profiles/system", old);
  assert.deepEqual(await releaseOutdatedHold(host.host, trial), { kind: "nothing-outdated" });
  host.host.folder.remove("profiles/system");
  host.host.folder.link("profiles/system", byHand);
  const released = { kind: "released", installed: byHand };
  assert.deepEqual(await releaseOutdatedHold(host.host, trial), released);
  assert.deepEqual(await boots(host), [byHand, null]);
  assertNothingLeft(host);
});

test("a held default that cannot be released is a problem", async () => {
  const host = await held();
  using _ = host.host;
  const { profile, old, target } = host;
  const byHand = makeToplevel(host.host.folder, "by-hand");
  await host.host.spawn(["nix-env", "--profile", profile, "--set", byHand]);
  host.host.answers["bootctl set-default"] = { exitCode: 1, stderr: "Read-only file system" };
  const trial = { profile, toplevel: target, other: old };
  const end = await releaseOutdatedHold(host.host, trial);
  assert.match(end.kind === "problem" ? end.problem : end.kind, /Read-only file system/);
});

test("a default that is held for a process that was killed is released by the next one", async () => {
  const route = ROUTES.find(({ installer }) => installer === "newest");
  assert.ok(route !== undefined);
  const host = deployed(route);
  using _ = host.host;
  const { profile, old, target } = host;
  // Killed after the default was held, before anything was pending.
  host.host.folder.write("boot/loader/deploy-finalize.default", "nixos-generation-1.conf");
  setVariable(host.host, "LoaderEntryDefault", "nixos-generation-1.conf");
  assert.deepEqual(await boots(host), [old, null]);
  assert.equal(await makeBootDefault(host.host, { profile, toplevel: target, other: old }), null);
  assert.deepEqual(await boots(host), [target, null]);
  assertNothingLeft(host);
});
