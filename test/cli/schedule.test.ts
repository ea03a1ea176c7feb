import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { outline, theProgram } from "../../scripts/docs/outline.ts";
import { FakeHost } from "../support/fake-host.ts";
import { listing } from "../support/listing.ts";
import { aRecord } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";

const ID = "20261122-213000-0000";

test("schedule: prints what it compared and decided, in the fixed form", async () => {
  using host = new FakeHost();
  host.setProfile(
    makeToplevel(host.folder, "new", { kernel: "k2", initrd: "i1", "kernel-modules": "m1" }),
  );
  const { exitCode, stdout, stderr } = await host.schedule("--delay", "90s");
  const store = host.folder.at("store");
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    `deploy-finalize: booted_kernel=${store}/k1/file`,
    `deploy-finalize: new_kernel=${store}/k2/file`,
    `deploy-finalize: booted_initrd=${store}/i1/file`,
    `deploy-finalize: new_initrd=${store}/i1/file`,
    `deploy-finalize: booted_kernel-modules=${store}/m1/file`,
    `deploy-finalize: new_kernel-modules=${store}/m1/file`,
    `deploy-finalize: action=reboot reason=kernel changed delay=90s unit=deploy-finalize-${ID}`,
  ]);
  assert.deepEqual([exitCode, stderr], [0, ""]);
});

test("schedule: warns of what a reboot would end without a word, and schedules", async () => {
  using host = new FakeHost();
  host.folder.write("proc/self/mountinfo", "20 1 0:30 / / rw - tmpfs none rw\n");
  host.setProfile(
    makeToplevel(host.folder, "new", { kernel: "k2", initrd: "i1", "kernel-modules": "m1" }),
  );
  host.folder.remove("store/new/etc");
  const { exitCode, stderr } = await host.schedule("--delay", "90s");
  const [unit = "", state = "", ...rest] = stderr.trimEnd().split("\n");
  assert.match(
    unit,
    /^deploy-finalize: warning: the target has no deploy-finalize-resume\.service/,
  );
  assert.match(state, /^deploy-finalize: warning: the state folder .* is on tmpfs/);
  assert.deepEqual([exitCode, rest], [0, []]);
  assert.equal((await host.schedule("--dry-run", "--quiet")).stderr, "");
});

test("schedule: a path that does not resolve is empty, and the reason names what the booted system lacks", async () => {
  using host = new FakeHost();
  host.folder.remove("run/booted-system");
  host.setProfile(makeToplevel(host.folder, "new"));
  const { stdout } = await host.schedule("--delay", "90s");
  const store = host.folder.at("store");
  assert.deepEqual(stdout.trimEnd().split("\n"), [
    "deploy-finalize: booted_kernel=",
    `deploy-finalize: new_kernel=${store}/k1/file`,
    "deploy-finalize: booted_initrd=",
    `deploy-finalize: new_initrd=${store}/i1/file`,
    "deploy-finalize: booted_kernel-modules=",
    `deploy-finalize: new_kernel-modules=${store}/m1/file`,
    "deploy-finalize: action=reboot reason=/run/booted-system incomplete,kernel,initrd,kernel-modules changed " +
      `delay=90s unit=deploy-finalize-${ID}`,
  ]);
});

test("schedule: pins, records and arms", async () => {
  using host = new FakeHost();
  const target = makeToplevel(host.folder, "new");
  host.setProfile(target);
  assert.equal((await host.schedule()).exitCode, 0);
  const record = JSON.parse(readFileSync(host.folder.at("state/current"), "utf8"));
  assert.deepEqual(
    [record.id, record.state, record.target, record.previous, record.targetGeneration],
    [ID, "scheduled", target, host.booted, 2],
  );
  assert.ok(existsSync(host.folder.at(`nix/var/nix/gcroots/deploy-finalize/${ID}-target`)));
  assert.deepEqual(host.ran, [
    [
      "systemd-run",
      "--quiet",
      "--collect",
      `--unit=deploy-finalize-${ID}`,
      "--description=Finalize the deploy (switch)",
      "--on-calendar=2026-11-22 21:31:00.000 UTC",
      "--timer-property=AccuracySec=100ms",
      "--timer-property=RemainAfterElapse=no",
      "--timer-property=IgnoreOnIsolate=yes",
      "--property=KillMode=mixed",
      "--property=TimeoutStopSec=10min",
      "--property=NotifyAccess=main",
      "--property=Restart=on-failure",
      "--property=RestartForceExitStatus=SIGTERM SIGINT SIGHUP SIGPIPE",
      "--property=StartLimitIntervalSec=0",
      "--property=IgnoreOnIsolate=yes",
      "--property=SyslogIdentifier=deploy-finalize",
      "--property=RestartPreventExitStatus=3 10 203",
      "--property=RestartSec=1s",
      "--property=SuccessExitStatus=4",
      `--property=LogExtraFields=DEPLOY_FINALIZE_ID=${ID}`,
      "--setenv=PATH=/bin",
      `--setenv=DEPLOY_FINALIZE_UNIT=deploy-finalize-${ID}`,
      "--",
      "/node",
      "/deploy-finalize.cjs",
      "run",
      "--state-dir",
      host.folder.at("state"),
      ID,
    ],
    ["logger", "--journald"],
  ]);
});

