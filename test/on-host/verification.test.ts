import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import {
  assertRuns,
  awaitsConfirmation,
  call,
  deploy,
  ended,
  newestRecord,
  path,
  PROGRAM,
  systemSpec,
} from "./deploying.ts";

const baseline = systemSpec();

const FAILING =
  "[Service]\nType=oneshot\nExecStart=/bin/false\n[Install]\nWantedBy=multi-user.target\n";
const CRASHING =
  "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sh -c 'sleep 0.1; exit 1'\nRestart=always\nRestartSec=100ms\n[Install]\nWantedBy=multi-user.target\n";

hostTest(
  "a unit that fails after the switch: rolled back, the old system is current again",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const target = await host.buildToplevel(systemSpec({ units: { "web.service": FAILING } }));
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(path(record), "scheduled waiting switching verifying rolling-back rolled-back");
    assert.match(record.outcome?.reason ?? "", /web\.service failed/);
    await assertRuns(host, before.current);
  },
);

hostTest(
  "a unit that had failed before is not blamed",
  { baseline: systemSpec({ units: { "old.service": FAILING } }) },
  async (host) => {
    const target = await host.buildToplevel(
      systemSpec({ label: "new", units: { "old.service": FAILING } }),
    );
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.outcome?.activationExitCode, 4);
    assert.equal(record.state, "live");
    assert.deepEqual(
      record.failedBefore?.map(({ unit }) => unit),
      ["old.service"],
    );
  },
);

hostTest(
  "a unit that crashes again and again is caught within the settling time",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const settle = 15;
    const target = await host.buildToplevel(
      systemSpec({ units: { "loop.service": CRASHING } }, { verify: { settle } }),
    );
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "rolled-back");
    assert.match(record.outcome?.reason ?? "", /loop\.service/);
    assert.ok((record.checks[0]?.seconds ?? settle) < settle, JSON.stringify(record.checks));
    await assertRuns(host, before.current);
  },
);

hostTest("a failing HTTP check: rolled back", { baseline }, async (host) => {
  const before = await host.facts();
  const check = { kind: "http", url: "http://127.0.0.1:9/health", deadline: 1, interval: 0.2 };
  const config = { verify: { settle: 0, checks: [check] } };
  const target = await host.buildToplevel(systemSpec({ label: "new" }, config));
  const record = await ended(host, await deploy(host, target, "--delay", "0"));
  assert.equal(record.state, "rolled-back");
  assert.deepEqual(
    record.checks.map(({ kind, result }) => [kind, result]),
    [
      ["failed-units", "passed"],
      ["http", "failed"],
    ],
  );
  await assertRuns(host, before.current);
});

const confirming = { verify: { settle: 0, confirm: { within: 2 } } };

hostTest("a confirmation that does not come: rolled back", { baseline }, async (host) => {
  const before = await host.facts();
  const target = await host.buildToplevel(systemSpec({ label: "new" }, confirming));
  const record = await ended(host, await deploy(host, target, "--delay", "0"));
  assert.equal(record.state, "rolled-back");
  assert.match(record.outcome?.reason ?? "", /not confirmed by/);
  await assertRuns(host, before.current);
});

hostTest("a confirmation that is given: live", { baseline }, async (host) => {
  const patient = { verify: { settle: 0, confirm: { within: 60 } } };
  const target = await host.buildToplevel(systemSpec({ label: "new" }, patient));
  const id = await deploy(host, target, "--delay", "0");
  await awaitsConfirmation(host, id);
  await host.ok(call(target, "confirm"));
  const record = await ended(host, id);
  assert.equal(record.state, "live");
  assert.match(record.outcome?.reason ?? "", /confirmed by/);
});

hostTest(
  "a new kernel boots but its check fails: back on the old kernel, profile too",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const config = {
      verify: { settle: 0, checks: [{ kind: "unit", unit: "nowhere.service", deadline: 1 }] },
    };
    const target = await host.buildToplevel(systemSpec({ kernel: "6.12.9" }, config));
    const id = await deploy(host, target, "--delay", "0");
    const record = await ended(host, id, 60_000);
    assert.equal(
      path(record),
      "scheduled waiting rebooting verifying rolling-back rolling-back rolling-back rolled-back",
    );
    assert.equal((await host.facts()).booted, before.booted);
    await assertRuns(host, before.current);
  },
);

