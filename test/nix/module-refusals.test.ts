import { RUNNER_PRESETS } from "../../src/core/config/config.ts";
import assert from "node:assert/strict";
import * as v from "valibot";
import { problemsIn } from "./check-config.ts";
import { nixTest } from "./pkgs/nix-test.ts";
import { enabled, hostView, viewSchema } from "./view.ts";

const own = "services.deployFinalize";

/** What only Nix can see, and what it says of it when it evaluates, each message whole. */
const refusedByNix: [string, string[]][] = [
  [
    `delay = 5; settings.delay = 6;`,
    [`${own}.delay and ${own}.settings.delay are both set. Remove one of them.`],
  ],
  [
    `waitFor.timeout = lib.mkDefault 5; settings.waitFor.timeout = 6;`,
    [
      `${own}.waitFor.timeout and ${own}.settings.waitFor.timeout are both set. Remove one of them.`,
    ],
  ],
  [
    `settings = { delay = true; waitFor.timeout = "1h"; reboot.whilePutOff = "never"; };`,
    [
      `${own}.settings.delay has the wrong type. It has to be: null or (span, 0 s to a year: seconds, or a text such as 5min). Use ${own}.delay, which has this type.`,
      `${own}.settings.reboot.whilePutOff has the wrong type. It has to be: one of "wait", "switch". Use ${own}.reboot.whilePutOff, which has this type.`,
    ],
  ],
  [
    `lock = { backend = "etcd"; passwordFile = "\${builtins.storeDir}/x"; };`,
    [
      `${own}.lock.passwordFile has to be an absolute path, as a string, of a file that is not in the store, where everybody can read it.`,
    ],
  ],
  [
    `waitFor.alerts = { url = "http://x"; tokenFile = "\${builtins.storeDir}/x"; };`,
    [
      `${own}.waitFor.alerts.tokenFile has to be an absolute path, as a string, of a file that is not in the store, where everybody can read it.`,
    ],
  ],
  [
    `reboot.fallback = "require";`,
    [
      `${own}.reboot.fallback is "require", but only systemd-boot, GRUB and lanzaboote can fall back, and this host has none of them: it would never reboot. Set it to "auto" or "off".`,
    ],
  ],
];
for (const [options, expected] of refusedByNix) {
  nixTest(`module: Nix refuses ${options}`, async (nix) => {
    const { refusals } = v.parse(viewSchema, await nix.evaluate(hostView(enabled(options))));
    assert.deepEqual(refusals, expected);
  });
}

const CONFIRM = `${own}.verify.confirm: rolls back if nobody confirms, but rollback.enable is false. Set rollback.enable to true, or verify.confirm to null`;