test("schedule: its timer replaces older ones of any origin in the same transaction", async () => {
  using host = new FakeHost();
  host.setProfile(makeToplevel(host.folder, "new"));
  host.folder.write("run/systemd/transient/deploy-finalize-old.timer", "");
  host.folder.write("etc/systemd/system/deploy-finalize-static.timer", "");
  // The module's own: stopped, it could not start what a boot leaves.
  host.folder.write("etc/systemd/system/deploy-finalize-stuck-boot.timer", "");
  host.folder.write("run/systemd/transient/deploy-finalize-old.service", "");
  host.folder.write("run/systemd/transient/other.timer", "");
  await host.schedule();
  const [armed = [], ...rest] = host.ran;
  assert.deepEqual(
    armed.filter((argument) => argument.includes("Conflicts")),
    [
      "--timer-property=Conflicts=deploy-finalize-old.timer",
      "--timer-property=Conflicts=deploy-finalize-static.timer",
    ],
  );
  assert.deepEqual(rest, [["logger", "--journald"]]);
});

test("schedule: --dry-run prints the very argument list that scheduling runs", async () => {
  using host = new FakeHost();
  host.setProfile(makeToplevel(host.folder, "new"));
  const before = listing(host.folder.path);
  const dry = await host.schedule("--dry-run", "--json");
  const text = await host.schedule("--dry-run");
  assert.deepEqual(listing(host.folder.path), before);
  assert.deepEqual(host.ran, []);
  await host.schedule();
  assert.deepEqual(JSON.parse(dry.stdout).argv, host.ran[0]);
  const tail = text.stdout.trimEnd().split("\n").slice(-3);
  assert.equal(tail[0], "deploy-finalize: dry-run: not scheduling");
  assert.match(tail[1] ?? "", /would run: .*\/new\/bin\/switch-to-configuration switch$/);
  assert.match(tail[2] ?? "", /would schedule: systemd-run --quiet --collect /);
});

interface Bad {
  readonly name: string;
  readonly prepare?: (host: FakeHost) => void;
  readonly args?: readonly string[];
  readonly exitCode: number;
  readonly message: RegExp;
}

const bad: Bad[] = [
  {
    name: "not root",
    prepare: (host) => void (host.userId = 1000),
    exitCode: 1,
    message: /needs root.*sudo.*--dry-run/s,
  },
  {
    name: "no systemd as PID 1",
    prepare: (host) => {
      host.folder.remove("run/systemd/system");
    },
    exitCode: 1,
    message: /systemd is not PID 1 here/,
  },
  {
    name: "profile absent",
    args: ["--profile", "/nowhere/system"],
    exitCode: 1,
    message: /profile \/nowhere\/system does not exist.*--profile/,
  },
  {
    name: "profile not a NixOS system",
    args: ["--profile", "/usr"],
    exitCode: 1,
    message: /profile \/usr is not a NixOS system: .* has no bin\/switch-to-configuration/,
  },
  {
    name: "profile dangling",
    prepare: (host) => {
      host.folder.remove("store/new");
    },
    exitCode: 1,
    message: /is a dangling link to system-2-link/,
  },
  {
    name: "initrd dangling",
    prepare: (host) => {
      host.folder.remove("store/i1");
    },
    exitCode: 1,
    message:
      /^deploy-finalize: refusing to schedule: \S+ is missing kernel, initrd, or kernel-modules\n.*initrd -> .* does not exist/s,
  },
  { name: "--delay -1", args: ["--delay", "-1"], exitCode: 2, message: /'-1' is invalid/ },
  { name: "--delay x", args: ["--delay", "x"], exitCode: 2, message: /'x' is invalid.*90s/ },
  { name: "--dryrun", args: ["--dryrun"], exitCode: 2, message: /Did you mean --dry-run/ },

  {
    name: "no such configuration",
    args: ["--config", "/nowhere.json"],
    exitCode: 2,
    message: /cannot read the configuration: .*\/nowhere\.json/,
  },
  ...["/dev/null", "/proc/self/status"].map((path) => ({
    name: `a configuration that will not be there later, ${path}`,
    args: ["--config", path],
    exitCode: 2,
    message: new RegExp(`cannot read the configuration: ${path} is not a regular file`),
  })),
  {
    name: "a name that is too long",
    args: ["--profile", `/${"a".repeat(300)}`],
    exitCode: 1,
    message: /^deploy-finalize: ENAMETOOLONG: .*aaa/,
  },
  {
    name: "state folder not usable",
    args: ["--state-dir", "/proc/nowhere"],
    exitCode: 1,
    message: /cannot use the state folder \/proc\/nowhere: .*--state-dir/,
  },
  {
    name: "systemd-run missing",
    prepare: (host) => {
      host.ends["systemd-run"] = { exitCode: null, cause: "could not be started: not in PATH" };
    },
    exitCode: 1,
    message: /cannot arm deploy-finalize-.*: systemd-run could not be started/,
  },
  {
    name: "systemd-run failing",
    prepare: (host) => {
      host.ends["systemd-run"] = { exitCode: 1, stderr: "Failed to start transient timer unit" };
    },
    exitCode: 1,
    message: /cannot arm .*: systemd-run ended with exit code 1: Failed to start transient timer/,
  },
];

