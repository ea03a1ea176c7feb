import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { hostTest, realTest } from "./host-test.ts";
import { Host } from "./host.ts";
import { hostsFolder } from "./paths.ts";

const service = (command: string, more = "") =>
  `[Service]\nExecStart=${command}\n${more}\n[Install]\nWantedBy=multi-user.target\n`;
const idle = "sleep infinity";
/** Shell text that waits for `letGo`. */
const hold = "mkfifo /run/hold; read -r _ < /run/hold; rm /run/hold";

async function letGo(host: Host): Promise<void> {
  await host.until(
    "something holds",
    async () => (await host.run(["test", "-p", "/run/hold"])).exitCode === 0,
  );
  await host.shell("echo > /run/hold");
}

hostTest(
  "boots its baseline as booted, current, profile and boot default",
  { baseline: { label: "first" } },
  async (host) => {
    const facts = await host.facts();
    assert.match(facts.current, /^\/nix\/store\/\w+-nixos-system-test-host-first$/);
    assert.deepEqual(
      new Set([facts.booted, facts.profile, facts.bootDefault]),
      new Set([facts.current]),
    );
    assert.equal(facts.runnerDefinition, "1");
    assert.equal((await host.run(["systemctl", "is-system-running"])).stdout, "running\n");
    assert.match(await host.ok(["cat", "/proc/1/comm"]), /^systemd$/m);
  },
);

hostTest("says how a program ended, and passes it standard input and environment", async (host) => {
  const ended = await host.run(["sh", "-c", "cat; echo $COLOUR >&2; exit 7"], {
    stdin: "in",
    env: { COLOUR: "red" },
  });
  assert.deepEqual(ended, { exitCode: 7, stdout: "in", stderr: "red\n" });
  await assert.rejects(host.ok(["false"]), /inside: false: exit 1/);
  await assert.rejects(host.run(["sleep", "infinity"], { timeoutMs: 50 }), /not ended after 50 ms/);
});

hostTest("builds toplevels whose equal parts are the same store paths", async (host) => {
  const { current } = await host.facts();
  const next = await host.buildToplevel({ label: "next", initrd: "other" });
  const parts = async (toplevel: string) =>
    (
      await host.ok([
        "realpath",
        ...["kernel", "initrd", "kernel-modules"].map((name) => `${toplevel}/${name}`),
      ])
    ).split("\n");
  const [kernel, initrd, modules] = await parts(current);
  const [nextKernel, nextInitrd, nextModules] = await parts(next);
  assert.deepEqual([nextKernel, nextModules], [kernel, modules]);
  assert.notEqual(nextInitrd, initrd);
  assert.equal(await host.buildToplevel({ label: "base" }), current);
});

hostTest("builds toplevels that lack a boot part, or that deploy-rs wrapped", async (host) => {
  const broken = await host.buildToplevel({ missing: ["kernel"], dangling: ["initrd"] });
  assert.equal((await host.run(["test", "-L", `${broken}/kernel`])).exitCode, 1);
  assert.equal((await host.run(["test", "-L", `${broken}/initrd`])).exitCode, 0);
  assert.equal((await host.run(["test", "-e", `${broken}/initrd`])).exitCode, 1);
  const wrapped = await host.buildToplevel({ label: "w", wrapped: true });
  const real = await host.buildToplevel({ label: "w" });
  assert.match(wrapped, /-activatable-nixos-system-test-host-w$/);
  await host.deployBoot(wrapped);
  const facts = await host.facts();
  assert.deepEqual([facts.profile, facts.bootDefault], [real, real]);
});

hostTest("reboots by systemctl into the boot default, with a new boot id", async (host) => {
  const before = await host.facts();
  const next = await host.buildToplevel({ label: "next", kernel: "6.12.9" });
  await host.deployBoot(next);
  assert.equal((await host.facts()).current, before.current);
  await host.askForReboot();
  const bootId = await host.rebooted(before.bootId);
  const after = await host.facts();
  assert.deepEqual([after.booted, after.current, after.bootId], [next, next, bootId]);
  assert.match(await host.journal("ci-runner.service"), /Started[^]*Stopped[^]*Started/);
});

