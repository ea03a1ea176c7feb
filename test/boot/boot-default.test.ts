import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import {
  makeBootDefault,
  prepareBoot,
  setPermanentDefault,
  unprepareBoot,
} from "../../src/boot/boot-default.ts";
import { findLoader } from "../../src/boot/detect.ts";
import type { EdgeHost } from "../support/edge-host.ts";
import { makeToplevel } from "../support/systems.ts";
import {
  changes,
  entry,
  grubHost,
  mountBoot,
  NEW,
  OLD,
  PROFILE,
  setVariable,
  systemdBootHost,
} from "./loaders.ts";

const NEXT = {
  profile: PROFILE,
  toplevel: NEW,
  previous: OLD,
  fallback: "auto",
  obstacle: null,
  atProblem: "refuse",
} as const;

/** What the loader boots by default, and what it boots once. */
async function boots(host: EdgeHost): Promise<(string | null)[]> {
  const found = await findLoader(host, { profile: PROFILE, toplevel: NEW });
  return found.kind === "found" ? [found.loader.bootDefault, found.loader.oneShot] : [];
}

for (const [name, make] of [
  ["systemd-boot", systemdBootHost],
  ["GRUB", grubHost],
] as const) {
  test(`${name}: boots the target once, with the previous system as the default`, async () => {
    using host = make();
    assert.equal(await prepareBoot(host, NEXT), null);
    assert.deepEqual(await boots(host), [OLD, NEW]);
    assert.equal(
      await setPermanentDefault(host, { profile: PROFILE, toplevel: NEW, other: OLD }),
      null,
    );
    assert.deepEqual(await boots(host), [NEW, null]);
  });

  test(`${name}: is as before where the reboot does not come`, async () => {
    using host = make();
    await prepareBoot(host, NEXT);
    await unprepareBoot(host, NEXT);
    assert.deepEqual(await boots(host), [NEW, null]);
  });

  test(`${name}: boots the target for good where no fallback is wanted`, async () => {
    using host = make();
    assert.equal(await prepareBoot(host, { ...NEXT, fallback: "off" }), null);
    assert.deepEqual(await boots(host), [NEW, null]);
  });
}

test("where no fallback can be armed, auto reboots all the same and require does not", async () => {
  using host = grubHost();
  mountBoot(host, "zfs", "rw");
  assert.equal(await prepareBoot(host, NEXT), null);
  assert.deepEqual(await boots(host), [NEW, null]);
  assert.match(
    host.said.join("\n"),
    /the boot loader cannot fall back: GRUB: GRUB cannot write to zfs/,
  );
  const refusal = await prepareBoot(host, { ...NEXT, fallback: "require" });
  assert.match(refusal ?? "", /the boot loader cannot fall back: GRUB: GRUB cannot write to zfs/);
  assert.deepEqual(await boots(host), [NEW, null]);
});

test("a one-shot that cannot be set leaves the target as the default", async () => {
  using host = systemdBootHost();
  host.answers["bootctl set-oneshot"] = { exitCode: 1, stderr: "no space" };
  assert.equal(await prepareBoot(host, NEXT), null);
  assert.deepEqual(await boots(host), [NEW, null]);
  assert.match(host.said.join("\n"), /the boot loader cannot fall back: .*no space/);
});

test("a previous system that is not in the menu is nothing to fall back to", async () => {
  using host = systemdBootHost();
  host.folder.remove("boot/loader/entries/nixos-1111.conf");
  assert.match(
    (await prepareBoot(host, { ...NEXT, fallback: "require" })) ?? "",
    /systemd-boot has no menu entry for \/nix\/store\/old/,
  );
});

test("an installer that makes something else the default: the previous system is held as the default", async () => {
  using host = systemdBootHost();
  host.answers[`${OLD}/bin/switch-to-configuration boot`] = {};
  assert.equal(await prepareBoot(host, { ...NEXT, fallback: "require" }), null);
  assert.deepEqual(await boots(host), [OLD, NEW]);
  assert.equal(
    await setPermanentDefault(host, { profile: PROFILE, toplevel: NEW, other: OLD }),
    null,
  );
  assert.deepEqual(await boots(host), [NEW, null]);
  assert.ok(!existsSync(host.folder.at("boot/loader/deploy-finalize.default")));
});

test("an installer that makes something else the default is not believed", async () => {
  using host = systemdBootHost();
  host.answers[`${OLD}/bin/switch-to-configuration boot`] = {};
  host.answers["bootctl set-default"] = { exitCode: 1, stderr: "read-only" };
  const refusal = await prepareBoot(host, { ...NEXT, fallback: "require" });
  assert.match(refusal ?? "", /its installer made \/nix\/store\/new the boot default; .*read-only/);
  assert.deepEqual(await boots(host), [NEW, null]);
});

test("a default that somebody else has set is neither held nor removed", async () => {
  using host = systemdBootHost();
  setVariable(host, "LoaderEntryDefault", "nixos-1111.conf");
  const refusal = await prepareBoot(host, { ...NEXT, fallback: "require" });
  assert.match(refusal ?? "", /LoaderEntryDefault \(nixos-1111\.conf\) overrides/);
  const wanted = { profile: PROFILE, toplevel: NEW, other: OLD };
  assert.match(
    (await setPermanentDefault(host, wanted)) ?? "",
    /default is \/nix\/store\/old: .*set-default ""/,
  );
  assert.deepEqual(await boots(host), [OLD, null]);
});

