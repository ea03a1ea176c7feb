import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { parseConfig } from "../../src/core/config/parse-config.ts";
import { FakeHost } from "../support/fake-host.ts";
import { nixTest } from "./pkgs/nix-test.ts";
import type { PrivateNix } from "./pkgs/private-nix.ts";
import { enabled, hostView, viewSchema } from "./view.ts";

const CHECK_TIMES = { timeout: 10, interval: 1, deadline: 30 };
const RESUME = "deploy-finalize-resume";
const BOOT_COMPLETE = "deploy-finalize-boot-complete";
const STUCK_BOOT = "deploy-finalize-stuck-boot";

async function viewOf(
  nix: PrivateNix,
  ...modules: string[]
): Promise<v.InferOutput<typeof viewSchema>> {
  return v.parse(viewSchema, await nix.evaluate(hostView(modules.join(" "))));
}

/** What the program reads of a host's file; its assertions hold. */
async function configOf(nix: PrivateNix, options: string, others = ""): Promise<Config> {
  const view = await viewOf(nix, enabled(options, others));
  assert.deepEqual(view.refusals, []);
  return parseConfig(JSON.stringify(view.file), "the module's file");
}

nixTest("module: without enable it changes nothing", async (nix) => {
  const view = await viewOf(nix, "{ services.deployFinalize.delay = 5; }");
  const { units, timers, installed, wrapper, refusals } = view;
  assert.deepEqual([units, timers, installed, wrapper, refusals], [{}, {}, [], null, []]);
});

nixTest("module: the file of a host that sets nothing is the program's default", async (nix) => {
  assert.deepEqual(await configOf(nix, ""), DEFAULT_CONFIG);
});

nixTest(
  "module: the wrapper is the package with the file put before the arguments",
  async (nix) => {
    const { wrapper, filePath, installed } = await viewOf(nix, enabled(""));
    assert.ok(wrapper !== null);
    assert.deepEqual(installed, [wrapper.name]);
    assert.match(
      wrapper.exe,
      /^\/nix\/store\/\w+-deploy-finalize-configured\/bin\/deploy-finalize$/,
    );
    assert.deepEqual(wrapper.paths, ["deploy-finalize-1.2.3"]);
    assert.ok(wrapper.postBuild.includes(`--add-flags "--config ${filePath}"`), wrapper.postBuild);
    const other = await viewOf(nix, enabled("delay = 5;"));
    assert.notEqual(other.filePath, filePath, "another configuration is another file");
  },
);

nixTest(
  "module: a package with several outputs is wrapped to one that has only one",
  async (nix) => {
    const several = `(pkgs.program "deploy-finalize" // { meta.outputsToInstall = [ "bin" "man" ]; })`;
    const { wrapper } = await viewOf(nix, enabled(`package = ${several};`));
    assert.deepEqual(wrapper?.meta, { mainProgram: "deploy-finalize" });
  },
);

for (const command of [[], ["schedule", "--delay", "5"], ["resume"], ["cancel"], ["confirm"]]) {
  test(`a --config of the caller wins over the wrapper's: ${command.join(" ")}`, async () => {
    using host = new FakeHost();
    const ended = await host.call("--config", "/wrapper", ...command, "--config", "/caller");
    assert.notEqual(ended.exitCode, 0);
    assert.match(ended.stderr, /cannot read the configuration: .*'\/caller'/);
  });
}

nixTest("module: the resume unit blocks no boot and is left alone by a switch", async (nix) => {
  const { units, wrapper } = await viewOf(nix, enabled(""));
  assert.deepEqual(Object.keys(units), [
    BOOT_COMPLETE,
    "deploy-finalize-catalog",
    RESUME,
    STUCK_BOOT,
  ]);
  const { serviceConfig, ...unit } = units[RESUME] ?? {};
  assert.deepEqual(unit, {
    enable: true,
    description: "Take up unfinished finalizations",
    documentation: ["man:deploy-finalize(8)"],
    wantedBy: ["multi-user.target"],
    requiredBy: [],
    after: ["multi-user.target"],
    before: [],
    conflicts: [],
    environment: {},
    path: [],
    restartIfChanged: false,
    unitConfig: { "X-StopOnRemoval": false, StartLimitIntervalSec: 0 },
  });
  const settings = v.parse(v.record(v.string(), v.unknown()), serviceConfig);
  assert.equal(settings["Type"], "exec");
  assert.equal(settings["RemainAfterExit"], true);
  assert.equal(settings["Restart"], "on-failure");
  assert.equal(settings["ExecStart"], `${wrapper?.exe} resume`);
  assert.equal(settings["MemoryDenyWriteExecute"], undefined, "it crashes Node");
});

