import assert from "node:assert/strict";
import { describe } from "node:test";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import { deploy, ended, systemSpec } from "./deploying.ts";

// What cannot be written must not keep a rollback from what matters most: services that run again.
const shop = (run: string): Record<string, string> => ({
  "shop.service": `[Service]\nType=exec\n${run}\n[Install]\nWantedBy=multi-user.target\n`,
});
const baseline = systemSpec({ units: shop("ExecStart=/bin/sleep infinity") });
const failing = (before: string) => shop(`Type=oneshot\nExecStart=/bin/sh -c '${before}; exit 1'`);

/** Profile and boot default are tried for a minute. */
const RETRIES_MS = 150_000;

async function currentAndShop(host: Host): Promise<[string, boolean]> {
  const { exitCode } = await host.run(["systemctl", "is-active", "--quiet", "shop.service"]);
  return [(await host.facts()).current, exitCode === 0];
}

void describe("rollback and full disks", { concurrency: 3 }, () => {
  hostTest(
    "/boot is read-only by the time that it rolls back: the old system runs again",
    { baseline },
    async (host) => {
      const { current } = await host.facts();
      const units = failing("mount --bind /boot /boot; mount -o remount,ro,bind /boot");
      const target = await host.buildToplevel(systemSpec({ label: "new", units }));
      const record = await ended(host, await deploy(host, target, "--delay", "0"), RETRIES_MS);
      assert.deepEqual(await currentAndShop(host), [current, true], record.outcome?.reason);
      // Not `rolled-back`, because the boot default is still the target.
      assert.equal(record.state, "failed");
      assert.match(
        record.outcome?.reason ?? "",
        /the rollback failed too: cannot set the boot default/,
      );
    },
  );

  hostTest(
    "no space for the profile's link when it rolls back: the old system runs again",
    { baseline },
    async (host) => {
      const { current } = await host.facts();
      await host.shell(
        "cd /nix/var/nix; cp -a profiles /run/copy; mount -t tmpfs -o size=1m,nr_inodes=40 tmpfs profiles; cp -a /run/copy/. profiles/",
      );
      const units = failing("cd /nix/var/nix/profiles; for i in $(seq 50); do touch f$i; done");
      const target = await host.buildToplevel(systemSpec({ label: "new", units }));
      const record = await ended(host, await deploy(host, target, "--delay", "0"), RETRIES_MS);
      assert.deepEqual(await currentAndShop(host), [current, true], record.outcome?.reason);
      assert.equal(record.state, "failed");
      assert.match(
        record.outcome?.reason ?? "",
        /the rollback failed too: cannot restore the profile/,
      );
    },
  );

  hostTest("a disk that is full for a moment only: rolled back", { baseline }, async (host) => {
    const { current } = await host.facts();
    const units = failing("mount --bind /boot /boot; mount -o remount,ro,bind /boot");
    const target = await host.buildToplevel(systemSpec({ label: "new", units }));
    const id = await deploy(host, target, "--delay", "0");
    await host.until("it will try again", async () =>
      (await host.journal(`deploy-finalize-${id}.service`)).includes("tries again in"),
    );
    await host.ok(["umount", "/boot"]);
    const record = await ended(host, id, RETRIES_MS);
    assert.deepEqual(
      [record.state, record.outcome?.reason],
      ["rolled-back", "units settle: shop.service failed"],
    );
    assert.deepEqual(await currentAndShop(host), [current, true]);
  });

  hostTest(
    "another program keeps the switch lock while it rolls back: it gives up in time, and names it",
    { baseline },
    async (host) => {
      const { current: previous } = await host.facts();
      const lock = "/run/nixos/switch-to-configuration.lock";
      const hold = `systemd-run --quiet --unit=holder flock ${lock} sleep infinity
        while flock --nonblock ${lock} true; do sleep 0.1; done; exit 1`;
      const check = { kind: "command", command: ["sh", "-c", hold], deadline: 20 };
      // A deploy would wait for an hour.
      const waitFor = { timeout: 3600, rollbackTimeout: 5 };
      const config = { verify: { settle: 0, checks: [check] }, waitFor };
      const target = await host.buildToplevel(systemSpec({ label: "bad" }, config));
      const record = await ended(host, await deploy(host, target, "--delay", "0"), RETRIES_MS);
      assert.equal(record.state, "failed");
      assert.match(
        record.outcome?.reason ?? "",
        /the rollback failed too: timed out after 5 s: the switch lock is held by process \d+ \(.*\)/,
      );
      // The next boot is to bring the previous system, but its loader cannot be written without the lock.
      assert.equal((await host.facts()).profile, previous);
    },
  );
});
