import assert from "node:assert/strict";
import * as v from "valibot";
import { nixTest } from "./pkgs/nix-test.ts";
import { enabled, hostView, viewSchema } from "./view.ts";

const own = "services.deployFinalize";

/** Options that contradict each other, and what is said of them, each message whole. */
const contradictions: [string, string[]][] = [
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
    `verify.confirm.within = 60; rollback.enable = false;`,
    [
      `${own}.verify.confirm goes back when nobody confirms, but ${own}.rollback.enable is false. Set rollback.enable to true, or verify.confirm to null.`,
    ],
  ],
  [
    `verify.confirm.within = 60; settings.rollback.enable = false;`,
    [
      `${own}.verify.confirm goes back when nobody confirms, but ${own}.rollback.enable is false. Set rollback.enable to true, or verify.confirm to null.`,
    ],
  ],
  [
    `waitFor = { session = false; onTimeout = "proceed"; };`,
    [
      `${own}.waitFor.onTimeout is "proceed", but nothing is waited for. Set waitFor.session to true, name a runner in waitFor.runners or a unit in waitFor.units, or leave onTimeout out.`,
    ],
  ],
  [
    `reboot = { allow = false; window = { start = "Sat 02:00"; duration = 3600; }; };`,
    [
      `${own}.reboot.window is set, but ${own}.reboot.allow is false: a reboot window without reboots. Remove one of them.`,
    ],
  ],
  [
    `reboot = { allow = false; method = "kexec"; };`,
    [`${own}.reboot.method is "kexec", but ${own}.reboot.allow is false. Remove one of them.`],
  ],
  [
    `settings = { profile = "system"; stateDir = 5; };`,
    [
      `${own}.profile has to be an absolute path: begin it with a slash.`,
      `${own}.stateDir has to be an absolute path: begin it with a slash.`,
    ],
  ],
  ...["/run/x", "/tmp/x", "/var/run/x"].map((folder): [string, string[]] => [
    `stateDir = "${folder}";`,
    [
      `${own}.stateDir is ${folder}, which does not outlive a reboot: what has not ended would be forgotten. Choose a folder such as /var/lib/deploy-finalize.`,
    ],
  ]),
  [
    `report.retry = { first = 60; most = 30; };`,
    [
      `${own}.report.retry.first is more than ${own}.report.retry.most. Set first to as much as most, or less.`,
    ],
  ],
  [
    `settings.rebootWhenChanged = [ "kernel" "sw/bin" ];`,
    [
      `${own}.rebootWhenChanged has names with a slash: only names that stand directly in the system's folder can be compared, such as kernel.`,
    ],
  ],
  [
    `rebootWhenChanged = [ "kernel" "initrd" "kernel" ];`,
    [
      `${own}.rebootWhenChanged names kernel more than once. Remove the others; with lib.mkForce if they come from several modules.`,
    ],
  ],
  [
    `waitFor.runners = [ { unit = "a.service"; } ];`,
    [
      `${own}.waitFor.runners.0 has neither preset nor detect: it cannot be told whether it runs a job. Set one of them.`,
    ],
  ],
  [
    `waitFor.runners = [ { unit = "a.service"; preset = "github-runner"; detect.kind = "processes"; } ];`,
    [`${own}.waitFor.runners.0 has both preset and detect. Remove one of them.`],
  ],
  [
    `waitFor.runners = [ { unit = "a.service"; detect.kind = "containers"; } ];`,
    [
      `${own}.waitFor.runners.0.detect: kind "containers" needs pattern. Set ${own}.waitFor.runners.0.detect.pattern.`,
    ],
  ],
  [
    `waitFor.runners = [ { unit = "a.service"; detect = { kind = "processes"; pattern = "x"; }; } ];`,
    [
      `${own}.waitFor.runners.0.detect: kind "processes" has no pattern. Remove ${own}.waitFor.runners.0.detect.pattern, or set kind to "containers" or "process-name".`,
    ],
  ],
  [
    `waitFor.runners = let one = { unit = "a.service"; preset = "github-runner"; }; in [ one one ];`,
    [`${own}.waitFor.runners has the same entry more than once, for a.service. Remove the others.`],
  ],
  [
    `verify.checks = [ { kind = "unit"; unit = "a.service"; } { kind = "tcp"; host = "x"; } ];`,
    [`${own}.verify.checks.1: kind "tcp" needs port. Set ${own}.verify.checks.1.port.`],
  ],
  [
    `verify.checks = [ { kind = "unit"; unit = "a.service"; status = 200; } ];`,
    [
      `${own}.verify.checks.0: kind "unit" has no status. Remove ${own}.verify.checks.0.status, or set kind to "http".`,
    ],
  ],
  [
    `verify.checks = [ { kind = "unit"; unit = "a.service"; name = "web"; } { kind = "unit"; unit = "b.service"; name = "web"; } ];`,
    [`${own}.verify.checks has several checks named web. Give each its own name.`],
  ],
  [
    `verify.checks = let one = { kind = "unit"; unit = "a.service"; }; in [ one one ];`,
    [`${own}.verify.checks has the same check more than once. Remove the others.`],
  ],
  [
    `lock = { backend = "fleetlock"; slots = 2; };`,
    [
      `${own}.lock: backend "fleetlock" needs url. Set ${own}.lock.url.`,
      `${own}.lock: backend "fleetlock" has no slots. Remove ${own}.lock.slots, or set backend to "etcd".`,
    ],
  ],
  [
    `lock = { backend = "etcd"; endpoints = [ "https://a:2379" ]; username = "x"; keyFile = "/k"; };`,
    [
      `${own}.lock: certFile and keyFile go together. Set both or none of them.`,
      `${own}.lock: username and passwordFile go together. Set both or none of them.`,
    ],
  ],
];
for (const [options, expected] of contradictions) {
  nixTest(`module: refuses ${options}`, async (nix) => {
    const { refusals } = v.parse(viewSchema, await nix.evaluate(hostView(enabled(options))));
    assert.deepEqual(refusals, expected);
  });
}

