import assert from "node:assert/strict";
import { hostTest } from "./host-test.ts";
import type { Ended, Host, ToplevelSpec } from "./host.ts";

// The stand-in for switch-to-configuration ends as nixpkgs' program does, also in cases that leave
// little trace: notes/switch-to-configuration.md, notes/activation-at-boot.md.

const unit = (version: string, parts: { unit?: string; service?: string; run?: string } = {}) =>
  `[Unit]\n${parts.unit ?? ""}\n[Service]\nEnvironment=V=${version}\nExecStart=${parts.run ?? "/bin/sleep infinity"}\n${parts.service ?? ""}\n[Install]\nWantedBy=multi-user.target\n`;

async function switchTo(host: Host, toplevel: string, action = "switch"): Promise<Ended> {
  return host.run([`${toplevel}/bin/switch-to-configuration`, action]);
}

async function property(host: Host, name: string, of: string): Promise<string> {
  return (await host.ok(["systemctl", "show", "--value", `--property=${name}`, of])).trim();
}

async function failedUnits(host: Host): Promise<string> {
  return host.ok(["systemctl", "list-units", "--failed", "--plain", "--no-legend"]);
}

async function exists(host: Host, path: string): Promise<boolean> {
  return (await host.run(["test", "-e", path])).exitCode === 0;
}

const reloading = (version: string, reload: string) =>
  unit(version, { service: `X-ReloadIfChanged=true\nExecReload=${reload}` });

type Quiet = [
  what: string,
  units: Record<string, string>,
  exitCode: number,
  says: RegExp,
  /** Null: it differs between versions of systemd. */
  shop: "active" | "inactive" | null,
];
/** What the switch ends with and says, and what becomes of shop.service; no unit is ever failed. */
const quiet: Quiet[] = [
  [
    "a reload that fails",
    { "shop.service": reloading("2", "/bin/false") },
    4,
    /^Failed to reload shop\.service$/m,
    "active",
  ],
  [
    "a unit that cannot be loaded",
    { "shop.service": unit("2", { run: "" }) },
    4,
    /^Failed to start shop\.service: Unit shop\.service has a bad unit file setting\.$/m,
    "inactive",
  ],
  [
    // systemd 252 starts it all the same, because multi-user.target wants it; 257 does not.
    "a unit that needs one that is not there",
    { "shop.service": unit("2", { unit: "Requisite=absent.service\nAfter=absent.service" }) },
    4,
    /^Failed to start shop\.service: Unit absent\.service not found\.$/m,
    null,
  ],
  [
    "a dependency whose assertion does not hold",
    {
      "shop.service": unit("2", { unit: "Requires=store.service\nAfter=store.service" }),
      "store.service": unit("1", { unit: "AssertPathExists=/srv/store" }),
    },
    4,
    /^Failed to start shop\.service$/m,
    "inactive",
  ],
  [
    "an assertion of its own that does not hold: the real one does not count it",
    { "shop.service": unit("2", { unit: "AssertPathExists=/srv/shop" }) },
    0,
    /^starting the following units: shop\.service$/m,
    "inactive",
  ],
];

for (const [what, units, exitCode, says, shop] of quiet) {
  hostTest(
    `exit ${exitCode} and no failed unit: ${what}`,
    { baseline: { units: { "shop.service": unit("1") } } },
    async (host) => {
      const ended = await switchTo(host, await host.buildToplevel({ label: "new", units }));
      assert.equal(ended.exitCode, exitCode, ended.stderr);
      assert.match(ended.stderr, says);
      assert.equal(await failedUnits(host), "");
      if (shop !== null) assert.equal(await property(host, "ActiveState", "shop.service"), shop);
      assert.equal(await exists(host, "/run/nixos/start-list"), false);
    },
  );
}

