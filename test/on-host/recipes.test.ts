import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import { ended, newestRecord, path as pathOf, PROGRAM, systemSpec } from "./deploying.ts";

// The recipe of docs/other-deployers.md for comin; those of autoUpgrade, nixos-rebuild and colmena are
// walked in test/journeys. comin is a stand-in: a unit that does what comin does on the host.

const PROFILE = "/nix/var/nix/profiles/system";

/** What the module installs: the program of the profile's system, with that system's settings. */
const FINALIZE = `${PROFILE}/sw/bin/deploy-finalize`;

async function installProgram(host: Host): Promise<void> {
  const run = `exec ${PROGRAM.join(" ")} "$@" --config ${PROFILE}/etc/deploy-finalize.json`;
  await host.write("/usr/bin/deploy-finalize", `#!/bin/sh\n${run}\n`);
  await host.ok(["chmod", "+x", "/usr/bin/deploy-finalize"]);
}

/** What sets the boot default of a system that is built. */
function rebuildBoot(toplevel: string): string {
  return `nix-env -p ${PROFILE} --set ${toplevel} && ${toplevel}/bin/switch-to-configuration boot`;
}

async function deployByComin(host: Host, toplevel: string): Promise<void> {
  const post = `[ "$COMIN_STATUS" = done ] || exit 0\nexec ${FINALIZE}`;
  await host.write("/run/comin-post", `#!/bin/sh\n${post}\n`);
  const comin = `${rebuildBoot(toplevel)}; COMIN_STATUS=done sh /run/comin-post; exec sleep infinity`;
  const path = "--setenv=PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin";
  await host.ok(["systemd-run", "--quiet", "--collect", path, "--unit=comin", "sh", "-c", comin]);
}

/** As `rebootWindow = { lower; upper; }`: each day between two times, which may be around midnight. */
function aroundNow(): object {
  const lower = new Date(Date.now() - 3_600_000).toISOString().slice(11, 16);
  return { start: `*-*-* ${lower} UTC`, duration: "2h" };
}

hostTest(
  "comin with the operation boot: services are switched to, a kernel is rebooted into within the window",
  { baseline: systemSpec() },
  async (host) => {
    await installProgram(host);
    const config = { delay: 0, verify: { settle: 0 }, reboot: { window: aroundNow() } };
    const services = await host.buildToplevel(systemSpec({ label: "services" }, config));
    const kernel = await host.buildToplevel(systemSpec({ kernel: "6.12.9" }, config));
    await deployByComin(host, services);
    const first = await host.until("it is scheduled", () =>
      newestRecord(host).catch(() => undefined),
    );
    const switched = await ended(host, first.id);
    assert.equal(pathOf(switched), "scheduled waiting switching verifying live");
    await host.shell("systemctl stop comin.service 2>/dev/null || true");
    await deployByComin(host, kernel);
    const second = await host.until("the next is scheduled", async () => {
      const newest = await newestRecord(host);
      return newest.id === first.id ? undefined : newest;
    });
    const rebooted = await ended(host, second.id, 60_000);
    assert.equal(pathOf(rebooted), "scheduled waiting rebooting verifying live");
    assert.equal((await host.facts()).booted, kernel);
  },
);
