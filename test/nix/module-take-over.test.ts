import assert from "node:assert/strict";
import { chmodSync, readFileSync, symlinkSync } from "node:fs";
import { relative } from "node:path";
import { spawnSync } from "node:child_process";
import * as v from "valibot";
import { Folder } from "../support/folder.ts";
import { problemsIn } from "./check-config.ts";
import { nixTest } from "./pkgs/nix-test.ts";
import { afterUpgrade, hostWithDeployers, pulling, scriptsOf, upgrading } from "./take-over.ts";
import { enabled } from "./view.ts";

const own = "services.deployFinalize";
const SYSTEM = "/nix/var/nix/profiles/system";
const COMIN = "/nix/var/nix/profiles/system-profiles/comin";

const ORIGIN = `remotes = [ { name = "origin"; url = "https://x"; } ];`;

nixTest(
  "take over: system.autoUpgrade only sets the boot default, then it deploys",
  async (nix) => {
    const { units, timers, file, refusals, warnings } = await hostWithDeployers(
      nix,
      upgrading(`
      flake = "/etc/nixos"; flags = [ "--impure" ]; upgrade = false; allowReboot = true;
      dates = "03:30"; randomizedDelaySec = "45min"; fixedRandomDelay = true; persistent = false;
      runGarbageCollection = true;`),
    );
    assert.deepEqual([refusals, warnings], [[], []]);
    const { serviceConfig, unitConfig } = units["nixos-upgrade"] ?? {};
    const { ExecStart, ExecStartPost } = v.parse(
      v.object({ ExecStart: v.string(), ExecStartPost: v.tuple([v.string()]) }),
      serviceConfig,
    );
    assert.equal(ExecStart, "nixos-rebuild boot --refresh --flake /etc/nixos --impure");
    assert.match(ExecStartPost[0], /\nprofile='?\/nix\/var\/nix\/profiles\/system'?\n/);
    assert.deepEqual(unitConfig, { OnSuccess: ["nix-gc.service"] });
    assert.deepEqual(timers["nixos-upgrade"]?.["timerConfig"], {
      OnCalendar: "03:30",
      RandomizedDelaySec: "45min",
      FixedRandomDelay: true,
      Persistent: false,
    });
    assert.equal(file["profile"], SYSTEM);
    assert.deepEqual(await problemsIn(file), []);
  },
);

const schemaOfReboot = v.object({ allow: v.boolean(), window: v.unknown() });

/** What system.autoUpgrade says of the reboot, what ours say, and what the file has. */
const reboots: [upgrade: string, options: string, allow: boolean, window: unknown][] = [
  ["", "", false, null],
  ["allowReboot = true;", "", true, null],
  [
    `allowReboot = true; rebootWindow = { lower = "01:00"; upper = "05:30"; };`,
    "",
    true,
    { start: "*-*-* 01:00", duration: 16_200 },
  ],
  [
    `allowReboot = true; rebootWindow = { lower = "23:08"; upper = "04:09"; };`,
    "",
    true,
    { start: "*-*-* 23:08", duration: 18_060 },
  ],
  [
    `allowReboot = true; rebootWindow = { lower = "22:00"; upper = "24:00"; };`,
    "",
    true,
    { start: "*-*-* 22:00", duration: 7200 },
  ],
  [
    `allowReboot = true; rebootWindow = { lower = "24:00"; upper = "02:00"; };`,
    "",
    true,
    { start: "*-*-* 00:00", duration: 7200 },
  ],
  [`allowReboot = true; rebootWindow = { lower = "00:00"; upper = "24:00"; };`, "", true, null],
  [`allowReboot = true; rebootWindow = { lower = "03:00"; upper = "03:00"; };`, "", true, null],
  // NixOS takes no notice of the window then either.
  [`rebootWindow = { lower = "01:00"; upper = "05:00"; };`, "", false, null],
  [
    `rebootWindow = { lower = "01:00"; upper = "05:00"; };`,
    "reboot.allow = true;",
    true,
    { start: "*-*-* 01:00", duration: 14_400 },
  ],
  ["", "settings.reboot.allow = true;", true, null],
  [
    "allowReboot = true;",
    `reboot.window = { start = "Sat 02:00"; duration = "3h"; };`,
    true,
    { start: "Sat 02:00", duration: "3h" },
  ],
  [
    "allowReboot = lib.mkDefault true;",
    `settings.reboot.window = { start = "Sun"; duration = 60; };`,
    true,
    { start: "Sun", duration: 60 },
  ],
];
for (const [upgrade, options, allow, window] of reboots) {
  nixTest(`take over: the reboot of autoUpgrade { ${upgrade} } ${options}`, async (nix) => {
    const { file, refusals } = await hostWithDeployers(nix, upgrading(upgrade, options));
    assert.deepEqual(refusals, []);
    assert.deepEqual(v.parse(schemaOfReboot, file["reboot"]), { allow, window });
    assert.deepEqual(await problemsIn(file), []);
  });
}

