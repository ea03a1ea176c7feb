import assert from "node:assert/strict";
import * as v from "valibot";
import { explainSchema, type ExplainJson } from "../../src/json/explain.ts";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import { call, deploy, ended, holdLock, QUIET_FOR_LONG, systemSpec } from "./deploying.ts";

/** The units that these hosts have; the same name with another mark is a changed unit. */
function service(mark = "1"): string {
  return `[Service]\nExecStart=sleep infinity\nEnvironment=MARK=${mark}\n[Install]\nWantedBy=multi-user.target\n`;
}

const RUNNER = { unit: "ci-runner.service", preset: "buildkite-agent" };
const CONFIG = {
  waitFor: { runners: [RUNNER] },
  verify: { settle: 0, checks: [{ kind: "unit", unit: "web.service" }] },
};

const baseline = systemSpec({
  units: {
    ...QUIET_FOR_LONG,
    "web.service": service(),
    "sshd.service": service(),
    "gone.service": service(),
    "held.service": service(),
  },
});

const changed = systemSpec(
  {
    label: "new",
    runner: "2",
    units: {
      ...QUIET_FOR_LONG,
      "web.service": service(),
      "sshd.service": service("2"),
      "held.service": service("2").replace("[Install]", "X-RestartIfChanged=false\n[Install]"),
      "fresh.service": service(),
    },
  },
  CONFIG,
);

async function explained(host: Host, toplevel: string): Promise<ExplainJson> {
  return v.parse(explainSchema, JSON.parse(await host.ok(call(toplevel, "explain", "--json"))));
}

hostTest(
  "explain before a switch: what it would do to units, runner and SSH marked",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(changed);
    await host.deployBoot(target);
    const { decision, units, gates, verification } = await explained(host, target);
    assert.equal(decision.action, "switch");
    assert.deepEqual(units, {
      kind: "known",
      systemd: "stays",
      stop: [{ name: "gone.service", role: null }],
      restart: [
        { name: "ci-runner.service", role: "ci-runner" },
        { name: "sshd.service", role: "ssh" },
      ],
      reload: [],
      start: [{ name: "fresh.service", role: null }],
      keep: [{ name: "held.service", role: null, why: "restartIfChanged = false" }],
      runners: ["ci-runner.service"],
    });
    assert.deepEqual(verification.checks, ["web.service"]);
    assert.ok(gates.some(({ name, state }) => name === "CI job" && state === "open"));
    const screen = await host.ok(call(target, "explain"));
    assert.match(screen, /^would switch: services only\n/);
    assert.match(screen, /would keep running old code: held\.service \(restartIfChanged = false\)/);
    assert.match(screen, /would restart: ci-runner.service \(CI runner\), sshd.service \(SSH\)/);
  },
);

hostTest("what explain says a switch would do, the switch does", { baseline }, async (host) => {
  const target = await host.buildToplevel(changed);
  await host.deployBoot(target);
  const { units } = await explained(host, target);
  assert.ok(units.kind === "known");
  const all = [...units.stop, ...units.restart, ...units.start, ...units.keep];
  const names = ["web.service", ...all.map(({ name }) => name)];
  const before = await invocations(host, names);
  const record = await ended(host, await deploy(host, target, "--delay", "0"));
  assert.equal(record.state, "live", record.outcome?.reason);
  const after = await invocations(host, names);
  const touched = names.filter((name) => before.get(name) !== after.get(name));
  const told = [...units.stop, ...units.restart, ...units.start].map(({ name }) => name);
  assert.deepEqual(touched.toSorted(), told.toSorted());
});

/** Another id is another start; a unit that does not run has none. */
async function invocations(host: Host, units: readonly string[]): Promise<Map<string, string>> {
  const shown = units.map(async (unit): Promise<[string, string]> => {
    const argv = ["systemctl", "show", "--value", "--property=InvocationID,ActiveState", unit];
    const text = await host.ok(argv);
    return [unit, text.includes("inactive") ? "" : text];
  });
  return new Map(await Promise.all(shown));
}

hostTest(
  "explain before a reboot: versions, packages, closure, and a runner that ends with it",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const spec = { kernel: "6.12.9", etc: { big: "x".repeat(64 * 1024) } };
    const target = await host.buildToplevel(systemSpec(spec, CONFIG));
    await host.deployBoot(target);
    const seen = await explained(host, target);
    assert.equal(seen.verdict, "would reboot: kernel 6.12.3 → 6.12.9");
    assert.deepEqual(
      [seen.systems.booted.kernel, seen.systems.target.kernel, seen.systems.target.generation],
      ["6.12.3", "6.12.9", 2],
    );
    assert.deepEqual(
      seen.components.map(({ name, change }) => [name, change]),
      ["kernel", "initrd", "kernel-modules"].map((name) => [name, "changed"]),
    );
    assert.deepEqual(seen.units, { kind: "all", runners: ["ci-runner.service"] });
    assert.ok(seen.packages.kind === "known", JSON.stringify(seen.packages));
    const linux = seen.packages.changes.find(({ name }) => name === "linux");
    assert.deepEqual([linux?.before, linux?.after], [["6.12.3"], ["6.12.9"]]);
    const system = seen.packages.changes.find(({ name }) => name.startsWith("nixos-system"));
    assert.ok((system?.bytes ?? 0) > 60_000, JSON.stringify(system));
    assert.ok(seen.closure.kind === "known", JSON.stringify(seen.closure));
    assert.ok(seen.closure.targetBytes - seen.closure.currentBytes > 60_000);
    assert.equal(seen.systems.current.toplevel, before.current);
  },
);