hostTest(
  "a rollback that fails: failed, and nothing more is tried",
  { baseline: systemSpec({ failure: { activation: "stand-in" } }) },
  async (host) => {
    const target = await host.buildToplevel(
      systemSpec({ label: "new", units: { "web.service": FAILING } }),
    );
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "failed");
    assert.match(
      record.outcome?.reason ?? "",
      /web\.service failed; the rollback failed too: .*exit code 2/,
    );
  },
);

hostTest(
  "a target that does not boot: fell back, the profile is set back",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const target = await host.buildToplevel(
      systemSpec({ kernel: "6.12.9", failure: { boot: true } }),
    );
    const record = await ended(host, await deploy(host, target, "--delay", "0"), 60_000);
    assert.equal(record.state, "failed");
    assert.match(record.outcome?.reason ?? "", /^fell back: booted /);
    await assertRuns(host, before.current);
  },
);

hostTest(
  "another init interface that shows only at the switch becomes a reboot",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const target = await host.buildToplevel(
      systemSpec({ label: "new", failure: { switchExit: 100 } }),
    );
    const record = await ended(host, await deploy(host, target, "--delay", "0"), 60_000);
    assert.equal(path(record), "scheduled waiting switching rebooting verifying live");
    const facts = await host.facts();
    assert.notEqual(facts.bootId, before.bootId);
    assert.equal(facts.booted, target);
  },
);

hostTest(
  "a changed switch inhibitor becomes a reboot",
  { baseline: systemSpec({ switchInhibitors: { dbus: "daemon" } }) },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ switchInhibitors: { dbus: "broker" } }));
    const record = await ended(host, await deploy(host, target, "--delay", "0"), 60_000);
    assert.equal(record.plan.reason, "switch inhibitor changed: dbus");
    assert.equal(record.state, "live");
  },
);

hostTest(
  "the way back waits while another process holds the switch lock",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const hold = "touch /run/held; mkfifo /run/hold; read -r _ < /run/hold";
    const lock = "/run/nixos/switch-to-configuration.lock";
    const command = [
      "sh",
      "-c",
      `systemd-run --quiet --unit=holder flock ${lock} sh -c '${hold}'; until [ -e /run/held ]; do :; done; exit 1`,
    ];
    const config = { verify: { settle: 0, checks: [{ kind: "command", command, deadline: 0 }] } };
    const target = await host.buildToplevel(systemSpec({ label: "new" }, config));
    const id = await deploy(host, target, "--delay", "0");
    await host.until("it waits for the lock", async () =>
      (await host.journal(`deploy-finalize-${id}.service`)).includes("waits for switch lock"),
    );
    await host.shell("echo > /run/hold");
    assert.equal((await ended(host, id)).state, "rolled-back");
    await assertRuns(host, before.current);
  },
);

hostTest(
  "after a reboot the checks are those it was scheduled with, whatever the resume unit is given",
  { baseline },
  async (host) => {
    const config = {
      verify: { settle: 0, checks: [{ kind: "tcp", host: "127.0.0.1", port: 9, deadline: 0 }] },
    };
    await host.write("/root/own.json", JSON.stringify(config));
    const target = await host.buildToplevel(systemSpec({ kernel: "6.12.9" }));
    await host.setProfile(target);
    // A relative path, as a person types it.
    await host.shell(`cd /root; ${PROGRAM.join(" ")} --delay 0 --config own.json`);
    const { id } = await newestRecord(host);
    const record = await ended(host, id, 60_000);
    assert.equal(record.state, "rolled-back");
    assert.match(record.outcome?.reason ?? "", /127\.0\.0\.1:9/);
  },
);

hostTest(
  "an activation that leaves a process behind has ended, and is judged",
  { baseline },
  async (host) => {
    const failure = { leftProcess: true } as const;
    const target = await host.buildToplevel(systemSpec({ label: "new", failure }));
    const id = await deploy(host, target, "--delay", "0");
    assert.equal((await ended(host, id)).state, "live");
    await assertRuns(host, target);
    const left = ["pgrep", "--full", "^sleep 600$"];
    await host.until("nothing of it is left", async () => (await host.run(left)).exitCode !== 0);
  },
);