nixTest("take over: without the option, system.autoUpgrade is as it was", async (nix) => {
  for (const options of ["", "takeOver.autoUpgrade = false;"]) {
    const upgrade = `system.autoUpgrade = { enable = true; allowReboot = true; };`;
    const { units, file, warnings } = await hostWithDeployers(nix, enabled(options, upgrade));
    assert.deepEqual(units["nixos-upgrade"]?.["serviceConfig"], {
      Type: "oneshot",
      ExecStart: "nixos-rebuild boot --no-build-output --upgrade; a reboot",
    });
    assert.deepEqual(v.parse(schemaOfReboot, file["reboot"]), { allow: true, window: null });
    assert.deepEqual(warnings, []);
  }
});

nixTest(
  "take over: comin sets the boot default of its main branches, then it deploys",
  async (nix) => {
    const remotes = `remotes = [
    { name = "origin"; url = "https://x"; }
    { name = "it's mine"; url = "/x"; branches.main.name = "live"; branches.testing.operation = "boot"; }
  ];`;
    const { comin, units, file, refusals, warnings } = await hostWithDeployers(
      nix,
      pulling(remotes),
    );
    assert.deepEqual([refusals, warnings], [[], []]);
    assert.deepEqual(comin?.operations, [
      ["boot", "test"],
      ["boot", "boot"],
    ]);
    assert.match(
      comin?.command ?? "",
      /for ref in '?origin\/main'? 'it'\\''s mine\/live' 'it'\\''s mine\/testing-web'; do/,
    );
    assert.equal(file["profile"], COMIN);
    // It activates branches to try in its own cgroup, which a restart would end.
    assert.equal(units["comin"]?.["restartIfChanged"], false);
    assert.deepEqual(await problemsIn(file), []);
  },
);

nixTest("take over: without the option, comin is as it was", async (nix) => {
  const others = `services.comin = { enable = true; ${ORIGIN} };`;
  const { comin, units, file } = await hostWithDeployers(nix, enabled("", others));
  assert.deepEqual(comin, { operations: [["switch", "test"]], command: null });
  assert.equal(units["comin"]?.["restartIfChanged"], false);
  assert.equal(file["profile"], SYSTEM);
});

nixTest("take over: a host without comin and without upgrades has no unit of them", async (nix) => {
  const { units, refusals } = await hostWithDeployers(nix, enabled(""));
  assert.deepEqual([units["comin"], units["nixos-upgrade"], refusals], [undefined, undefined, []]);
});

const BY_HAND = `Remove one of them.`;