for (const after of ["stop", "activation", "daemon-reload"] as const) {
  hostTest(
    `exit 1 half-way, after ${after}; the next run goes on where it was`,
    {
      baseline: {
        units: {
          "shop.service": unit("1"),
          "cart.service": unit("1", { service: "X-StopIfChanged=false" }),
        },
      },
    },
    async (host) => {
      const { current } = await host.facts();
      const next = await host.buildToplevel({
        label: "new",
        units: {
          "shop.service": unit("2"),
          "cart.service": unit("2", { service: "X-StopIfChanged=false" }),
        },
        failure: { switchFault: { after, times: 1 } },
      });
      const pid = await property(host, "MainPID", "cart.service");
      const ended = await switchTo(host, next, "test");
      assert.equal(ended.exitCode, 1, ended.stderr);
      assert.match(ended.stderr, /^Error: no reply from the message bus$/m);
      assert.equal((await host.facts()).current, after === "stop" ? current : next);
      assert.equal(await property(host, "ActiveState", "shop.service"), "inactive");
      assert.match(await host.read("/run/nixos/start-list"), /^shop\.service$/m);
      assert.equal(await host.read("/run/nixos/restart-list"), "cart.service\n");
      assert.equal(await exists(host, "/run/nixos/reload-list"), false);
      const again = await switchTo(host, next, "test");
      assert.equal(again.exitCode, 0, again.stderr);
      assert.match(again.stderr, /^starting the following units: shop\.service$/m);
      assert.match(await property(host, "Environment", "shop.service"), /V=2/);
      assert.notEqual(await property(host, "MainPID", "cart.service"), pid);
      for (const list of ["start", "restart", "reload"]) {
        assert.equal(await exists(host, `/run/nixos/${list}-list`), false, list);
      }
    },
  );
}

hostTest(
  "reloads what an interrupted switch had to; a unit to reload that systemd does not hold is exit 1",
  { baseline: { units: { "web.service": reloading("1", "/bin/touch /run/reloaded") } } },
  async (host) => {
    const { current } = await host.facts();
    await host.write("/run/nixos/reload-list", "web.service\n");
    assert.equal((await switchTo(host, current, "test")).exitCode, 0);
    assert.equal(await exists(host, "/run/reloaded"), true);
    assert.equal(await exists(host, "/run/nixos/reload-list"), false);
    await host.write("/run/nixos/reload-list", "unheard-of.service\n");
    const ended = await switchTo(host, current, "test");
    assert.equal(ended.exitCode, 1, ended.stderr);
    assert.match(ended.stderr, /^Error: Failed to get unit unheard-of\.service$/m);
    assert.equal(await host.read("/run/nixos/reload-list"), "unheard-of.service\n");
  },
);

const userUnit = (version: string, more = "") =>
  `[Service]\nEnvironment=V=${version}\nExecStart=/bin/sleep infinity\n${more}\n[Install]\nWantedBy=default.target\n`;

async function userProperty(host: Host, name: string, of: string): Promise<string> {
  const shown = await host.asUser([
    "systemctl",
    "--user",
    "show",
    "--value",
    `--property=${name}`,
    of,
  ]);
  return shown.stdout.trim();
}

const userBaseline: ToplevelSpec = {
  userUnits: {
    "changes.service": userUnit("1"),
    "goes.service": userUnit("1"),
    "held.service": userUnit("1", "X-RestartIfChanged=false"),
    "restarts.service": userUnit("1", "X-StopIfChanged=false"),
    "reloads.service": userUnit("1", "X-ReloadIfChanged=true\nExecReload=/bin/true"),
    "mine.service": userUnit("1"),
  },
};