hostTest(
  "falls back to an older generation when the boot default does not come up",
  async (host) => {
    const before = await host.facts();
    const next = await host.buildToplevel({ label: "next", failure: { boot: true } });
    await host.deployBoot(next);
    await host.askForReboot();
    await host.rebooted(before.bootId);
    const after = await host.facts();
    assert.deepEqual([after.booted, after.profile, after.bootDefault], [before.booted, next, next]);
  },
);

hostTest("loses power at once and comes back with its files and a new boot id", async (host) => {
  const { bootId } = await host.facts();
  await host.write("/var/lib/kept/file", "kept");
  await host.write("/run/lost", "lost");
  await host.powerCut();
  await assert.rejects(host.run(["true"]), /the host is not up/);
  assert.match(await host.journal(), /ci-runner/);
  assert.equal(readFileSync(host.path("/var/lib/kept/file"), "utf8"), "kept");
  await host.powerOn();
  assert.notEqual(host.bootId(), bootId);
  assert.equal(await host.read("/var/lib/kept/file"), "kept");
  assert.equal((await host.run(["test", "-e", "/run/lost"])).exitCode, 1);
});

const old = {
  stays: service(idle),
  goes: service(idle),
  changes: service(idle, "Environment=V=1"),
  held: service(idle, "X-RestartIfChanged=false"),
};

hostTest(
  "a switch stops, starts and restarts what changed, and nothing else",
  {
    baseline: {
      units: {
        "stays.service": old.stays,
        "goes.service": old.goes,
        "changes.service": old.changes,
        "held.service": old.held,
      },
    },
  },
  async (host) => {
    const next = await host.buildToplevel({
      label: "next",
      runner: "2",
      etc: { motd: "hello\n" },
      units: {
        "stays.service": `[Unit]\nDescription=Only this differs\n${old.stays}`,
        "changes.service": service(idle, "Environment=V=2"),
        "held.service": service(idle, "X-RestartIfChanged=false\nEnvironment=V=2"),
        "comes.service": service(idle),
      },
    });
    const pid = async (unit: string) =>
      (await host.ok(["systemctl", "show", "--value", "--property=MainPID", unit])).trim();
    const pids = async () =>
      Promise.all(
        ["stays", "held", "changes", "goes", "comes"].map((name) => pid(`${name}.service`)),
      );
    const [stays, held, changes] = await pids();
    const dry = await host.run([`${next}/bin/switch-to-configuration`, "dry-activate"]);
    assert.match(
      dry.stderr,
      /^would stop the following units: changes.service, ci-runner.service, goes.service$/m,
    );
    assert.match(dry.stderr, /^would NOT stop the following changed units: held.service$/m);
    assert.match(
      dry.stderr,
      /^would start the following units: changes.service, ci-runner.service$/m,
    );
    assert.deepEqual(await pids(), [stays, held, changes, ...(await pids()).slice(3)]);

    const switched = await host.run([`${next}/bin/switch-to-configuration`, "switch"]);
    assert.equal(switched.exitCode, 0, switched.stderr);
    assert.match(
      switched.stderr,
      /^the following new units were started: comes.service, sysinit-reactivation.target$/m,
    );
    const [staysNow, heldNow, changesNow, goesNow, comesNow] = await pids();
    assert.deepEqual([staysNow, heldNow, goesNow], [stays, held, "0"]);
    assert.notEqual(changesNow, changes);
    assert.notEqual(comesNow, "0");
    assert.equal(await host.read("/etc/motd"), "hello\n");
    await host.until(
      "the runner has its new definition",
      async () => (await host.facts()).runnerDefinition === "2",
    );
    assert.equal((await host.facts()).current, next);
  },
);