/** What check-config refuses when the file is built, each problem whole. */
const refusedByCheck: [string, string[]][] = [
  [`verify.confirm.within = 60; rollback.enable = false;`, [CONFIRM]],
  [`verify.confirm.within = 60; settings.rollback.enable = false;`, [CONFIRM]],
  [
    `waitFor = { session = false; onTimeout = "proceed"; };`,
    [
      `${own}.waitFor.onTimeout: is "proceed", but nothing is waited for. Set waitFor.session to true, name a runner in waitFor.runners or a unit in waitFor.units, or leave it out`,
    ],
  ],
  [
    `waitFor.commands = { a.command = [ "x" ]; b = { name = "a"; command = [ "y" ]; }; };`,
    [`${own}.waitFor.commands: several commands are named a. Give each its own name`],
  ],
  [
    `reboot = { allow = false; window = { start = "Sat 02:00"; duration = 3600; }; };`,
    [
      `${own}.reboot.window: is set, but reboot.allow is false: a reboot window without reboots. Remove one of them`,
    ],
  ],
  [
    `reboot = { allow = false; method = "kexec"; };`,
    [`${own}.reboot.method: is "kexec", but reboot.allow is false. Remove one of them`],
  ],
  [`settings.profile = "system";`, [`${own}.profile: must be an absolute path`]],
  ...["/run/x", "/tmp/x", "/var/run/x", "/dev/shm/x", "/run", "//tmp/x"].map(
    (folder): [string, string[]] => [
      `stateDir = "${folder}";`,
      [
        `${own}.stateDir: does not survive a reboot, so that unfinished finalizations would be lost. Choose a folder such as /var/lib/deploy-finalize`,
      ],
    ],
  ),
  [
    `report.retry = { first = 60; most = 30; };`,
    [`${own}.report.retry: first must not be more than most`],
  ],
  [
    `settings.rebootWhenChanged = [ "kernel" "sw/bin" ];`,
    [`${own}.rebootWhenChanged.1: must be a file name without a slash`],
  ],
  [
    `rebootWhenChanged = [ "kernel" "initrd" "kernel" ];`,
    [`${own}.rebootWhenChanged: names kernel more than once. Remove the others`],
  ],
  ...[``, `preset = "github-runner"; detect.kind = "processes";`].map(
    (ways): [string, string[]] => [
      `waitFor.runners = [ { unit = "a.service"; ${ways} } ];`,
      [
        `${own}.waitFor.runners.0: must have either preset (${RUNNER_PRESETS.join(", ")}) or detect`,
      ],
    ],
  ),
  [
    `hooks.a = { }; hooks.b = { after = [ "x" ]; actions = [ ]; };`,
    [`${own}.hooks: has a, which has neither before nor after. Set one of them, or leave it out`],
  ],
  [
    `waitFor.runners = [ { unit = "a.service"; detect.kind = "containers"; } ];`,
    [`${own}.waitFor.runners.0.detect.pattern is missing`],
  ],
  [
    `waitFor.runners = [ { unit = "a.service"; detect = { kind = "processes"; pattern = "x"; }; } ];`,
    [`unknown key ${own}.waitFor.runners.0.detect.pattern. Known keys of kind "processes": kind`],
  ],
  [
    `waitFor.runners = let one = { unit = "a.service"; preset = "github-runner"; }; in [ one one ];`,
    [`${own}.waitFor.runners: has the same entry more than once, for a.service. Remove the others`],
  ],
  [
    `verify.checks = [ { kind = "unit"; unit = "a.service"; } { kind = "tcp"; host = "x"; } ];`,
    [`${own}.verify.checks.1.port is missing`],
  ],
  [
    `verify.checks = [ { kind = "unit"; unit = "a.service"; status = 200; } ];`,
    [
      `unknown key ${own}.verify.checks.0.status. Known keys of kind "unit": name, timeout, interval, deadline, kind, unit`,
    ],
  ],
  [
    `verify.checks.ssh = { kind = "tcp"; host = "x"; };`,
    [`${own}.verify.checks.ssh.port is missing`],
  ],
  [
    `verify.checks = [ { kind = "unit"; unit = "a.service"; name = "web"; } { kind = "unit"; unit = "b.service"; name = "web"; } ];`,
    [`${own}.verify.checks: several checks are named web. Give each its own name`],
  ],
  [
    `verify.checks = let one = { kind = "unit"; unit = "a.service"; }; in [ one one ];`,
    [`${own}.verify.checks: has the same check more than once. Remove the others`],
  ],
  [
    `lock = { backend = "fleetlock"; slots = 2; };`,
    [
      `${own}.lock.url is missing`,
      `unknown key ${own}.lock.slots. Known keys of backend "fleetlock": group, for, id, timeout, retry, deadline, onDeadline, onRollback, caFile, certFile, keyFile, backend, url`,
    ],
  ],
  [
    `lock = { backend = "etcd"; endpoints = [ "https://a:2379" ]; username = "x"; keyFile = "/k"; };`,
    [
      `${own}.lock: certFile and keyFile go together`,
      `${own}.lock: username and passwordFile go together`,
    ],
  ],
  [
    `fleet.wave = 0;`,
    [
      `${own}.fleet: needs an etcd that keeps the rollouts, and there is no lock. Set lock.backend to "etcd" and name its members in lock.endpoints, or leave out fleet. With lock.for = [], no act needs a slot`,
    ],
  ],
  [
    `fleet.wave = 0; lock = { backend = "fleetlock"; url = "https://lock.example.org"; };`,
    [
      `${own}.fleet: needs an etcd that keeps the rollouts, but lock.backend is "fleetlock": such a server only counts slots. Set lock.backend to "etcd" and name its members in lock.endpoints, or leave out fleet. With lock.for = [], no act needs a slot`,
    ],
  ],
  [
    `lock = { backend = "etcd"; endpoints = [ "https://a:2379" ]; for = [ ]; };`,
    [
      `${own}.lock.for: is empty, and there is no fleet: nothing would use the lock. Name "reboot" or "switch", set fleet, or leave out lock`,
    ],
  ],
  [
    `lock = { backend = "etcd"; endpoints = [ "https://a:2379" ]; for = [ "switch" "switch" ]; };`,
    [`${own}.lock.for: names switch more than once. Remove the others`],
  ],
  [
    `delay = "soon"; reboot.window = { start = "Sat"; duration = "0s"; };`,
    [
      `${own}.delay: must be a span: a number of seconds, or a text such as 90s, 5min or 1h 30min`,
      `${own}.reboot.window.duration: must be 1 or more seconds`,
    ],
  ],
  [`profile = "system";`, [`${own}.profile: must be an absolute path`]],
  [
    `rebootWhenChanged = [ "a/b" ];`,
    [`${own}.rebootWhenChanged.0: must be a file name without a slash`],
  ],
  [
    `waitFor.runners = [ { unit = "gitlab-runner"; preset = "gitlab-runner"; } ];`,
    [
      `${own}.waitFor.runners.0.unit: must be the name of a unit with its suffix, such as nginx.service`,
    ],
  ],
  [
    `verify.checks = [ { kind = "http"; url = "ftp://x"; } ];`,
    [`${own}.verify.checks.0.url: must be an address that begins with http:// or https://`],
  ],
  [
    `delay = 400 * 86400; waitFor.timeout = "400d"; rollback.enable = false; verify.confirm.within = 5;`,
    [
      `${own}.delay: must be a year (31622400 seconds) at most`,
      `${own}.waitFor.timeout: must be a year (31622400 seconds) at most`,
      CONFIRM,
    ],
  ],
];
for (const [options, expected] of refusedByCheck) {
  nixTest(`module: check-config refuses ${options}`, async (nix) => {
    const view = v.parse(viewSchema, await nix.evaluate(hostView(enabled(options))));
    assert.deepEqual(view.refusals, []);
    assert.deepEqual((await problemsIn(view.file)).toSorted(), expected.toSorted());
  });
}