nixTest("module: nobody but root can open the lock of switch-to-configuration", async (nix) => {
  assert.deepEqual((await viewOf(nix, enabled(""))).tmpfiles, [
    "d /run/nixos 0755 root root -",
    "f /run/nixos/switch-to-configuration.lock 0600 root root -",
  ]);
  assert.deepEqual((await viewOf(nix, "{ }")).tmpfiles, []);
});

nixTest("module: a boot that does not get through needs nothing but local disks", async (nix) => {
  const { units, timers, wrapper } = await viewOf(nix, enabled(""));
  const early = { before: ["shutdown.target"], conflicts: ["shutdown.target"] };
  const { serviceConfig, ...unit } = units[STUCK_BOOT] ?? {};
  assert.deepEqual(unit, {
    ...early,
    enable: true,
    description: "Take up unfinished finalizations in a boot that does not get through",
    documentation: ["man:deploy-finalize(8)"],
    wantedBy: ["emergency.target", "rescue.target"],
    requiredBy: [],
    after: ["local-fs.target"],
    environment: {},
    path: [],
    restartIfChanged: false,
    unitConfig: {
      "X-StopOnRemoval": false,
      StartLimitIntervalSec: 0,
      DefaultDependencies: false,
      IgnoreOnIsolate: true,
    },
  });
  const settings = v.parse(v.record(v.string(), v.unknown()), serviceConfig);
  assert.equal(settings["Restart"], "on-failure");
  assert.equal(settings["ExecStart"], `${wrapper?.exe} resume`);
  assert.equal(settings["PrivateTmp"], undefined, "it would wait for /var");
  assert.deepEqual(timers, {
    [STUCK_BOOT]: {
      ...early,
      description: "Take up unfinished finalizations, whether or not the boot gets through",
      documentation: ["man:deploy-finalize(8)"],
      wantedBy: ["sysinit.target"],
      unitConfig: { DefaultDependencies: false, IgnoreOnIsolate: true },
      timerConfig: { OnBootSec: 120, AccuracySec: "1s" },
    },
  });
});

nixTest("module: a boot that is counted is good once it is verified", async (nix) => {
  const { units, wrapper } = await viewOf(nix, enabled(""));
  const unit = units[BOOT_COMPLETE] ?? {};
  const settings = v.parse(v.record(v.string(), v.unknown()), unit["serviceConfig"]);
  assert.deepEqual(unit["requiredBy"], ["boot-complete.target"]);
  assert.deepEqual(unit["wantedBy"], [], "it costs nothing if no boots are counted");
  assert.deepEqual(unit["before"], ["shutdown.target", "boot-complete.target"]);
  assert.equal(settings["ExecStart"], `${wrapper?.exe} boot-complete`);
  assert.equal(settings["Type"], "oneshot", "the target waits for its end");
  assert.equal(settings["TimeoutStartSec"], "infinity", "as long as the verification");
});

for (const [options, seconds] of [
  ['verify.bootTimeout = "30s";', 30],
  ["settings.verify.bootTimeout = 31;", 31],
  ["verify.bootTimeout = null;", 120],
] as const) {
  nixTest(`module: the timer comes no later than the limit: ${options}`, async (nix) => {
    const { timers } = await viewOf(nix, enabled(options));
    const shape = v.object({ timerConfig: v.object({ OnBootSec: v.number() }) });
    assert.equal(v.parse(shape, timers[STUCK_BOOT]).timerConfig.OnBootSec, seconds);
  });
}

nixTest("module: a login shell shows the notice, unless it is told not to", async (nix) => {
  assert.match((await viewOf(nix, enabled(""))).loginShell, /cat \/run\/deploy-finalize\/notice/);
  assert.equal((await viewOf(nix, enabled("loginNotice.enable = false;"))).loginShell, "");
});

