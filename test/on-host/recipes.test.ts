import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import { ended, newestRecord, path as pathOf, PROGRAM, systemSpec } from "./deploying.ts";

// The recipes of docs/reboots.md and docs/other-deployers.md. Who deploys is a stand-in: units that
// do what system.autoUpgrade and comin do on the host, and a login that does what nixos-rebuild does.

const PROFILE = "/nix/var/nix/profiles/system";

/** What the module installs: the program of the profile's system, with that system's settings. */
const FINALIZE = `${PROFILE}/sw/bin/deploy-finalize`;

async function installProgram(host: Host): Promise<void> {
  const run = `exec ${PROGRAM.join(" ")} "$@" --config ${PROFILE}/etc/deploy-finalize.json`;
  await host.write("/usr/bin/deploy-finalize", `#!/bin/sh\n${run}\n`);
  await host.ok(["chmod", "+x", "/usr/bin/deploy-finalize"]);
}

/** What `nixos-rebuild boot` does once it has built. */
function rebuildBoot(toplevel: string): string {
  return `nix-env -p ${PROFILE} --set ${toplevel} && ${toplevel}/bin/switch-to-configuration boot`;
}

type Deploy = (host: Host, toplevel: string) => Promise<unknown>;

const RECIPES: Readonly<Record<string, Deploy>> = {
  "system.autoUpgrade with operation = boot": async (host, toplevel) => {
    await host.write("/run/upgrade", `#!/bin/sh\n${rebuildBoot(toplevel)}\n`);
    const unit = `[Service]\nType=oneshot\nExecStart=/bin/sh /run/upgrade\nExecStartPost=${FINALIZE}\n`;
    const path = "PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin";
    const file = "/run/systemd/system/nixos-upgrade.service";
    await host.write(file, `${unit}Environment=${path}\n`);
    await host.shell("systemctl daemon-reload; systemctl start nixos-upgrade");
  },
  "comin with the operation boot": async (host, toplevel) => {
    const post = `[ "$COMIN_STATUS" = done ] || exit 0\nexec ${FINALIZE}`;
    await host.write("/run/comin-post", `#!/bin/sh\n${post}\n`);
    const comin = `${rebuildBoot(toplevel)}; COMIN_STATUS=done sh /run/comin-post; exec sleep infinity`;
    const path = "--setenv=PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin";
    await host.ok(["systemd-run", "--quiet", "--collect", path, "--unit=comin", "sh", "-c", comin]);
  },
  "nixos-rebuild boot over SSH": async (host, toplevel) => {
    await host.ok(["ssh", "root@localhost", rebuildBoot(toplevel)]);
    const tools = "PATH=/usr/local/bin:$PATH";
    await host.ok(["ssh", "root@localhost", `${tools} ${FINALIZE}`]);
  },
};

/** As `rebootWindow = { lower; upper; }`: each day between two times, which may be around midnight. */
function aroundNow(): object {
  const lower = new Date(Date.now() - 3_600_000).toISOString().slice(11, 16);
  return { start: `*-*-* ${lower} UTC`, duration: "2h" };
}

for (const [name, deployBy] of Object.entries(RECIPES)) {
  hostTest(
    `${name}: services are switched to, a kernel is rebooted into within the window`,
    { baseline: systemSpec() },
    async (host) => {
      await installProgram(host);
      const config = { delay: 0, verify: { settle: 0 }, reboot: { window: aroundNow() } };
      const services = await host.buildToplevel(systemSpec({ label: "services" }, config));
      const kernel = await host.buildToplevel(systemSpec({ kernel: "6.12.9" }, config));
      await deployBy(host, services);
      const first = await host.until("it is scheduled", () =>
        newestRecord(host).catch(() => undefined),
      );
      const switched = await ended(host, first.id);
      assert.equal(pathOf(switched), "scheduled waiting switching verifying live");
      await host.shell("systemctl stop comin.service 2>/dev/null || true");
      await deployBy(host, kernel);
      const second = await host.until("the next is scheduled", async () => {
        const newest = await newestRecord(host);
        return newest.id === first.id ? undefined : newest;
      });
      const rebooted = await ended(host, second.id, 60_000);
      assert.equal(pathOf(rebooted), "scheduled waiting rebooting verifying live");
      assert.equal((await host.facts()).booted, kernel);
    },
  );
}