/** What contradicts itself, and what Nix says of it, each message whole. */
const refused: [string, string[]][] = [
  [
    upgrading(`operation = "switch";`),
    [
      `system.autoUpgrade.operation is "switch", but with ${own}.takeOver.autoUpgrade it is "boot". ${BY_HAND}`,
    ],
  ],
  ...[`reboot.window = { start = "Sat"; duration = 60; };`, `settings.reboot.window = null;`].map(
    (options): [string, string[]] => [
      upgrading(
        `allowReboot = true; rebootWindow = { lower = "01:00"; upper = "02:00"; };`,
        options,
      ),
      [
        `${own}.reboot.window and system.autoUpgrade.rebootWindow are both set, and ${own}.takeOver.autoUpgrade is true. ${BY_HAND}`,
      ],
    ],
  ),
  [
    upgrading(`allowReboot = false;`, `reboot.allow = true;`),
    [
      `${own}.reboot.allow and system.autoUpgrade.allowReboot are both set, and ${own}.takeOver.autoUpgrade is true. ${BY_HAND}`,
    ],
  ],
  [
    upgrading(`allowReboot = true; rebootWindow = { lower = "25:00"; upper = "04:60"; };`),
    [`system.autoUpgrade.rebootWindow: 25:00, 04:60 is no time of a day.`],
  ],
  [
    pulling(`remotes = [ { name = "a"; url = "x"; branches.main.operation = "switch"; } ];`),
    [
      `services.comin.remotes: the operation of a/main is "switch", which ${own}.takeOver.comin would not take over. Set it to "boot" or "test".`,
    ],
  ],
  [
    pulling(ORIGIN, `profile = "${SYSTEM}";`),
    [`${own}.profile is ${SYSTEM}, but comin deploys to ${COMIN}. Remove ${own}.profile.`],
  ],
  [
    `${pulling(ORIGIN)} ${upgrading("")}`,
    [
      `${own}.takeOver.autoUpgrade and ${own}.takeOver.comin are both true, but each deployer has a profile of its own. ${BY_HAND}`,
    ],
  ],
];
for (const [modules, messages] of refused) {
  nixTest(`take over: refuses ${modules}`, async (nix) => {
    assert.deepEqual((await hostWithDeployers(nix, modules)).refusals, messages);
  });
}

nixTest(
  "take over: an operation that is boot already, as an older recipe has it, is fine",
  async (nix) => {
    const { refusals } = await hostWithDeployers(nix, upgrading(`operation = "boot";`));
    assert.deepEqual(refusals, []);
  },
);

/** What takes nothing over, or twice, and how the warning begins. */
const warned: [string, RegExp][] = [
  [
    enabled("takeOver.autoUpgrade = true;"),
    /takeOver\.autoUpgrade takes nothing over, because system\.autoUpgrade\.enable is false\./,
  ],
  [
    enabled("takeOver.comin = true;"),
    /takeOver\.comin takes nothing over, because services\.comin\.enable is false\./,
  ],
  [
    `{ ${own}.takeOver.autoUpgrade = true; system.autoUpgrade.enable = true; }`,
    /takeOver\.autoUpgrade takes nothing over, because services\.deployFinalize\.enable is false\./,
  ],
  [
    `${upgrading("")} { systemd.services.nixos-upgrade.serviceConfig.ExecStartPost = "${SYSTEM}/sw/bin/deploy-finalize"; }`,
    /nixos-upgrade runs deploy-finalize in its ExecStartPost, which .* does already/,
  ],
];
for (const [modules, warning] of warned) {
  nixTest(`take over: warns of ${modules}`, async (nix) => {
    const { refusals, warnings } = await hostWithDeployers(nix, modules);
    assert.deepEqual([refusals.length, warnings.length], [0, 1], warnings.join("\n"));
    assert.match(warnings[0] ?? "", warning);
  });
}

nixTest("take over: what else follows an upgrade still does", async (nix) => {
  const more = `{ systemd.services.nixos-upgrade.serviceConfig.ExecStartPost = "/bin/tell"; }`;
  const { units, warnings } = await hostWithDeployers(nix, upgrading(""), more);
  const { ExecStartPost: after } = v.parse(
    v.object({ ExecStartPost: v.array(v.string()) }),
    units["nixos-upgrade"]?.["serviceConfig"],
  );
  assert.deepEqual([after.length, after.includes("/bin/tell"), warnings], [2, true, []]);
});