hostTest("a job that switches to a new runner itself is killed half-way", async (host) => {
  const before = await host.facts();
  const next = await host.buildToplevel({ label: "next", runner: "2" });
  const id = await host.queueJob(`${next}/bin/switch-to-configuration switch; echo never`);
  const job = await host.jobEnded(id);
  assert.equal(job.state, "lost");
  assert.match(job.output, /stopping the following units: ci-runner.service/);
  assert.doesNotMatch(job.output, /never|activating/);
  assert.equal((await host.facts()).current, before.current);
  await host.until(
    "the runner is down and stays so",
    async () => (await host.run(["systemctl", "is-active", "ci-runner"])).stdout === "inactive\n",
  );
});

hostTest("runs queued jobs one by one; idle, the runner is one process", async (host) => {
  const processes = async () =>
    (await host.ok(["cat", "/sys/fs/cgroup/system.slice/ci-runner.service/cgroup.procs"]))
      .trim()
      .split("\n").length;
  const [first, second] = [
    await host.queueJob(`echo one; ${hold}; exit 3`),
    await host.queueJob("echo two"),
  ];
  await host.until("the first job runs", () => host.job(first).output === "one\n");
  assert.equal(host.job(first).state, "running");
  assert.equal(host.job(second).state, "queued");
  assert.ok((await processes()) > 1);
  await letGo(host);
  assert.deepEqual(await host.jobEnded(first), { state: "ended", exitCode: 3, output: "one\n" });
  assert.deepEqual(await host.jobEnded(second), { state: "ended", exitCode: 0, output: "two\n" });
  await host.until("the runner is one process", async () => (await processes()) === 1);
});

hostTest("the switch lock: whoever comes second fails at once", async (host) => {
  const slow = await host.buildToplevel({ label: "slow" });
  await host.holdActivation();
  const first = host.run([`${slow}/bin/switch-to-configuration`, "switch"]);
  const activating = ["pgrep", "--full", "^/bin/sh /opt/test-host/activate"];
  await host.until("the switch activates", async () => (await host.run(activating)).exitCode === 0);
  const second = await host.run([`${slow}/bin/switch-to-configuration`, "boot"]);
  assert.deepEqual([second.exitCode, second.stderr], [11, "Could not acquire lock\n"]);
  await host.letActivate();
  assert.equal((await first).exitCode, 0);
});

hostTest(
  "exit 1: refused by a check, an inhibitor, the boot loader; nothing is changed",
  {
    baseline: { switchInhibitors: { dbus: "dbus", only: "old" } },
  },
  async (host) => {
    const before = await host.facts();
    const go = async (action: string, toplevel: string) =>
      host.run([`${toplevel}/bin/switch-to-configuration`, action]);
    const checked = await host.buildToplevel({
      switchInhibitors: { dbus: "dbus" },
      failure: { preSwitchCheck: "disk is full" },
    });
    const inhibited = await host.buildToplevel({
      switchInhibitors: { dbus: "broker", fresh: "new" },
    });
    const refused = await go("switch", checked);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stdout + refused.stderr, /disk is full[^]*Pre-switch checks failed/);
    const inhibitedEnd = await go("switch", inhibited);
    assert.equal(inhibitedEnd.exitCode, 1);
    assert.match(inhibitedEnd.stdout, /dbus : dbus -> broker/);
    assert.equal((await go("check", inhibited)).exitCode, 1);
    assert.equal(
      (await go("boot", await host.buildToplevel({ failure: { bootLoader: true } }))).exitCode,
      1,
    );
    assert.deepEqual(await host.facts(), before);
    assert.equal((await go("boot", inhibited)).exitCode, 0);
    const forced = await host.run([`${checked}/bin/switch-to-configuration`, "switch"], {
      env: { NIXOS_NO_CHECK: "1" },
    });
    assert.equal(forced.exitCode, 0, forced.stderr);
  },
);

