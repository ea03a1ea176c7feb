import assert from "node:assert/strict";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import {
  awaitsConfirmation,
  call,
  deploy,
  ended,
  entered,
  newestRecord,
  path,
  recordOf,
  STATE_DIR,
  stopUnit,
  systemSpec,
  waitsForTurn,
} from "./deploying.ts";

/** What comes in between while a finalization looks for the last time, or is taken up again. */

const RUNNERS = [{ unit: "ci-runner.service", detect: { kind: "processes" } }];
const WITH_RUNNER = { verify: { settle: 0 }, waitFor: { runners: RUNNERS } };
const baseline = systemSpec();

/** Holds up the first time that an action of a toplevel's switch-to-configuration is run, until it is let go. */
async function holdUp(host: Host, toplevel: string, action: string, wait = "sh -c") {
  const begun = `/run/${action}-begun`;
  const go = `/run/${action}-go`;
  const program = `${toplevel}/bin/switch-to-configuration`;
  await host.shell(`
    mkdir /root/slow
    cp ${program} /root/slow/real
    printf '#!/bin/sh\\nif [ "$1" = ${action} ] && mkdir ${begun} 2>&-; then ${wait} "until test -e ${go}; do sleep 0.05; done"; fi\\nexec /root/slow/real "$@"\\n' > /root/slow/program
    chmod +x /root/slow/*
    mount --bind /root/slow/program $(realpath ${program})`);
  const hasBegun = async () => (await host.run(["test", "-e", begun])).exitCode === 0;
  return {
    begun: async () => await host.until(`${action} has begun`, hasBegun),
    letGo: async () => await host.ok(["touch", go]),
  };
}

hostTest("asked to end during the last look, it does not act", { baseline }, async (host) => {
  const { current } = await host.facts();
  const target = await host.buildToplevel(systemSpec({ label: "new" }, WITH_RUNNER));
  const lastLook = await holdUp(host, target, "dry-activate");
  const id = await deploy(host, target, "--delay", "0");
  await lastLook.begun();
  const unit = `deploy-finalize-${id}.service`;
  await stopUnit(host, id, "--no-block");
  await host.until("it is asked to end", async () => {
    const { stdout } = await host.run(["systemctl", "is-active", unit]);
    return stdout.trim() !== "active";
  });
  await lastLook.letGo();
  await host.ok(["systemctl", "stop", unit]);
  assert.equal((await recordOf(host, id)).state, "waiting");
  assert.equal((await host.facts()).current, current);
});

hostTest(
  "while it looks what the switch would stop, others can deploy",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }, WITH_RUNNER));
    const other = await host.buildToplevel(systemSpec({ label: "newer" }, WITH_RUNNER));
    const lock = "/run/nixos/switch-to-configuration.lock";
    const look = await holdUp(host, target, "dry-activate", `flock --nonblock ${lock} sh -c`);
    await deploy(host, target, "--delay", "0");
    await look.begun();
    // It fails if the lock is taken.
    const newer = await deploy(host, other, "--delay", "0");
    await look.letGo();
    assert.equal((await ended(host, newer)).state, "live");
    assert.equal((await host.facts()).current, other);
  },
);

function backup(version: number): string {
  return `[Service]
Environment=VERSION=${version}
ExecStart=/bin/sh -c 'until test -e /run/finish; do sleep 0.1; done; touch /run/backup-done'
ExecStop=/bin/sh -c 'test -e /run/backup-done || touch /run/backup-cut-off'
`;
}

hostTest(
  "a unit that must not be interrupted starts during the last look",
  { baseline: systemSpec({ units: { "backup.service": backup(1) } }) },
  async (host) => {
    const waitFor = { runners: RUNNERS, units: ["backup.service"] };
    const target = await host.buildToplevel(
      systemSpec({ units: { "backup.service": backup(2) } }, { ...WITH_RUNNER, waitFor }),
    );
    const lastLook = await holdUp(host, target, "dry-activate");
    const id = await deploy(host, target, "--delay", "0");
    await lastLook.begun();
    await host.ok(["systemctl", "start", "backup.service"]);
    await lastLook.letGo();
    const look = ["grep", "--quiet", "backup.service", `${STATE_DIR}/${id}.waiting`];
    await host.until("it waits for the unit", async () => (await host.run(look)).exitCode === 0);
    await host.ok(["touch", "/run/finish"]);
    const record = await ended(host, id);
    assert.equal(record.state, "live");
    assert.deepEqual(
      record.waitedFor.map((waited) => waited.gate),
      ["units"],
    );
    assert.equal((await host.shell("ls /run | grep backup")).trim(), "backup-done");
  },
);

