import assert from "node:assert/strict";
import { test } from "node:test";
import { prepareBoot, setForGood, unprepareBoot } from "../../src/host/boot-default.ts";
import { findLoader } from "../../src/loader/detect.ts";
import type { EdgeHost } from "../support/edge-host.ts";
import { entry, grubHost, mountBoot, NEW, OLD, systemdBootHost } from "./loaders.ts";

const NEXT = { toplevel: NEW, previous: OLD, fallback: "auto" } as const;

/** What the loader boots by default, and what it boots once. */
function boots(host: EdgeHost): (string | null)[] {
  const found = findLoader(host);
  return found.kind === "found" ? [found.loader.bootDefault, found.loader.oneShot] : [];
}

for (const [name, make] of [
  ["systemd-boot", systemdBootHost],
  ["GRUB", grubHost],
] as const) {
  test(`${name}: boots the target once, with the previous system as the default`, async () => {
    using host = make();
    assert.equal(await prepareBoot(host, NEXT), null);
    assert.deepEqual(boots(host), [OLD, NEW]);
    assert.equal(await setForGood(host, NEW, OLD), null);
    assert.deepEqual(boots(host), [NEW, null]);
  });

  test(`${name}: is as before where the reboot does not come`, async () => {
    using host = make();
    await prepareBoot(host, NEXT);
    await unprepareBoot(host, NEXT);
    assert.deepEqual(boots(host), [NEW, null]);
  });

  test(`${name}: boots the target for good where no fallback is wanted`, async () => {
    using host = make();
    assert.equal(await prepareBoot(host, { ...NEXT, fallback: "off" }), null);
    assert.deepEqual(boots(host), [NEW, null]);
  });
}

test("where no fallback can be armed, auto reboots all the same and require does not", async () => {
  using host = grubHost();
  mountBoot(host, "zfs", "rw");
  assert.equal(await prepareBoot(host, NEXT), null);
  assert.deepEqual(boots(host), [NEW, null]);
  assert.match(host.said.join("\n"), /no fallback is armed: GRUB: GRUB cannot write to zfs/);
  const refusal = await prepareBoot(host, { ...NEXT, fallback: "require" });
  assert.match(refusal ?? "", /no way to fall back: GRUB: GRUB cannot write to zfs/);
  assert.deepEqual(boots(host), [NEW, null]);
});

test("a one-shot that cannot be set leaves the target as the default", async () => {
  using host = systemdBootHost();
  host.answers["bootctl set-oneshot"] = { exitCode: 1, stderr: "no space" };
  assert.equal(await prepareBoot(host, NEXT), null);
  assert.deepEqual(boots(host), [NEW, null]);
  assert.match(host.said.join("\n"), /no fallback is armed: .*no space/);
});

test("a previous system that is not in the menu is nothing to fall back to", async () => {
  using host = systemdBootHost();
  host.folder.remove("boot/loader/entries/nixos-1111.conf");
  assert.match(
    (await prepareBoot(host, { ...NEXT, fallback: "require" })) ?? "",
    /its menu has no entry for \/nix\/store\/old/,
  );
});

test("an installer that makes something else the default is not believed", async () => {
  using host = systemdBootHost();
  host.answers[`${OLD}/bin/switch-to-configuration boot`] = {};
  const refusal = await prepareBoot(host, { ...NEXT, fallback: "require" });
  assert.match(refusal ?? "", /its installer made \/nix\/store\/new the boot default/);
});

test("somebody else's one-shot stays", async () => {
  using host = systemdBootHost();
  entry(host, "nixos-3333.conf", "/nix/store/other");
  await host.spawn(["bootctl", "set-oneshot", "nixos-3333.conf"]);
  assert.equal(await setForGood(host, NEW, OLD), null);
  assert.deepEqual(boots(host), [NEW, "/nix/store/other"]);
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