hostTest("explain changes nothing, not even as root", { baseline }, async (host) => {
  const target = await host.buildToplevel(changed);
  await host.deployBoot(target);
  await host.ok(call(target, "explain"));
  const before = await everything(host);
  await host.ok(call(target, "explain"));
  await host.ok(call(target, "explain", "--json"));
  assert.deepEqual(await everything(host), before);
});

/** All files but those that run by themselves: kernel, journal, Nix's own bookkeeping. */
async function everything(host: Host): Promise<string[]> {
  const own = ["/proc", "/sys", "/dev", "/var/log/journal", "/nix/var/nix/db", "/nix/store"];
  // Of systemd, and of the test hosts, which share the folder of compiled programs.
  own.push("/run/systemd", "/run/log", "/run/host", "/var/cache/test-host");
  const prune = own.flatMap((path) => ["-path", path, "-prune", "-o"]).join(" ");
  const find = `find / /run /tmp -ignore_readdir_race -xdev ${prune}`;
  const files = await host.shell(`${find} -printf '%p %l %s %T@ %m\\n'`);
  const units = await host.shell("systemctl list-units --all --plain --no-legend; ls /nix/store");
  const moves = /^\/nix\/var\/nix\/temproots/;
  return `${files}${units}`
    .split("\n")
    .filter((line) => !moves.test(line))
    .toSorted();
}

hostTest(
  "explain tells of a target that was rolled back, an older generation, and a full boot partition",
  { baseline },
  async (host) => {
    const failing =
      "[Service]\nType=oneshot\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n";
    const bad = await host.buildToplevel(systemSpec({ units: { "bad.service": failing } }));
    const record = await ended(host, await deploy(host, bad, "--delay", "0"));
    assert.equal(record.state, "rolled-back");
    await host.shell(
      "mkdir /efi; mount -t tmpfs -o size=4k none /efi; head -c 4096 /dev/zero > /efi/x",
    );
    const after = await explained(host, bad);
    assert.deepEqual(
      after.warnings.map(({ kind }) => kind),
      ["nothing-to-do", "older-generation", "boot-full", "not-deployed"],
    );
    await host.setProfile(bad);
    const again = (await explained(host, bad)).warnings.find(
      ({ kind }) => kind === "went-wrong-before",
    );
    assert.match(
      again?.text ?? "",
      new RegExp(`rolled back before: .*bad\\.service.*${record.id}`),
    );
    await host.deployBoot(bad);
    await deploy(host, bad, "--delay", "1h");
    const pending = (await explained(host, bad)).warnings.map(({ kind }) => kind);
    assert.ok(pending.includes("unfinished"), pending.join());
  },
);

hostTest(
  "explain without root: what it may not see it says, the rest is there",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(changed);
    await deploy(host, target, "--delay", "1h");
    const argv = [
      "setpriv",
      "--reuid=1000",
      "--clear-groups",
      ...call(target, "explain", "--json"),
    ];
    const seen = v.parse(explainSchema, JSON.parse(await host.ok(argv)));
    assert.equal(seen.verdict, "would switch: services only");
    assert.match(seen.units.kind === "unknown" ? seen.units.why : "", /only root.*sudo/);
    assert.match(seen.unseen.join(), /earlier finalizations: only root may read/);
  },
);

hostTest(
  "explain of a target that would be refused: why, and exit code 1",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ missing: ["initrd"] }));
    await host.setProfile(target);
    const { exitCode, stdout } = await host.run(call(target, "explain"));
    assert.equal(exitCode, 1);
    assert.match(stdout, /^would refuse: the target is missing initrd\n/);
  },
);

hostTest(
  "explain while another process switches does not get in its way",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(changed);
    await host.deployBoot(target);
    await holdLock(host, "/run/nixos/switch-to-configuration.lock");
    const { units, gates } = await explained(host, target);
    assert.match(units.kind === "unknown" ? units.why : "", /another switch-to-configuration/);
    assert.equal(gates.find(({ name }) => name === "switch lock")?.state, "closed");
  },
);