for (const { name, prepare, args = [], exitCode, message } of bad) {
  test(`schedule: ${name}: says so and leaves everything as it was`, async () => {
    using host = new FakeHost();
    host.setProfile(makeToplevel(host.folder, "new"));
    host.folder.write("run/systemd/transient/deploy-finalize-old.timer", "");
    // Its own folders may stay.
    for (const own of ["state", "nix/var/nix/gcroots/deploy-finalize"]) {
      host.folder.write(`${own}/.keep`, "");
    }
    prepare?.(host);
    const before = listing(host.folder.path);
    const said = await host.schedule(...args);
    assert.match(said.stderr, message);
    assert.equal(said.exitCode, exitCode);
    assert.deepEqual(listing(host.folder.path), before);
    assert.equal(said.stdout, "");
    const harmless = /^(systemd-run|systemctl show) /;
    assert.deepEqual(
      host.ran.filter((argv) => !harmless.test(argv.join(" "))),
      [],
    );
  });
}

test("schedule: cut off when it had armed already, it has scheduled", async () => {
  using host = new FakeHost();
  host.setProfile(makeToplevel(host.folder, "new"));
  host.ends["systemd-run"] = { exitCode: 1, stderr: "Connection reset by peer" };
  host.ends["systemctl"] = { stdout: "active\n\ninactive\n" };
  assert.equal((await host.schedule()).exitCode, 0);
});

test("schedule: an unknown configuration key is refused with the nearest known one", async () => {
  using host = new FakeHost();
  const config = host.folder.write("config.json", '{"reboot-when-changed": []}');
  const { exitCode, stderr } = await host.schedule("--config", config);
  assert.equal(exitCode, 2);
  assert.match(stderr, /unknown key reboot-when-changed\. Did you mean rebootWhenChanged\?/);
});

test("an unknown command is named, with the one that was meant", async () => {
  using host = new FakeHost();
  for (const before of [[], ["--config", "/some/file"], ["-q", "--state-dir", "cancel"]]) {
    const { exitCode, stderr } = await host.call(...before, "cancle");
    assert.deepEqual(
      [exitCode, stderr],
      [2, 'deploy-finalize: unknown command "cancle". Did you mean cancel?\n'],
    );
  }
});

/** What the commands take that need more than their name. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  run: [ID],
  lock: ["release"],
  fleet: ["halt"],
};
/** They change nothing; the records say themselves who may read them. */
const ONLY_LOOK = new Set([
  "explain",
  "status",
  "wait",
  "history",
  "log",
  "check-config",
  "boot-complete",
]);

for (const command of outline(theProgram()).commands.map(({ name }) => name)) {
  if (ONLY_LOOK.has(command)) continue;
  test(`${command}: needs root, and says so`, async () => {
    using host = new FakeHost();
    host.setProfile(makeToplevel(host.folder, "new"));
    host.userId = 1000;
    const before = listing(host.folder.path);
    const { exitCode, stderr } = await host.call(command, ...(WORDS[command] ?? []));
    assert.equal(exitCode, 1);
    assert.match(stderr, /needs? root/);
    assert.deepEqual(listing(host.folder.path), before);
    assert.deepEqual(host.ran, []);
  });
}

test("options may stand before the command, as a wrapper puts them", async () => {
  using host = new FakeHost();
  const { exitCode, stderr } = await host.call("--state-dir", host.folder.at("state"), "cancel");
  assert.equal(exitCode, 1);
  assert.match(stderr, /no finalization yet: there is no record in .*\/state/);
});

test("confirm: a finalization that is going back is not confirmed any more", async () => {
  using host = new FakeHost();
  const record = aRecord({ state: "rolling-back", confirmBy: "2026-11-22T21:40:00.000Z" });
  host.folder.write(`state/${record.id}.json`, JSON.stringify(record));
  const { exitCode, stderr } = await host.call(
    "confirm",
    record.id,
    "--state-dir",
    host.folder.at("state"),
  );
  assert.equal(exitCode, 1);
  assert.match(stderr, /does not wait for a confirmation: it is rolling-back/);
});