hostTest(
  "user units: stopped, restarted and reloaded for whom a manager runs; dry-activate says nothing",
  { baseline: userBaseline },
  async (host) => {
    await host.userManager();
    // Her own unit shadows the unit of the system.
    await host.asUser(
      ["sh", "-c", "mkdir -p ~/.config/systemd/user; cat > ~/.config/systemd/user/mine.service"],
      {
        stdin: userUnit("hers"),
      },
    );
    await host.asUser(["systemctl", "--user", "daemon-reload"]);
    await host.asUser(["systemctl", "--user", "restart", "mine.service"]);
    const pids = async () =>
      Promise.all(
        ["changes", "goes", "held", "restarts", "reloads", "mine"].map((name) =>
          userProperty(host, "MainPID", `${name}.service`),
        ),
      );
    const before = await pids();
    assert.ok(!before.includes("0"), before.join(" "));
    const next = await host.buildToplevel({
      label: "new",
      userUnits: {
        "changes.service": userUnit("2"),
        "held.service": userUnit("2", "X-RestartIfChanged=false"),
        "restarts.service": userUnit("2", "X-StopIfChanged=false"),
        "reloads.service": userUnit("2", "X-ReloadIfChanged=true\nExecReload=/bin/true"),
        "mine.service": userUnit("2"),
        "comes.service": userUnit("1"),
      },
    });
    assert.doesNotMatch((await switchTo(host, next, "dry-activate")).stderr, /user|changes|alice/);
    assert.deepEqual(await pids(), before);
    const ended = await switchTo(host, next);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.match(
      ended.stderr,
      /^reloading user units for alice\.\.\.\nstopping the following user units: changes\.service, goes\.service\nNOT restarting the following user units: held\.service\nreloading the following user units: reloads\.service\nrestarting the following user units: restarts\.service\nstarting the following user units: changes\.service$/m,
    );
    const [changes, goes, held, restarts, reloads, mine] = await pids();
    assert.ok(![before[0], "0"].includes(changes ?? "0"));
    assert.ok(![before[3], "0"].includes(restarts ?? "0"));
    assert.deepEqual([goes, held, reloads, mine], ["0", before[2], before[4], before[5]]);
    assert.equal(await userProperty(host, "ActiveState", "comes.service"), "active");
  },
);

const userFaults: [what: string, units: Record<string, string>, exitCode: number, says: RegExp][] =
  [
    [
      "a reload that fails",
      { "app.service": userUnit("2", "X-ReloadIfChanged=true\nExecReload=/bin/false") },
      4,
      /^Failed to reload user unit app\.service\nwarning: the following user units failed: app\.service\nwarning: user activation for alice failed$/m,
    ],
    [
      "a unit that cannot be loaded",
      { "app.service": userUnit("2", "ExecStart=") },
      4,
      /^Failed to start user unit app\.service: .*bad unit file setting\.\nwarning: user activation for alice failed$/m,
    ],
    [
      "an activation that cannot be started",
      { "app.service": userUnit("1"), "nixos-activation.service": "[Service]\nType=oneshot\n" },
      4,
      /^Failed to restart nixos-activation\.service: .*\nwarning: user activation for alice failed$/m,
    ],
    [
      "an activation that fails: the real one waits for it and does not look how it ended",
      {
        "app.service": userUnit("1"),
        "nixos-activation.service": "[Service]\nType=oneshot\nExecStart=/bin/false\n",
      },
      0,
      /^restarting the following user units: nixos-activation\.service$/m,
    ],
  ];

for (const [what, userUnits, exitCode, says] of userFaults) {
  hostTest(
    `exit ${exitCode} for a user: ${what}`,
    { baseline: { userUnits: { "app.service": userUnit("1") } } },
    async (host) => {
      await host.userManager();
      const ended = await switchTo(host, await host.buildToplevel({ label: "new", userUnits }));
      assert.equal(ended.exitCode, exitCode, ended.stderr);
      assert.match(ended.stderr, says);
      assert.equal(await failedUnits(host), "");
      if (exitCode === 0) {
        assert.equal(await userProperty(host, "ActiveState", "nixos-activation.service"), "failed");
      }
    },
  );
}