nixTest("module: the journal learns the help texts that come with the package", async (nix) => {
  const { units } = await viewOf(nix, enabled(""));
  const shape = v.object({ serviceConfig: v.object({ ExecStart: v.array(v.string()) }) });
  const [copy = "", update = ""] = v.parse(shape, units["deploy-finalize-catalog"]).serviceConfig
    .ExecStart;
  const file = "systemd/catalog/deploy-finalize.catalog";
  const words = copy.split(" ");
  assert.match(words.at(-2) ?? "", /^\/nix\/store\/\w+-deploy-finalize-1\.2\.3\/lib\//);
  assert.ok(words.slice(-2).every((path) => path.endsWith(file)));
  assert.equal(update, "/systemd/bin/journalctl --update-catalog");
});

const stateDirs: [string, string][] = [
  [`stateDir = "/srv/50% here";`, '"-/srv/50%% here"'],
  [`settings.stateDir = "/srv/state";`, '"-/srv/state"'],
];
for (const [options, written] of stateDirs) {
  nixTest(`module: the resume unit may write where the records are: ${options}`, async (nix) => {
    const { units } = await viewOf(nix, enabled(options));
    const shape = v.object({ serviceConfig: v.object({ ReadWritePaths: v.array(v.string()) }) });
    const { serviceConfig } = v.parse(shape, units[RESUME]);
    assert.equal(serviceConfig.ReadWritePaths[0], written);
  });
}

const ONE_WINDOW = `{ start = "Sat 02:00"; duration = "3h"; }`;
const WINDOW = { start: "Sat 02:00", duration: 3 * 3600 };

for (const [how, options, windows] of [
  ["one", `reboot.window = ${ONE_WINDOW};`, [WINDOW]],
  ["a list", `reboot.window = [ ${ONE_WINDOW} ${ONE_WINDOW} ];`, [WINDOW, WINDOW]],
  [
    "one by several modules",
    `reboot.window = lib.mkMerge [ { start = "Sat 02:00"; } { duration = "3h"; } ];`,
    [WINDOW],
  ],
  [
    "one and a list",
    `reboot.window = lib.mkMerge [ ${ONE_WINDOW} [ ${ONE_WINDOW} ] ];`,
    [WINDOW, WINDOW],
  ],
] as const) {
  nixTest(`module: windows: ${how}`, async (nix) => {
    const { reboot } = await configOf(nix, options);
    assert.deepEqual(reboot.window, windows);
  });
}

nixTest("module: windows of switches, with an offset for each host", async (nix) => {
  const config = await configOf(
    nix,
    `switch.window = [ ${ONE_WINDOW} { start = "06:00"; duration = 3600; } ]; stagger = "30min";`,
  );
  const windows = [WINDOW, { start: "06:00", duration: 3600 }];
  assert.deepEqual([config.switch.window, config.stagger], [windows, 1800]);
});

nixTest("module: every option reaches the file", async (nix) => {
  const config = await configOf(
    nix,
    `delay = 5; profile = "/p"; stateDir = "/s"; rebootWhenChanged = [ "kernel" "x" ];
     waitFor = { session = false; drainRunners = false; timeout = 7; onTimeout = "proceed"; rollbackTimeout = 8; units = [ "borg*.service" ];
       commands.ceph = { command = [ "/ceph" "ok" ]; timeout = "1min"; before = "reboot"; }; commands.off = { enable = false; command = [ "x" ]; };
       alerts = { url = "https://[::1]:9090"; match = [ "Ceph*" ]; ignore = [ "CephX" ]; pending = true; before = "act"; tokenFile = "/run/t"; caFile = "/ca.pem"; timeout = 2; };
       storage = [ "md" "btrfs" ]; runners = [
       { unit = "a.service"; detect = { kind = "containers"; pattern = "^a-\\\\d+"; }; }
       { unit = "b.service"; detect = { kind = "command"; command = [ "/busy" "-q" ]; }; }
     ]; };
     hooks = { node = { before = [ "kubectl" "cordon" "a" ]; after = [ "kubectl" "uncordon" "a" ]; actions = [ "reboot" ]; timeout = "5min"; onFailure = "abort"; }; gone = { after = [ "x" ]; enable = false; }; mark.after = [ "x" ]; };
     specialisation = "night"; act.switchTimeout = 900; guard.olderRun = "refuse";
     verify = { settle = 0; bootTimeout = null; switchWarnAfter = 30; ignoreFailedUnits = [ "c*.service" ]; userUnits = "fail"; confirm.within = 60; checks = [
       { kind = "http"; url = "http://[::1]:80/"; status = 204; body = ""; timeout = 0.5; name = "shop"; }
       { kind = "tcp"; host = "localhost"; port = 22; }
     ]; };
     switch.sessions = { grace = "2min"; message = null; };
     reboot = { allow = false; unattended = "require"; passphrases = [ "a" ]; sessions = { grace = 5; message = null; }; };`,
  );
  assert.deepEqual(config, {
    ...DEFAULT_CONFIG,
    delay: 5,
    profile: "/p",
    stateDir: "/s",
    rebootWhenChanged: ["kernel", "x"],
    waitFor: {
      session: false,
      timeout: 7,
      onTimeout: "proceed",
      drainRunners: false,
      rollbackTimeout: 8,
      units: ["borg*.service"],
      commands: [{ name: "ceph", command: ["/ceph", "ok"], timeout: 60, before: "reboot" }],
      alerts: {
        url: "https://[::1]:9090",
        match: ["Ceph*"],
        ignore: ["CephX"],
        pending: true,
        before: "act",
        tokenFile: "/run/t",
        caFile: "/ca.pem",
        timeout: 2,
      },
      storage: ["md", "btrfs"],
      runners: [
        { unit: "a.service", detect: { kind: "containers", pattern: "^a-\\d+" } },
        { unit: "b.service", detect: { kind: "command", command: ["/busy", "-q"] } },
      ],
    },
    specialisation: "night",
    hooks: [
      {
        name: "mark",
        before: null,
        after: ["x"],
        actions: ["switch", "reboot"],
        timeout: 600,
        onFailure: "hold",
      },
      {
        name: "node",
        before: ["kubectl", "cordon", "a"],
        after: ["kubectl", "uncordon", "a"],
        actions: ["reboot"],
        timeout: 300,
        onFailure: "abort",
      },
    ],
    guard: { olderRun: "refuse" },
    act: { switchTimeout: 900 },
    verify: {
      bootTimeout: null,
      switchWarnAfter: 30,
      settle: 0,
      ignoreFailedUnits: ["c*.service"],
      userUnits: "fail",
      confirm: { within: 60 },
      checks: [
        {
          ...CHECK_TIMES,
          kind: "http",
          name: "shop",
          url: "http://[::1]:80/",
          status: 204,
          body: "",
          timeout: 0.5,
        },
        { ...CHECK_TIMES, kind: "tcp", host: "localhost", port: 22 },
      ],
    },
    rollback: { enable: true },
    reboot: {
      ...DEFAULT_CONFIG.reboot,
      allow: false,
      unattended: "require",
      passphrases: ["a"],
      sessions: { grace: 5, message: null },
    },
    switch: { window: null, sessions: { grace: 120, message: null } },
  });
});

nixTest(
  "module: settings are laid over the options, keys that it does not know too",
  async (nix) => {
    const changed = `settings = { waitFor.session = false; verify.newKey = [ 1 ]; newer.key = null; };`;
    const { file, refusals } = await viewOf(nix, enabled(`waitFor.timeout = 7; ${changed}`));
    assert.deepEqual(refusals, []);
    assert.deepEqual(file, {
      ...(await viewOf(nix, enabled(""))).file,
      waitFor: { ...DEFAULT_CONFIG.waitFor, session: false, timeout: 7 },
      verify: { ...DEFAULT_CONFIG.verify, newKey: [1] },
      newer: { key: null },
    });
  },
);

const WAYS: [what: string, initrd: string, passphrases: string[]][] = [
  ["nothing encrypted", "", []],
  ["a passphrase, and a key file", `luks.devices = { a = { }; b.keyFile = "/key"; };`, ["a"]],
  ["an empty passphrase", "luks.devices.a.tryEmptyPassphrase = true;", []],
  ["a TPM2", `luks.devices.a.crypttabExtraOpts = [ "discard" "tpm2-device=auto" ];`, []],
  ["FIDO2 of systemd", `luks.devices.a.crypttabExtraOpts = [ "fido2-device=auto" ];`, []],
  ["FIDO2 of the scripted stage 1", `luks.devices.a.fido2.credentials = [ "f1" ];`, []],
  ["a YubiKey alone", "luks.devices.a.yubikey.twoFactor = false;", []],
  ["a YubiKey and a passphrase", "luks.devices.a.yubikey = { };", ["a"]],
  ["one that is not opened at boot", `luks.devices.a.crypttabExtraOpts = [ "noauto" ];`, []],
  ["other options", `luks.devices.a.crypttabExtraOpts = [ "tpm2-pin=yes" ];`, ["a"]],
  [
    "Clevis for one of two",
    `luks.devices = { a = { }; b = { }; }; clevis = { enable = true; devices.a.secretFile = "/x"; };`,
    ["b"],
  ],
  ["Clevis that is off", "luks.devices.a = { }; clevis.devices.a = { };", ["a"]],
  ["SSH", "luks.devices.a = { }; network = { enable = true; ssh.enable = true; };", []],
  [
    "SSH with systemd in stage 1",
    "luks.devices.a = { }; systemd.network.enable = true; network.ssh.enable = true;",
    [],
  ],
  ["SSH without network", "luks.devices.a = { }; network.ssh.enable = true;", ["a"]],
];
for (const [what, initrd, passphrases] of WAYS) {
  nixTest(`module: what waits for a passphrase at boot: ${what}`, async (nix) => {
    const { reboot } = await configOf(nix, "", `boot.initrd = { ${initrd} };`);
    assert.deepEqual(reboot.passphrases, passphrases);
  });
}

nixTest("module: a system has its configuration file in its toplevel", async (nix) => {
  const { filePath, fileInSystem } = await viewOf(nix, enabled(""));
  assert.equal(fileInSystem, filePath);
});

nixTest("module: the proxies are those of the host, unless it says so", async (nix) => {
  const host = `networking.proxy = { httpProxy = "http://a:1"; httpsProxy = "http://b:2"; noProxy = "localhost, .x.org,"; };`;
  const ofHost = { http: "http://a:1", https: "http://b:2", except: ["localhost", ".x.org"] };
  assert.deepEqual((await configOf(nix, "", host)).proxy, ofHost);
  const own = await configOf(nix, "proxy = { http = null; except = [ ]; };", host);
  assert.deepEqual(own.proxy, { http: null, https: "http://b:2", except: [] });
  const socks = `networking.proxy.httpsProxy = "socks5://c:3";`;
  assert.deepEqual((await configOf(nix, "", socks)).proxy, DEFAULT_CONFIG.proxy);
});

nixTest("module: a container has no kernel to compare, unless it says so", async (nix) => {
  const container = "boot.isContainer = true;";
  assert.deepEqual((await configOf(nix, "", container)).rebootWhenChanged, []);
  assert.equal((await configOf(nix, "", container)).reboot.allow, true);
  const own = await configOf(nix, `rebootWhenChanged = lib.mkDefault [ "init" ];`, container);
  assert.deepEqual(own.rebootWhenChanged, ["init"]);
});

nixTest("module: panics and hangs end in a reset where that is wanted", async (nix) => {
  const without = await viewOf(nix, enabled(""));
  assert.deepEqual([without.kernelParams, without.watchdog], [[], null]);
  const reset = await viewOf(nix, enabled("reboot.resetOnTrouble = true;"));
  assert.deepEqual(reset.kernelParams, ["panic=10", "boot.panic_on_fail"]);
  assert.equal(reset.watchdog, "30s");
  const own = `systemd.watchdog.runtimeTime = "1min";`;
  assert.equal((await viewOf(nix, enabled("reboot.resetOnTrouble = true;", own))).watchdog, "1min");
  // The name of the option since NixOS 25.11, where the old one warns.
  const renamed = `{ options.systemd.settings.Manager = lib.mkOption {
    default = { }; type = lib.types.attrsOf lib.types.str;
  }; }`;
  const now = await viewOf(nix, enabled("reboot.resetOnTrouble = true;"), renamed);
  assert.deepEqual([now.manager, now.watchdog], [{ RuntimeWatchdogSec: "30s" }, null]);
  assert.deepEqual((await viewOf(nix, enabled(""), renamed)).manager, {});
});

nixTest("module: options of before keep working, and say their new name", async (nix) => {
  const before = await viewOf(nix, enabled("resetOnTrouble = true; loginNotice = false;"));
  const now = await viewOf(
    nix,
    enabled("reboot.resetOnTrouble = true; loginNotice.enable = false;"),
  );
  assert.deepEqual([before.kernelParams, before.loginShell], [now.kernelParams, now.loginShell]);
  assert.ok(now.kernelParams.includes("panic=10"));
  assert.deepEqual(now.warnings, []);
  assert.match(before.warnings.join(), /resetOnTrouble' .*renamed to .*reboot\.resetOnTrouble'/);
});

nixTest(
  "module: entries have names, so that other modules change and disable them",
  async (nix) => {
    const others = `imports = [ {
    services.deployFinalize.verify.checks = { shop.timeout = 2; ssh.enable = false; };
    services.deployFinalize.waitFor.runners."b@1.service".preset = "github-runner";
  } ];`;
    const { verify, waitFor, report } = await configOf(
      nix,
      `verify.checks = {
       shop = { kind = "http"; url = "http://[::1]/"; };
       ssh = { kind = "tcp"; host = "localhost"; port = 22; };
     };
     waitFor.runners = { a.detect.kind = "processes"; c = { unit = "d.service"; preset = "github-runner"; }; };
     report.receivers.phones = { kind = "ntfy"; urlFile = "/run/secrets/x"; };`,
      others,
    );
    const [shop, ...more] = verify.checks;
    assert.deepEqual([shop?.name, shop?.timeout, more], ["shop", 2, []]);
    assert.deepEqual(
      waitFor.runners.map(({ unit }) => unit),
      ["a.service", "b@1.service", "d.service"],
    );
    assert.deepEqual(
      report.receivers.map(({ name }) => name),
      ["phones"],
    );
  },
);
