import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { newestRecord, PROGRAM, systemSpec } from "../on-host/deploying.ts";
import { PrivateNix } from "../nix/pkgs/private-nix.ts";
import { afterUpgrade, hostWithDeployers, scriptsOf, upgrading } from "../nix/take-over.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { hostTest, realTest } from "../test-host/host-test.ts";
import { repository } from "../test-host/paths.ts";
import { PASTED, scriptOf, type Step, stepsOf } from "./page.ts";

/** The folder of everything here, on the host that is laptop, CI and web at once. */
const PLACE = "/opt/journeys";
const PROFILE = "/nix/var/nix/profiles/system";

const CONFIG = {
  delay: 0,
  waitFor: { runners: [{ unit: "ci-runner.service", detect: { kind: "processes" } }] },
  verify: {
    settle: 0,
    checks: [
      { kind: "command", name: "bad", command: ["sh", "-c", "[ ! -e /etc/bad ]"], deadline: 0 },
    ],
  },
  report: { metricsFile: "/var/lib/metrics/deploy_finalize.prom" },
};

/** A switch between two of them stops the runner. */
function system(label: string, more: Partial<ToplevelSpec> = {}): ToplevelSpec {
  const spec = systemSpec({ label, runner: label, ...more }, CONFIG);
  return { ...spec, etc: { ...spec.etc, ...more.etc } };
}

async function furnish(host: Host): Promise<void> {
  const guest = join(import.meta.dirname, "guest");
  for (const name of readdirSync(guest)) {
    const folder = name === "next" ? PLACE : `${PLACE}/bin`;
    await host.write(join(folder, name), readFileSync(join(guest, name), "utf8"));
  }
  const template = join(repository, "templates/deploy-rs");
  for (const name of readdirSync(template, { recursive: true, encoding: "utf8" })) {
    if (/\.\w+$/.test(name) && !name.endsWith(".gitea")) {
      const text = readFileSync(join(template, name), "utf8");
      await host.write(join(PLACE, "templates/deploy-rs", name), text);
    }
  }
  const run = `exec ${PROGRAM.join(" ")} "$@" --config ${PROFILE}/etc/deploy-finalize.json`;
  const path = "PATH=/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin";
  await host.write("/usr/bin/deploy-finalize", `#!/bin/sh\nexport ${path}\n${run}\n`);
  for (const name of ["configuration", "hardware-configuration"]) {
    await host.write(`/etc/nixos/${name}.nix`, "{ }\n");
  }
  await host.write("/usr/bin/nixos-generate-config", "#!/bin/sh\necho '{ }'\n");
  const version = "25.11.20251122.0123456 (Xantusia)";
  await host.write("/usr/bin/nixos-version", `#!/bin/sh\necho '${version}'\n`);
  await host.write("/etc/ssh/authorized_keys.d/root", "# by hand\nssh-rsa AAAA you@laptop\n");
  // A session over SSH has no programs of Nix in PATH here.
  await host.shell(`
    chmod +x ${PLACE}/bin/* /usr/bin/deploy-finalize /usr/bin/nixos-*
    [ -e /usr/bin/nix-env ] || ln -s "$(command -v nix-env)" /usr/bin/nix-env
    mkdir -p /var/lib/metrics
    printf 'Host web web1 web2 web3\\n HostName localhost\\n HostKeyAlias localhost\\n' >>/root/.ssh/config`);
  const systems = await Promise.all(["1", "2"].map((label) => host.buildToplevel(system(label))));
  for (const [index, toplevel] of systems.entries()) {
    await host.ok(["ln", "-s", toplevel, `${PLACE}/system-${index + 1}`]);
  }
}

const pagesWalked: string[] = [];

async function walk(host: Host, page: string, steps: readonly Step[]): Promise<string> {
  assert.ok(steps.length > 0, page);
  pagesWalked.push(page);
  const script = scriptOf(steps, `/root/${page.replace(".md", "")}`);
  await host.write(`${PLACE}/script`, script);
  const walked = await host.run([
    "bash",
    "-c",
    `PATH=${PLACE}/bin:$PATH exec bash ${PLACE}/script`,
  ]);
  const log = `${page}\n${walked.stdout}\n${walked.stderr}`;
  assert.equal(walked.exitCode, 0, log);
  return log;
}

/** Another system than before is live. */
async function assertLive(host: Host, log: string, before: string): Promise<string> {
  await host.run(["deploy-finalize", "wait"]);
  const { id, state, target } = await newestRecord(host);
  assert.equal(state, "live", `${id}\n${log}`);
  assert.equal((await host.facts()).current, target);
  assert.notEqual(id, before, log);
  return id;
}