hostTest("exit 2, 4 and 100", async (host) => {
  const go = async (toplevel: string) =>
    host.run([`${toplevel}/bin/switch-to-configuration`, "switch"]);
  const other = await host.buildToplevel({ initInterfaceVersion: "2" });
  assert.equal((await go(other)).exitCode, 100);
  const failing = await host.buildToplevel({ label: "half", failure: { activation: "stand-in" } });
  assert.equal((await go(failing)).exitCode, 2);
  assert.equal((await host.facts()).current, failing);
  const badUnit = await host.buildToplevel({ units: { "bad.service": service("false") } });
  const ended = await go(badUnit);
  assert.equal(ended.exitCode, 4);
  assert.match(ended.stderr, /^warning: the following units failed: bad.service$/m);
  const again = await go(badUnit);
  assert.equal(again.exitCode, 4, "a unit that had failed before fails the next switch too");
});

hostTest("a forced exit code", async (host) => {
  const forced = await host.buildToplevel({ failure: { switchExit: 77 } });
  assert.equal((await host.run([`${forced}/bin/switch-to-configuration`, "switch"])).exitCode, 77);
});

hostTest("an ssh login is a logind session", async (host) => {
  // Newer systemd also has a session of class `manager` for the user manager.
  const sessions = async (): Promise<string[]> =>
    (
      await host.run(["sh", "-c", "grep --devices=skip -l ^CLASS=user /run/systemd/sessions/*"])
    ).stdout
      .split("\n")
      .filter(Boolean);
  assert.deepEqual(await sessions(), []);
  const login = host.ok(["ssh", "root@localhost", `echo $XDG_SESSION_ID $SSH_CONNECTION; ${hold}`]);
  await host.until("the login has a session", async () => (await sessions()).length === 1);
  await letGo(host);
  assert.match(await login, /^\w+ 127.0.0.1 \d+ 127.0.0.1 22$/m);
  await host.until("the session is closed", async () => (await sessions()).length === 0);
});

realTest("a host that two callers stop is gone for each of them", async () => {
  const host = await Host.boot({ name: "twice" });
  const stop = async (): Promise<string[]> => {
    await host.stop();
    return readdirSync(hostsFolder).filter((name) => name.startsWith("twice-"));
  };
  assert.deepEqual(await Promise.all([stop(), stop()]), [[], []]);
});

realTest("two hosts at once share nothing, and a stopped one leaves nothing", async () => {
  const [a, b] = await Promise.all([
    Host.boot({ name: "left" }),
    Host.boot({ name: "right", baseline: { label: "b" } }),
  ]);
  const folders = readdirSync(hostsFolder).filter((name) => /^(left|right)-/.test(name));
  assert.equal(folders.length, 2);
  await a.write("/etc/mark", "a");
  assert.equal((await b.run(["test", "-e", "/etc/mark"])).exitCode, 1);
  await a.ok(["systemctl", "stop", "ci-runner"]);
  assert.equal((await b.ok(["systemctl", "is-active", "ci-runner"])).trim(), "active");
  assert.notEqual(a.bootId(), b.bootId());
  const processes = () =>
    folders.flatMap((name) =>
      readdirSync("/proc").filter((pid) => commandLine(pid).includes(name)),
    );
  assert.ok(processes().length >= 2);
  await Promise.all([a.stop(), b.stop()]);
  await a.stop();
  assert.deepEqual(processes(), []);
  assert.deepEqual(
    mounts().filter((line) => /left|right/.test(line)),
    [],
  );
  assert.deepEqual(
    folders.filter((name) => existsSync(`${hostsFolder}/${name}`)),
    [],
  );
});

function mounts(): string[] {
  const lines = readFileSync("/proc/self/mounts", "utf8").split("\n");
  return lines.filter((line) => line.includes(hostsFolder));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