/** What is no contradiction although it looks like one. */
const meant = [
  `verify.confirm.within = 60;`,
  `rollback.enable = false;`,
  `waitFor.onTimeout = "proceed";`,
  `waitFor = { session = false; onTimeout = "proceed"; runners = [ { unit = "a.service"; preset = "github-runner"; } ]; };`,
  `waitFor = { session = false; onTimeout = "give-up"; };`,
  `stateDir = "/running"; reboot.allow = false;`,
  `verify.checks = [ { kind = "unit"; unit = "a.service"; } { kind = "unit"; unit = "b.service"; } ];`,
  `settings.delay = 6;`,
  `waitFor.timeout = 5; settings.waitFor.session = false;`,
  `lock = { backend = "fleetlock"; url = "https://lock.example.org/v1"; };`,
  `lock = { backend = "etcd"; endpoints = [ "https://a:2379" "https://b:2379" ]; slots = 3; };`,
  `lock = { backend = "etcd"; endpoints = [ "https://a:2379" ]; for = [ "switch" "reboot" ]; };`,
  `lock = { backend = "etcd"; endpoints = [ "https://a:2379" ]; for = [ ]; }; fleet = { wave = 2; group = "all"; soak = "10min"; };`,
];
for (const options of meant) {
  nixTest(`module: takes ${options}`, async (nix) => {
    const view = v.parse(viewSchema, await nix.evaluate(hostView(enabled(options))));
    assert.deepEqual([view.refusals, await problemsIn(view.file)], [[], []]);
  });
}

nixTest("module: a host that does not enable it may contradict itself", async (nix) => {
  const module = `{ services.deployFinalize = { delay = 5; settings.delay = 6; }; }`;
  const { refusals } = v.parse(viewSchema, await nix.evaluate(hostView(module)));
  assert.deepEqual(refusals, []);
});

/** Values of a wrong type, and what Nix says of them: the place, and what would be right. */
const wrong: [string, RegExp][] = [
  [`delai = 5;`, /`services\.deployFinalize\.delai' does not exist/],
  [`waitFor.runner = [ ];`, /`services\.deployFinalize\.waitFor\.runner' does not exist/],
  [
    `delay = -1;`,
    /deployFinalize\.delay' is not of type `null or \(span, 0 s to a year: seconds, or/,
  ],
  [`delay = true;`, /deployFinalize\.delay' is not of type/],
  [`profile = ./system;`, /deployFinalize\.profile' is not of type `absolute path, as a string'/],
  [`stateDir = ./state;`, /deployFinalize\.stateDir' is not of type `absolute path, as a string'/],
  [`rebootWhenChanged = [ 5 ];`, /is not of type `file name without a slash'/],
  [`waitFor.onTimeout = "kill";`, /is not of type `one of "give-up", "proceed"'/],
  [`waitFor.runners = [ { unit = 5; } ];`, /name of a unit with its suffix, such as/],
  [`waitFor.runners = [ { unit = "a.service"; preset = "drone"; } ];`, /preset' is not of type/],
  [`verify.checks = [ { unit = "a.service"; } ];`, /kind' was accessed but has no value defined/],
  [`verify.checks = [ { kind = "http"; url = "http://u:p@x"; } ];`, /without user and password/],
  [`verify.confirm = { };`, /verify\.confirm\.within' was accessed but has no value defined/],
  [`lock = { backend = "etcd"; passwordFile = ./secret; };`, /of a file that is not in the store/],
  [
    `lock = { backend = "etcd"; for = [ "boot" ]; };`,
    /lock\.for\..* is not of type `one of "switch", "reboot"'/,
  ],
  [`fleet = { };`, /fleet\.wave' was accessed but has no value defined/],
  [`fleet.wave = -1;`, /fleet\.wave' is not of type `whole number, 0 to 9999'/],
  [`configFile = "/x";`, /`services\.deployFinalize\.configFile' is read-only/],
];
for (const [options, message] of wrong) {
  nixTest(`module: refuses the value of ${options}`, async (nix) => {
    assert.match(await nix.refusal(hostView(enabled(options))), message);
  });
}