/** The release, the keys that root keeps, and the secrets, which the log does not show. */
async function assertPrepared(host: Host, log: string): Promise<void> {
  const flake = await host.read("/root/gitea-on-one-host/flake.nix");
  assert.match(flake, /NixOS\/nixpkgs\/nixos-25\.11"/);
  assert.match(log, /authorizedKeys\.keys = \[ "ssh-ed25519 .*" "ssh-rsa AAAA you@laptop"/);
  const [runner, status] = await Promise.all(
    ["runner", "status"].map(
      async (what) => await host.read(`/var/lib/secrets/gitea-${what}-token`),
    ),
  );
  assert.deepEqual([runner, status], [`TOKEN=${PASTED}\n`, `${PASTED}\n`]);
  assert.ok(!log.includes(PASTED));
}

/** What `takeOver.autoUpgrade` has run after an upgrade. */
async function afterUpgradeOn(host: Host): Promise<string> {
  await using nix = new PrivateNix();
  const marked = afterUpgrade(await hostWithDeployers(nix, upgrading("")));
  const scripts = scriptsOf(`${PLACE}/bin`, marked);
  for (const { path, text } of scripts) {
    await host.write(path, text);
    await host.ok(["chmod", "+x", path]);
  }
  return scripts.at(-1)?.path ?? "";
}

/** A deploy in the way of `system.autoUpgrade`, whose unit has what the module adds; returns that. */
async function autoUpgrade(host: Host): Promise<string> {
  const then = await afterUpgradeOn(host);
  const unit = `[Service]\nType=oneshot\nExecStart=/bin/bash -c '. ${PLACE}/next; eval "$$boot"'\nExecStartPost=${then}\n`;
  const path = "PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin";
  await host.write("/run/systemd/system/nixos-upgrade.service", `${unit}Environment=${path}\n`);
  await host.ok(["systemctl", "daemon-reload"]);
  return then;
}

const DEPLOY = `. ${PLACE}/next; eval "$boot"; deploy-finalize`;

const baseline = system("1");

// Two hosts, so that no test takes minutes on a busy machine.
hostTest(
  "each journey of docs/journeys to a first deploy leads where it says, with the commands of its page",
  { baseline },
  async (host) => {
    await furnish(host);
    let live = "";
    for (const page of ["gitea-on-one-host.md", "from-a-laptop.md", "colmena-and-etcd.md"]) {
      const steps = stepsOf(page).filter(
        // A real etcd takes the commands of that section: test/fleet/etcd-rights.test.ts.
        (step) => step.kind === "file" || !/^export ETCDCTL|etcdctl|etcd-/.test(step.command),
      );
      const log = await walk(host, page, steps);
      assert.match(log, /^would (switch|reboot)/m, "it shows before the deploy what would happen");
      live = await assertLive(host, log, live);
      if (page === "gitea-on-one-host.md") await assertPrepared(host, log);
    }
  },
);

hostTest(
  "each journey of docs/journeys after that leads where it says, with the commands of its page",
  { baseline },
  async (host) => {
    await furnish(host);
    const then = await autoUpgrade(host);
    const night = await walk(host, "auto-upgrade.md", stepsOf("auto-upgrade.md"));
    const live = await assertLive(host, night, "");
    // The next night nothing has changed.
    assert.match(await host.ok([then]), /runs already: nothing to do/);
    assert.equal((await newestRecord(host)).id, live);
    await walkFromTheOldScript(host, live);
    await walkAtNight(host);
  },
);

async function walkFromTheOldScript(host: Host, live: string): Promise<void> {
  const old = ["systemd-run", "--quiet", "--on-active=1h", "--unit=deploy-finalize-old"];
  await host.ok([...old, "touch", "/run/old-script-was-here"]);
  const steps = stepsOf("from-the-old-script.md");
  const deploy: Step = { kind: "command", heading: "", command: DEPLOY };
  const at = steps.findIndex(({ heading }) => heading.startsWith("3."));
  const log = await walk(host, "from-the-old-script.md", [
    ...steps.slice(0, at),
    deploy,
    ...steps.slice(at),
  ]);
  const [timersBefore = "", timersAfter = ""] = log.split(">>> deploy-finalize status");
  assert.match(timersBefore, /deploy-finalize-old\.timer/);
  assert.doesNotMatch(timersAfter, /deploy-finalize-old/);
  await assertLive(host, log, live);
}

async function walkAtNight(host: Host): Promise<void> {
  const good = (await host.facts()).current;
  const bad = await host.buildToplevel(system("3", { etc: { bad: "" } }));
  await host.deployBoot(bad);
  await host.ok(["deploy-finalize"]);
  assert.equal((await host.run(["deploy-finalize", "wait"])).exitCode, 3);
  const seen = await walk(host, "at-night.md", stepsOf("at-night.md"));
  for (const shown of [/rolled back/, /Can it wait until morning\?\s+Yes/, /check.* bad/]) {
    assert.match(seen, shown);
  }
  const facts = await host.facts();
  assert.deepEqual([facts.current, facts.profile, facts.bootDefault], [good, good, good]);
  assert.match(await host.read("/root/deploy-finalize.md"), /^## Journal$/m);
}

realTest("every page of docs/journeys was walked", async () => {
  const pages = readdirSync(join(repository, "docs/journeys"));
  assert.deepEqual(pagesWalked.toSorted(), pages.toSorted());
});
