import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import { deploy, PROGRAM, QUIET_FOR_LONG, systemSpec } from "./deploying.ts";

const baseline = systemSpec({ units: QUIET_FOR_LONG });
const CALL = PROGRAM.join(" ");

/** Every unit with its state, and every file that a refused call might have touched. */
async function snapshot(host: Host): Promise<string> {
  return await host.shell(
    `systemctl list-units --all --plain --no-legend --no-pager | awk '{print $1, $2, $3, $4}' | sort
     mkdir -p /run/systemd/transient
     find /var/lib /etc /run/systemd/transient /run/systemd/system /nix/var/nix/gcroots /nix/var/nix/profiles \\
       -ignore_readdir_race \\( -type d -printf '%p/\\n' -o -type l -printf '%p -> %l\\n' -o -printf '%p %s %T@\\n' \\) | sort`,
  );
}

interface Bad {
  readonly name: string;
  /** A script; what it calls must end with this exit code and say this. */
  readonly script: string;
  readonly exitCode: number;
  readonly message: RegExp;
}

const bad: Bad[] = [
  {
    name: "not root",
    script: `setpriv --reuid=65534 --clear-groups ${CALL}`,
    exitCode: 1,
    message: /scheduling needs root/,
  },
  {
    name: "no systemd as PID 1",
    script: `unshare --mount sh -c 'mount -t tmpfs none /run/systemd && exec ${CALL}'`,
    exitCode: 1,
    message: /systemd is not PID 1 here/,
  },
  {
    name: "profile absent",
    script: `${CALL} --profile /nix/var/nix/profiles/nowhere`,
    exitCode: 1,
    message: /profiles\/nowhere does not exist/,
  },
  {
    name: "profile not a NixOS system",
    script: `${CALL} --profile /usr/share`,
    exitCode: 1,
    message: /\/usr\/share is not a NixOS system/,
  },
  {
    name: "profile dangling",
    script: `unshare --mount sh -c 'mount -t tmpfs none /mnt && ln -s /nix/store/gone /mnt/p && exec ${CALL} --profile /mnt/p'`,
    exitCode: 1,
    message: /\/mnt\/p is a dangling link to \/nix\/store\/gone/,
  },
  { name: "--delay -1", script: `${CALL} --delay -1`, exitCode: 2, message: /-1/ },
  { name: "--delay x", script: `${CALL} --delay x`, exitCode: 2, message: /whole seconds/ },
  { name: "--dryrun", script: `${CALL} --dryrun`, exitCode: 2, message: /Did you mean --dry-run/ },
  {
    name: "unknown configuration key",
    script: `echo '{"delai": 1}' > /run/c.json; ${CALL} --config /run/c.json`,
    exitCode: 2,
    message: /unknown key delai\. Did you mean delay\?/,
  },
  {
    name: "state folder in a place that is read-only",
    script: `${CALL} --state-dir /proc/sys/state`,
    exitCode: 1,
    message: /cannot use the state folder \/proc\/sys\/state: .*--state-dir/,
  },
  {
    name: "state folder full",
    script: `unshare --mount sh -c 'mount -t tmpfs -o size=4k,mode=700 none /mnt; head -c 4096 /dev/zero > /mnt/fill; ${CALL} --state-dir /mnt; code=$?; ls -A /mnt >&2; exit $code'`,
    exitCode: 1,
    // The lock is an empty file that any call makes.
    message: /cannot use the state folder \/mnt: ENOSPC.*\nfill\nschedule\.lock\n$/s,
  },
  {
    name: "systemd-run missing",
    script: `mkdir -p /run/locks-only; ln -sf "$(command -v flock)" "$(command -v env)" "$(command -v cat)" /run/locks-only; PATH=/run/locks-only ${CALL}`,
    exitCode: 1,
    message: /cannot arm .*: systemd-run could not be started: systemd-run is not in PATH/,
  },
  {
    name: "no program at all in PATH",
    script: `PATH=/nowhere ${CALL}`,
    exitCode: 1,
    message: /cannot take the lock .*: flock could not be started: flock is not in PATH/,
  },
  {
    name: "systemd-run failing",
    script: `unshare --mount sh -c 'mount -t tmpfs none /run/dbus && mount -t tmpfs none /run/systemd && mkdir /run/systemd/system && exec ${CALL}'`,
    exitCode: 1,
    message: /cannot arm .*: systemd-run ended with exit code 1: Failed to connect to/,
  },
  { name: "--dry-run", script: `${CALL} --dry-run`, exitCode: 0, message: /^$/ },
];

hostTest(
  "bad input and --dry-run leave units and files as they were, an older timer included",
  { baseline },
  async (host, context) => {
    const target = await host.buildToplevel(
      systemSpec({ label: "pending", units: QUIET_FOR_LONG }),
    );
    await deploy(host, target, "--delay", "1h");
    for (const { name, script, exitCode, message } of bad) {
      await context.test(name, async () => {
        const before = await snapshot(host);
        const ended = await host.run(["bash", "-c", script]);
        assert.match(ended.stderr, message);
        assert.equal(ended.exitCode, exitCode);
        assert.equal(await snapshot(host), before);
      });
    }
  },
);

hostTest(
  "a profile without a kernel is refused and nothing is scheduled",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const target = await host.buildToplevel(systemSpec({ missing: ["initrd"] }));
    await host.setProfile(target);
    const unchanged = await snapshot(host);
    const refused = await host.run(PROGRAM);
    assert.equal(refused.exitCode, 1);
    assert.match(
      refused.stderr,
      /^deploy-finalize: refusing to schedule: \/nix\/var\/nix\/profiles\/system is missing kernel, initrd, or kernel-modules/,
    );
    assert.equal(await snapshot(host), unchanged);
    assert.equal((await host.facts()).current, before.current);
  },
);

hostTest("what --dry-run prints is what scheduling runs", { baseline }, async (host) => {
  await host.setProfile(await host.buildToplevel(systemSpec({ label: "target" })));
  const dry = await host.ok([...PROGRAM, "--dry-run", "--delay", "1h"]);
  const [, printed = ""] = /would schedule: (.*)/.exec(dry) ?? [];
  await host.shell(printed);
  const [, unit = ""] = /--unit=(\S+)/.exec(printed) ?? [];
  const shown = await host.ok(["systemctl", "show", "-P", "ActiveState", `${unit}.timer`]);
  assert.equal(shown.trim(), "active");
});