hostTest("a user without a bus: exit 4; no answer from logind: exit 1 half-way", async (host) => {
  await host.userManager();
  const next = await host.buildToplevel({ label: "new" });
  await host.ok(["rm", "/run/user/1000/bus"]);
  const lonely = await switchTo(host, next);
  assert.equal(lonely.exitCode, 4, lonely.stderr);
  assert.match(lonely.stderr, /^warning: user activation for alice failed$/m);
  assert.equal(await failedUnits(host), "");
  await host.ok(["systemctl", "mask", "--runtime", "--now", "systemd-logind.service"]);
  const silent = await switchTo(host, next);
  assert.equal(silent.exitCode, 1, silent.stderr);
  assert.match(silent.stderr, /^Error: Unable to list users with logind: /m);
  assert.doesNotMatch(silent.stderr, /sysinit-reactivation/);
});

hostTest(
  "a user manager is there again after a reboot, with the units of what booted",
  async (host) => {
    await host.userManager();
    const { bootId } = await host.facts();
    const next = await host.buildToplevel({
      label: "new",
      userUnits: { "app.service": userUnit("1") },
    });
    await host.deployBoot(next);
    await host.askForReboot();
    await host.rebooted(bootId);
    await host.until(
      "alice's unit runs",
      async () => (await userProperty(host, "ActiveState", "app.service")) === "active",
    );
  },
);

hostTest(
  "a boot loader with configurationLimit leaves the default as it was, and says nothing",
  async (host) => {
    const old = (await host.facts()).current;
    const limited = (label: string, configurationLimit: number) =>
      host.buildToplevel({ label, configurationLimit });
    const [first, second, third] = [
      await limited("1", 2),
      await limited("2", 2),
      await limited("3", 2),
    ];
    for (const toplevel of [first, second, third]) await host.deployBoot(toplevel);
    const rejected = await host.facts();
    assert.equal(rejected.bootDefault, third);
    // The first system is older than the two newest generations: exit 0, and the default stays.
    await host.ok(["nix-env", "-p", "/nix/var/nix/profiles/system", "--switch-generation", "2"]);
    const back = await switchTo(host, first);
    assert.deepEqual([back.exitCode, (await host.facts()).current], [0, first]);
    assert.deepEqual(
      [(await host.facts()).profile, (await host.facts()).bootDefault],
      [first, third],
    );
    assert.deepEqual((await host.read("/boot/loader/entries")).trim().split("\n"), [
      third,
      third,
      second,
    ]);
    // A new generation puts it in the menu.
    await host.ok(["nix-env", "-p", "/nix/var/nix/profiles/system", "--set", first]);
    assert.equal((await switchTo(host, first, "boot")).exitCode, 0);
    assert.equal((await host.facts()).bootDefault, first);
    // With 0 all generations are in the menu, but no other system. Without the option any system is.
    const tried = await limited("tried", 0);
    assert.equal((await switchTo(host, tried, "boot")).exitCode, 0);
    assert.equal((await host.facts()).bootDefault, first);
    const unlimited = await host.buildToplevel({ label: "any" });
    assert.equal((await switchTo(host, unlimited, "boot")).exitCode, 0);
    assert.equal((await host.facts()).bootDefault, unlimited);
    assert.equal((await switchTo(host, old, "boot")).exitCode, 0);
  },
);

const boots: [what: string, spoil: string][] = [
  ["read-only", "mount --bind /boot /boot; mount -o remount,ro,bind /boot"],
  [
    "full",
    "cp -a /boot /run/boot; mount -t tmpfs -o size=64k tmpfs /boot; cp -a /run/boot/. /boot/; ! cat /dev/zero > /boot/filler",
  ],
];

