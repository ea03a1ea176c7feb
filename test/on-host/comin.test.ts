import assert from "node:assert/strict";
import { PrivateNix } from "../nix/pkgs/private-nix.ts";
import { hostWithDeployers, pulling, scriptsOf } from "../nix/take-over.ts";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import { ended, newestRecord, path as pathOf, PROGRAM, recordOf, systemSpec } from "./deploying.ts";

// comin as `takeOver.comin` has it; autoUpgrade, nixos-rebuild and colmena are walked in test/journeys.
// comin is a stand-in: a unit that does what comin does on the host, and then runs the module's command.

/** The only profile that comin sets. */
const PROFILE = "/nix/var/nix/profiles/system-profiles/comin";
const SCRIPTS = "/run/comin";

/** What the module has comin run after a deployment. */
async function commandOfModule(host: Host): Promise<string> {
  await using nix = new PrivateNix();
  const remotes = `remotes = [ { name = "origin"; url = "https://git.example.org/infra.git"; } ];`;
  const { comin } = await hostWithDeployers(nix, pulling(remotes));
  const scripts = scriptsOf(SCRIPTS, comin?.command ?? "");
  for (const { path, text } of scripts) {
    await host.write(path, text);
    await host.ok(["chmod", "+x", path]);
  }
  return scripts.at(-1)?.path ?? "";
}

async function installProgram(host: Host): Promise<void> {
  const run = `exec ${PROGRAM.join(" ")} "$@" --config ${PROFILE}/etc/deploy-finalize.json`;
  await host.write("/usr/bin/deploy-finalize", `#!/bin/sh\n${run}\n`);
  await host.ok(["chmod", "+x", "/usr/bin/deploy-finalize"]);
}

async function deployByComin(host: Host, command: string, toplevel: string): Promise<void> {
  const comin = `set -e
    mkdir -p ${PROFILE.replace("/comin", "")}
    nix-env --profile ${PROFILE} --set ${toplevel}
    ${toplevel}/bin/switch-to-configuration boot
    COMIN_STATUS=done COMIN_GIT_REF=origin/main ${command}
    exec sleep infinity`;
  const path = "--setenv=PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin";
  await host.shell("systemctl stop comin.service 2>/dev/null || true");
  await host.ok(["systemd-run", "--quiet", "--collect", path, "--unit=comin", "sh", "-c", comin]);
}

/** Deploys; returns the id of what that has scheduled. */
async function scheduled(host: Host, command: string, toplevel: string): Promise<string> {
  const before = await newestRecord(host).catch(() => null);
  await deployByComin(host, command, toplevel);
  return await host.until("it is scheduled", async () => {
    const newest = await newestRecord(host).catch(() => null);
    return newest === null || newest.id === before?.id ? undefined : newest.id;
  });
}

/** Deploys, and waits for the end of what that has scheduled. */
async function deployed(host: Host, command: string, toplevel: string): Promise<string> {
  return pathOf(await ended(host, await scheduled(host, command, toplevel)));
}

/** As `rebootWindow = { lower; upper; }`: two hours of each day, which may be around midnight. */
function fromHour(fromNow: number): object {
  const lower = new Date(Date.now() + fromNow * 3_600_000).toISOString().slice(11, 16);
  return { start: `*-*-* ${lower} UTC`, duration: "2h" };
}

function rebootingIn(window: object): object {
  return { profile: PROFILE, delay: 0, verify: { settle: 0 }, reboot: { window } };
}

hostTest(
  "comin, taken over: it switches, reboots within the window, and goes back",
  { baseline: systemSpec() },
  async (host) => {
    await installProgram(host);
    const command = await commandOfModule(host);
    const config = rebootingIn(fromHour(-1));
    const services = await host.buildToplevel(systemSpec({ label: "services" }, config));
    const kernel = await host.buildToplevel(systemSpec({ kernel: "6.12.9" }, config));
    const check = { kind: "command", name: "bad", command: ["false"], deadline: 0 };
    const bad = await host.buildToplevel(
      systemSpec(
        { kernel: "6.12.9", label: "bad" },
        { ...config, verify: { settle: 0, checks: [check] } },
      ),
    );
    const switches = "scheduled waiting switching verifying";
    assert.equal(await deployed(host, command, services), `${switches} live`);
    // Tried on a testing branch, then merged: all but its kernel runs already.
    await host.ok([`${kernel}/bin/switch-to-configuration`, "test"]);
    assert.equal(
      await deployed(host, command, kernel),
      "scheduled waiting rebooting verifying live",
    );
    // A boot empties /run.
    const again = await commandOfModule(host);
    assert.equal(await deployed(host, again, bad), `${switches} rolling-back rolled-back`);
    const { booted, current, bootDefault } = await host.facts();
    assert.deepEqual([booted, current, bootDefault], [kernel, kernel, kernel]);
    assert.equal((await host.ok(["readlink", "-f", PROFILE])).trim(), kernel);
  },
);

hostTest(
  "comin, taken over: a deploy of what runs replaces one that waits, and else does nothing",
  { baseline: systemSpec() },
  async (host) => {
    await installProgram(host);
    const command = await commandOfModule(host);
    const config = rebootingIn(fromHour(6));
    const services = await host.buildToplevel(systemSpec({ label: "services" }, config));
    const kernel = await host.buildToplevel(systemSpec({ kernel: "6.12.9" }, config));
    await deployed(host, command, services);
    const waits = await scheduled(host, command, kernel);
    await host.until("it waits for the window", async () =>
      (await recordOf(host, waits)).deferredUntil === null ? undefined : true,
    );
    assert.match(await deployed(host, command, services), / live$/);
    assert.equal((await recordOf(host, waits)).state, "superseded");
    const { id } = await newestRecord(host);
    const environment = "COMIN_STATUS=done COMIN_GIT_REF=origin/main";
    assert.match(await host.shell(`${environment} ${command}`), /runs already: nothing to do/);
    assert.equal((await newestRecord(host)).id, id);
  },
);