/** What is no contradiction although it looks like one. */
const meant = [
  `verify.confirm.within = 60;`,
  `rollback.enable = false;`,
  `waitFor.onTimeout = "proceed";`,
  `waitFor = { session = false; onTimeout = "proceed"; runners = [ { unit = "a.service"; preset = "github-runner"; } ]; };`,
  `waitFor = { session = false; onTimeout = "give-up"; };`,
  `verify.checks = [ { kind = "unit"; unit = "a.service"; } { kind = "unit"; unit = "b.service"; } ];`,
  `settings.delay = 6;`,
  `waitFor.timeout = 5; settings.waitFor.session = false;`,
  `lock = { backend = "fleetlock"; url = "https://lock.example.org/v1"; };`,
  `lock = { backend = "etcd"; endpoints = [ "https://a:2379" "https://b:2379" ]; slots = 3; };`,
];
for (const options of meant) {
  nixTest(`module: takes ${options}`, async (nix) => {
    const { refusals } = v.parse(viewSchema, await nix.evaluate(hostView(enabled(options))));
    assert.deepEqual(refusals, []);
  });
}

nixTest("module: a host that does not enable it may contradict itself", async (nix) => {
  const module = `{ services.deployFinalize = { delay = 5; settings.delay = 6; }; }`;
  const { refusals } = v.parse(viewSchema, await nix.evaluate(hostView(module)));
  assert.deepEqual(refusals, []);
});

/** Wrong values, and what Nix says of them: the place, and what would be right. */
const wrong: [string, RegExp][] = [
  [`delai = 5;`, /`services\.deployFinalize\.delai' does not exist/],
  [`waitFor.runner = [ ];`, /`services\.deployFinalize\.waitFor\.runner' does not exist/],
  [`delay = 0;`, /deployFinalize\.delay' is not of type `null or integer between 1 and/],
  [`delay = "60s";`, /deployFinalize\.delay' is not of type/],
  [`profile = "system";`, /deployFinalize\.profile' is not of type `absolute path, as a string'/],
  [`stateDir = ./state;`, /deployFinalize\.stateDir' is not of type `absolute path, as a string'/],
  [`rebootWhenChanged = [ "a/b" ];`, /is not of type `file name without a slash'.*"a\/b"/s],
  [`waitFor.onTimeout = "kill";`, /is not of type `one of "give-up", "proceed"'/],
  [
    `waitFor.runners = [ { unit = "gitlab-runner"; } ];`,
    /`name of a unit with its suffix, such as/,
  ],
  [`waitFor.runners = [ { unit = "a.service"; preset = "drone"; } ];`, /preset' is not of type/],
  [`verify.checks = [ { unit = "a.service"; } ];`, /kind' was accessed but has no value defined/],
  [`verify.checks = [ { kind = "http"; url = "ftp://x"; } ];`, /begins with http:\/\/ or https:/],
  [`verify.confirm = { };`, /verify\.confirm\.within' was accessed but has no value defined/],
  [`lock = { backend = "etcd"; passwordFile = ./secret; };`, /of a file that is not in the store/],
  [`lock = { backend = "etcd"; passwordFile = "\${builtins.storeDir}/x"; };`, /not in the store/],
  [`configFile = "/x";`, /`services\.deployFinalize\.configFile' is read-only/],
];
for (const [options, message] of wrong) {
  nixTest(`module: refuses the value of ${options}`, async (nix) => {
    assert.match(await nix.refusal(hostView(enabled(options))), message);
  });
}