hostTest(
  "what a switch would stop is found out anew where another one was switched to meanwhile",
  { baseline: systemSpec({ runner: "1" }) },
  async (host) => {
    const verify = { settle: 0, confirm: { within: 600 } };
    // The early job does not end, and a rollback would wait for it.
    const waitFor = { runners: RUNNERS, rollbackTimeout: 0 };
    const a = await host.buildToplevel(
      systemSpec({ label: "first", runner: "2" }, { verify, waitFor }),
    );
    const b = await host.buildToplevel(systemSpec({ label: "second", runner: "2" }, WITH_RUNNER));
    const first = await deploy(host, a, "--delay", "0");
    await awaitsConfirmation(host, first);
    // Tried while the first one runs, the second one's switch leaves the runner alone.
    const early = await host.queueJob("sleep 600");
    await host.until("the early job runs", () => host.job(early).state === "running");
    const second = await deploy(host, b, "--delay", "0");
    await waitsForTurn(host, second);
    const job = await host.queueJob("sleep 3");
    await host.ok(call(a, "rollback", first, "--yes"));
    assert.equal((await ended(host, first)).state, "rolled-back");
    assert.equal((await ended(host, second)).state, "live");
    assert.equal(host.job(job).exitCode, 0);
    await host.until("the runner is the new one", async () => {
      return (await host.facts()).runnerDefinition === "2";
    });
  },
);

hostTest(
  "taken up again, a reboot that has to wait leaves no runner stopped",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ kernel: "6.12.9" }, WITH_RUNNER));
    await host.deployBoot(target);
    const boot = await holdUp(host, target, "boot");
    await host.ok(call(target, "--delay", "0"));
    const { id } = await newestRecord(host);
    await boot.begun();
    await host.shell(
      "systemd-run --quiet --unit=backup systemd-inhibit --what=shutdown --mode=block --who=borg --why=runs sleep infinity",
    );
    const isHeld = async () => (await host.shell("systemd-inhibit --list")).includes("borg");
    await host.until("the shutdown is held back", isHeld);
    await host.ok(["systemctl", "kill", "--signal=KILL", `deploy-finalize-${id}.service`]);
    await host.until("it waits again", async () => (await recordOf(host, id)).state === "waiting");
    const isActive = ["systemctl", "is-active", "ci-runner.service"];
    await host.until("the runner works", async () => (await host.run(isActive)).exitCode === 0);
    await host.ok(call(target, "cancel", id));
    assert.equal((await recordOf(host, id)).state, "cancelled");
  },
);

hostTest(
  "a disk that stays full is outlasted, and the act is finished",
  { baseline },
  async (host) => {
    const { current } = await host.facts();
    const checks = [{ kind: "command", command: ["/bin/false"], deadline: 0 }];
    const target = await host.buildToplevel(
      systemSpec({ label: "new" }, { verify: { settle: 0, checks } }),
    );
    await host.holdActivation();
    const id = await deploy(host, target, "--delay", "0");
    await entered(host, id, "switching");
    await host.shell(
      `mount --bind ${STATE_DIR} ${STATE_DIR}; mount -o remount,ro,bind ${STATE_DIR}`,
    );
    await host.letActivate();
    const unit = `deploy-finalize-${id}.service`;
    await host.until("it has tried again in vain", async () => {
      const said = await host.ok(["journalctl", "--unit", unit, "--output=cat"]);
      return said.split("cannot continue: ").length > 2;
    });
    const shown = await host.ok(["systemctl", "show", "--property=ActiveState", "--value", unit]);
    assert.equal(shown.trim(), "active");
    // Lazily, because the process may have a file there open.
    await host.shell(`umount --lazy ${STATE_DIR}`);
    const record = await ended(host, id, 120_000);
    assert.match(path(record), /switching switching verifying rolling-back rolled-back$/);
    assert.equal((await host.facts()).current, current);
  },
);