test("a reboot that does not come leaves nothing pending, even if the installer fails", async () => {
  using host = systemdBootHost();
  await prepareBoot(host, NEXT);
  host.answers[`${NEW}/bin/switch-to-configuration boot`] = { exitCode: 1, stderr: "no space" };
  await unprepareBoot(host, NEXT);
  assert.deepEqual(await boots(host), [OLD, null]);
  assert.match(
    host.said.join("\n"),
    /the next boot may start another system: cannot set the boot default/,
  );
});

test("somebody else's one-shot stays", async () => {
  using host = systemdBootHost();
  entry(host, "nixos-3333.conf", "/nix/store/other");
  await host.spawn(["bootctl", "set-oneshot", "nixos-3333.conf"]);
  assert.equal(
    await setPermanentDefault(host, { profile: PROFILE, toplevel: NEW, other: OLD }),
    null,
  );
  assert.deepEqual(await boots(host), [NEW, "/nix/store/other"]);
});

test("a taken switch lock holds the reboot up, whatever is required", async () => {
  using host = systemdBootHost();
  host.spawn = async (argv, { onOutput } = {}) => {
    onOutput?.("Could not acquire lock\n", "stdout");
    return { argv, exitCode: 11, cause: null, stdout: "", stderr: "" };
  };
  assert.equal(
    await prepareBoot(host, { ...NEXT, fallback: "require" }),
    "another process holds the switch lock",
  );
});

/** A host whose installer has a menu of one generation: the newest one. */
function limitedHost() {
  const host = systemdBootHost();
  const toplevel = makeToplevel(host.folder, "old");
  const profile = host.folder.link("profiles/system", toplevel);
  let newest = NEW;
  host.answers["nix-env"] = () => {
    newest = toplevel;
    return {};
  };
  host.answers[`${toplevel}/bin/switch-to-configuration boot`] = () => {
    if (newest !== toplevel) return {};
    entry(host, "nixos-3333.conf", toplevel);
    host.folder.write("boot/loader/loader.conf", "default nixos-3333.conf\n");
    return {};
  };
  return { host, toplevel, profile };
}

test("an old system that the installer leaves out becomes a new generation", async () => {
  const { host, toplevel, profile } = limitedHost();
  using _ = host;
  assert.equal(await makeBootDefault(host, { profile, toplevel, other: NEW }), null);
  assert.deepEqual(await boots(host), [toplevel, null]);
  assert.deepEqual(
    host.ran.filter(([program]) => program === "nix-env"),
    [["nix-env", "--profile", profile, "--set", toplevel]],
  );
  host.ran.length = 0;
  assert.equal(await makeBootDefault(host, { profile, toplevel, other: NEW }), null);
  assert.deepEqual(changes(host), [], "what the loader says already needs no installer");
});

test("an old system that stays left out is a problem with a name", async () => {
  const { host, toplevel, profile } = limitedHost();
  using _ = host;
  host.answers["nix-env"] = { exitCode: 1, stderr: "no space" };
  const problem = await makeBootDefault(host, { profile, toplevel, other: NEW });
  assert.match(problem ?? "", /cannot add a generation: .*no space/);
});

test("where nothing would go on after the boot, no boot is a trial", async () => {
  using host = systemdBootHost();
  const obstacle = "the target system has no deploy-finalize-resume.service";
  const refusal = await prepareBoot(host, { ...NEXT, fallback: "require", obstacle });
  assert.equal(refusal, `the boot loader cannot fall back: ${obstacle}`);
  assert.equal(await prepareBoot(host, { ...NEXT, obstacle }), null);
  assert.deepEqual(await boots(host), [NEW, null]);
  assert.match(host.said.join("\n"), /cannot fall back: the target system has no deploy-/);
});

/** Back from a boot that did not get through. */
const BACK = { ...NEXT, toplevel: OLD, previous: NEW, fallback: "off" } as const;
const STUCK = { ...BACK, atProblem: "reboot-anyway" } as const;

test("back from a boot that did not get through: an armed fallback needs no boot loader", async () => {
  using host = systemdBootHost();
  assert.equal(
    await setPermanentDefault(host, { profile: PROFILE, toplevel: OLD, other: NEW }),
    null,
  );
  const before = changes(host).length;
  assert.equal(await prepareBoot(host, STUCK), null);
  assert.deepEqual(changes(host).slice(before), []);
  assert.deepEqual(await boots(host), [OLD, null]);
});

test("back from a boot that did not get through: the boot default is set", async () => {
  using host = systemdBootHost();
  assert.equal(await prepareBoot(host, STUCK), null);
  assert.deepEqual(await boots(host), [OLD, null]);
});

test("back from a boot that did not get through: a broken boot loader does not stop it", async () => {
  using host = systemdBootHost();
  host.answers[`${OLD}/bin/switch-to-configuration boot`] = { exitCode: 1, stderr: "no space" };
  assert.match((await prepareBoot(host, BACK)) ?? "", /cannot set the boot default/);
  assert.equal(await prepareBoot(host, STUCK), null);
  assert.match(host.said.join("\n"), /cannot make .* the boot default .*reboots all the same/);
});

test("back from a boot that did not get through: nothing is written below an empty /boot", async () => {
  using host = systemdBootHost();
  host.showUnits({ "boot.mount": { LoadState: "loaded", ActiveState: "failed" } });
  assert.equal(await prepareBoot(host, STUCK), null);
  assert.deepEqual(
    host.ran.filter(([program = ""]) => program.endsWith("switch-to-configuration")),
    [],
  );
  assert.match(host.said.join("\n"), /\/boot is not mounted\); reboots all the same/);
});