/** A stand-in for the program: it answers, notes each call that acts, and ends as it is told. */
const PROGRAM = `#!/bin/sh
case "$*" in
  *--dry-run) echo "deploy-finalize: action=\${ACTION:-switch} reason=x delay=0s unit=x"; exit "\${REFUSED:-0}" ;;
  "status --json") echo "\${NEWEST:-}"; exit 0 ;;
esac
echo "$0 $*" | sed 's,^.*/store/,,' >>"$CALLS"
[ "$1" = undo ] || exit "\${SCHEDULED:-0}"
`;

/** Writes the scripts; returns the path of the outermost. */
function written(folder: Folder, marked: string): string {
  const scripts = scriptsOf(folder.at("scripts"), marked);
  for (const { path, text } of scripts) {
    chmodSync(folder.write(relative(folder.path, path), localised(folder, text)), 0o755);
  }
  return scripts.at(-1)?.path ?? "";
}

/** With a folder in place of the root. */
function localised(folder: Folder, script: string): string {
  return script
    .replaceAll(/\/nix\/store\/\w+-deploy-finalize-configured/g, folder.at("store/own"))
    .replaceAll("/nix/var", folder.at("var"))
    .replaceAll("/run/current-system", folder.at("current"));
}

interface Deployed {
  /** Folders in the store: the system of the profile, and the one that runs. */
  readonly profile: string;
  readonly running: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What a script calls in a host with these systems, and its end. */
function afterDeploy(folder: Folder, script: string, { profile, running, env = {} }: Deployed) {
  for (const system of ["new", "old", "own"]) {
    chmodSync(
      folder.write(`store/${system}/sw/bin/deploy-finalize`, PROGRAM.replace("own/", "")),
      0o755,
    );
  }
  chmodSync(folder.write("store/own/bin/deploy-finalize", PROGRAM), 0o755);
  folder.write("store/bare/nixos-version", "");
  folder.write("var/nix/profiles/system-profiles/x", "");
  folder.write("store/new/specialisation/x", "");
  symlinkSync(folder.at("store/special"), folder.at("store/new/specialisation/desktop"));
  folder.write("store/special/nixos-version", "");
  const at = script.includes("comin") ? "system-profiles/comin" : "system";
  symlinkSync(folder.at(`store/${profile}`), folder.at(`var/nix/profiles/${at}`));
  symlinkSync(folder.at(`store/${running}`), folder.at("current"));
  const calls = folder.write("calls", "");
  const ended = spawnSync(written(folder, script), {
    env: {
      PATH: process.env["PATH"],
      CALLS: calls,
      ...env,
      NEWEST: env["NEWEST"]?.replace("/nix/store", folder.at("store")),
    },
    encoding: "utf8",
  });
  const called = readFileSync(calls, "utf8").trim().split("\n").filter(Boolean);
  return {
    code: ended.status,
    stderr: ended.stderr,
    calls: called.map((call) => call.replaceAll(folder.at("var"), "/nix/var")),
  };
}

const IN = (system: string): string => `${system}/sw/bin/deploy-finalize`;
const SCHEDULES = `--profile ${SYSTEM}`;
const UNDOES = `undo --profile ${SYSTEM}`;

/** What `status --json` shows of the newest finalization. */
const newest = (target: string, endedAt: string | null): string =>
  JSON.stringify({ finalization: { target: { toplevel: `/nix/store/${target}` }, endedAt } });

/** The systems, what the program says, and what is called. */
const upgrades: [what: string, Deployed, calls: string[], code: number][] = [
  ["changes nothing", { profile: "old", running: "old" }, [], 0],
  ["changes nothing, and a specialisation runs", { profile: "new", running: "special" }, [], 0],
  [
    "runs already, but not its kernel",
    { profile: "new", running: "new", env: { ACTION: "reboot", NEWEST: newest("new", "2026") } },
    [`${IN("new")} ${SCHEDULES}`],
    0,
  ],
  [
    "runs already, but not its kernel, and its reboot waits for its window",
    { profile: "new", running: "new", env: { ACTION: "reboot", NEWEST: newest("new", null) } },
    [],
    0,
  ],
  [
    "goes back to what runs, while another one waits",
    { profile: "new", running: "new", env: { NEWEST: newest("old", null) } },
    [`${IN("new")} ${SCHEDULES}`],
    0,
  ],
  [
    "goes back to what runs, after another one has ended",
    { profile: "new", running: "new", env: { NEWEST: newest("old", "2026") } },
    [],
    0,
  ],
  [
    "runs already, and is refused all the same",
    { profile: "new", running: "new", env: { REFUSED: "1", SCHEDULED: "1" } },
    [`${IN("new")} ${SCHEDULES}`, `${IN("new")} ${UNDOES}`],
    1,
  ],
  ["is scheduled", { profile: "new", running: "old" }, [`${IN("new")} ${SCHEDULES}`], 0],
  [
    "is refused, and so undone",
    { profile: "new", running: "old", env: { SCHEDULED: "1" } },
    [`${IN("new")} ${SCHEDULES}`, `${IN("new")} ${UNDOES}`],
    1,
  ],
  [
    "is replaced by another deploy meanwhile, which counts",
    { profile: "new", running: "old", env: { SCHEDULED: "4" } },
    [`${IN("new")} ${SCHEDULES}`],
    4,
  ],
  [
    "brings a system without deploy-finalize",
    { profile: "bare", running: "old" },
    [`own/bin/deploy-finalize ${SCHEDULES}`],
    0,
  ],
];
for (const [what, deployed, calls, code] of upgrades) {
  nixTest(`take over: an upgrade that ${what}`, async (nix) => {
    using folder = new Folder();
    const ended = afterDeploy(
      folder,
      afterUpgrade(await hostWithDeployers(nix, upgrading(""))),
      deployed,
    );
    assert.deepEqual(ended, { code, stderr: "", calls });
  });
}

const CHANGED = { profile: "new", running: "old" };
const ON_MAIN = { COMIN_STATUS: "done", COMIN_GIT_REF: "origin/main" };
const DEPLOYS = `${IN("new")} --profile ${COMIN}`;

/** What comin says of its deployment, and what is called. */
const pulls: [what: string, env: Record<string, string>, calls: string[], code: number][] = [
  ["of the main branch", ON_MAIN, [DEPLOYS, "the user's"], 0],
  ["that failed", { ...ON_MAIN, COMIN_STATUS: "failed" }, ["the user's"], 0],
  ["of a branch to try", { ...ON_MAIN, COMIN_GIT_REF: "origin/testing-web" }, ["the user's"], 0],
  [
    "that is refused",
    { ...ON_MAIN, SCHEDULED: "1" },
    [DEPLOYS, `${IN("new")} undo --profile ${COMIN}`, "the user's"],
    1,
  ],
];
for (const [what, env, calls, code] of pulls) {
  nixTest(`take over: a deployment of comin ${what}`, async (nix) => {
    using folder = new Folder();
    const theirs = folder.write("their own", `#!/bin/sh\necho "the user's" >>"$CALLS"\n`);
    chmodSync(theirs, 0o755);
    const { comin } = await hostWithDeployers(
      nix,
      pulling(`${ORIGIN} postDeploymentCommand = "${theirs}";`),
    );
    const ended = afterDeploy(folder, comin?.command ?? "", { ...CHANGED, env });
    assert.deepEqual(ended, { code, stderr: "", calls });
  });
}

nixTest("take over: comin without a branch to deploy, and without a command", async (nix) => {
  using folder = new Folder();
  const remotes = `remotes = [ { name = "a"; url = "x"; branches.main.operation = "test"; } ];`;
  const { comin } = await hostWithDeployers(nix, pulling(remotes));
  const ended = afterDeploy(folder, comin?.command ?? "", { ...CHANGED, env: ON_MAIN });
  assert.deepEqual(ended, { code: 0, stderr: "", calls: [] });
});