for (const [what, spoil] of boots) {
  hostTest(`a /boot that is ${what}: exit 1 from switch and boot, none from test`, async (host) => {
    const before = await host.facts();
    const next = await host.buildToplevel({ label: "new" });
    await host.shell(spoil);
    for (const action of ["switch", "boot"]) {
      const ended = await switchTo(host, next, action);
      assert.equal(ended.exitCode, 1, ended.stderr);
      assert.match(ended.stderr, /^Failed to install bootloader$/m);
    }
    assert.deepEqual(await host.facts(), before);
    assert.equal((await switchTo(host, next, "test")).exitCode, 0);
    assert.deepEqual(
      [(await host.facts()).current, (await host.facts()).bootDefault],
      [next, before.bootDefault],
    );
  });
}

hostTest("a failing activation snippet is named; exit 2", async (host) => {
  const next = await host.buildToplevel({ label: "new", failure: { activation: "setupSecrets" } });
  const ended = await switchTo(host, next);
  assert.equal(ended.exitCode, 2);
  assert.match(ended.stdout, /^Activation script snippet 'setupSecrets' failed \(1\)$/m);
  assert.match(ended.stderr, /^Failed to run activate script$/m);
});

const failing = "Activation script snippet 'setupSecrets' failed (1)";
const logs: [stage1: ToplevelSpec["stage1"], read: string[]][] = [
  [
    "systemd",
    [
      "journalctl",
      "-b",
      "-o",
      "cat",
      "-u",
      "initrd-nixos-activation.service",
      "-t",
      "initrd-nixos-activation-start",
    ],
  ],
  ["scripted", ["journalctl", "-b", "-o", "cat", "-t", "stage-2-init"]],
  ["container", ["cat", "/run/log/stage-2-init.log"]],
];

for (const [stage1, read] of logs) {
  hostTest(
    `a snippet that fails at boot: no failed unit, said by ${read.join(" ")}`,
    async (host) => {
      const { bootId } = await host.facts();
      const next = await host.buildToplevel({
        label: "new",
        ...(stage1 === undefined ? {} : { stage1 }),
        failure: { activation: "setupSecrets" },
      });
      await host.deployBoot(next);
      await host.askForReboot();
      await host.rebooted(bootId);
      assert.equal((await host.facts()).current, next);
      assert.equal(await failedUnits(host), "");
      await host.ok(["journalctl", "--sync"]);
      const said = (await host.ok(read)).split("\n");
      assert.deepEqual(
        said.filter((line) => line === "running activation script..." || line === failing),
        ["running activation script...", failing],
      );
      assert.equal(
        (await host.run(["systemctl", "cat", "initrd-nixos-activation.service"])).exitCode,
        1,
      );
      // A good boot does not print the line.
      const second = (await host.facts()).bootId;
      await host.deployBoot(
        await host.buildToplevel({ label: "fine", ...(stage1 === undefined ? {} : { stage1 }) }),
      );
      await host.askForReboot();
      await host.rebooted(second);
      await host.ok(["journalctl", "--sync"]);
      const fine = (await host.ok(read)).split("\n");
      assert.ok(fine.includes("running activation script..."));
      assert.ok(!fine.includes(failing));
    },
  );
}

hostTest(
  "a job that hangs keeps the switch from ending, until the job is gone",
  {
    baseline: {
      units: {
        "join.service":
          "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n",
      },
    },
  },
  async (host) => {
    const hanging =
      "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";
    const next = await host.buildToplevel({ label: "new", units: { "join.service": hanging } });
    let over = false;
    const switching = switchTo(host, next).finally(() => (over = true));
    await host.until("systemd has its job", async () =>
      /join\.service\s+start\s+running/.test((await host.run(["systemctl", "list-jobs"])).stdout),
    );
    assert.equal((await host.facts()).current, next);
    assert.match(await host.read("/run/nixos/start-list"), /^join\.service$/m);
    assert.equal(over, false);
    await host.ok(["systemctl", "stop", "join.service"]);
    const ended = await switching;
    assert.equal(ended.exitCode, 4, ended.stderr);
    assert.match(ended.stderr, /^warning: the following units failed: join\.service$/m);
  },
);
