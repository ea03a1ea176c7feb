import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { hostTest } from "../test-host/host-test.ts";
import {
  assertRuns,
  call,
  deploy,
  ended,
  entered,
  recordOf,
  schedule,
  stopUnit,
  systemSpec,
  waitsForTurn,
} from "./deploying.ts";

const baseline = systemSpec();
const held = systemSpec({ label: "held" });
/** Fails, once the test has looked. */
const HELD_CHECK = "until test -e /run/checked; do sleep 0.1; done; exit 1";
const FAILING_CHECK = {
  verify: {
    settle: 0,
    checks: [{ kind: "command", command: ["/bin/sh", "-c", HELD_CHECK], deadline: 0 }],
  },
};
const PINS = "/nix/var/nix/gcroots/deploy-finalize";
const SWITCH_LOCK = "/run/nixos/switch-to-configuration.lock";

hostTest("a second finalization waits for a running one", { baseline }, async (host) => {
  const slow = await host.buildToplevel(held);
  const next = await host.buildToplevel(systemSpec({ label: "next" }));
  await host.holdActivation();
  const first = await deploy(host, slow, "--delay", "0");
  await entered(host, first, "switching");
  const second = await schedule(host, next, "--delay", "0");
  await waitsForTurn(host, second);
  await host.letActivate();
  const [firstRecord, secondRecord] = [await ended(host, first), await ended(host, second)];
  assert.deepEqual([firstRecord.state, secondRecord.state], ["live", "live"]);
  const firstEnd = firstRecord.timeline.at(-1)?.at ?? "";
  const secondSwitch = secondRecord.timeline.find(({ state }) => state === "switching")?.at ?? "";
  assert.ok(firstEnd <= secondSwitch, `${firstEnd} <= ${secondSwitch}`);
  assert.equal((await host.facts()).current, next);
});

const UNCONFIRMED = { verify: { settle: 0, confirm: { within: 600 } } };

hostTest(
  "where the one before it was not confirmed, it goes back past that one",
  { baseline },
  async (host) => {
    const { current: base } = await host.facts();
    const rejected = await host.buildToplevel(systemSpec({ label: "rejected" }, UNCONFIRMED));
    const broken = await host.buildToplevel(systemSpec({ label: "broken" }, FAILING_CHECK));
    const first = await deploy(host, rejected, "--delay", "0");
    await entered(host, first, "verifying");
    const second = await deploy(host, broken, "--delay", "0");
    await waitsForTurn(host, second);
    assert.equal((await recordOf(host, second)).previous, rejected);
    await host.ok(call(rejected, "rollback", first, "--yes"));
    await entered(host, second, "verifying");
    assert.equal(readlinkSync(host.path(`${PINS}/${second}-previous`)), base);
    await host.shell("touch /run/checked");
    assert.equal((await ended(host, first)).state, "rolled-back");
    const { state, previous } = await ended(host, second);
    assert.deepEqual([state, previous], ["rolled-back", base]);
    const { current, profile } = await host.facts();
    assert.deepEqual([current, profile], [base, base]);
  },
);

hostTest(
  "one that waits for its turn is cancelled at once, and the boot default goes to what runs then",
  { baseline },
  async (host) => {
    const { current: base } = await host.facts();
    const rejected = await host.buildToplevel(systemSpec({ label: "rejected" }, UNCONFIRMED));
    const first = await deploy(host, rejected, "--delay", "0");
    await entered(host, first, "verifying");
    const next = await host.buildToplevel(systemSpec({ label: "next" }));
    const second = await deploy(host, next, "--delay", "0");
    await waitsForTurn(host, second);
    const cancel = host.run(call(next, "cancel", second, "--restore-boot-default"));
    assert.equal((await ended(host, second)).state, "cancelled");
    assert.equal((await recordOf(host, first)).state, "verifying");
    await host.ok(call(rejected, "rollback", first, "--yes"));
    const { exitCode, stdout, stderr } = await cancel;
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /the profile and the boot default are .*, the running system/);
    await assertRuns(host, base);
  },
);

hostTest("waits while another process holds the switch lock", { baseline }, async (host) => {
  const target = await host.buildToplevel(systemSpec({ label: "target" }));
  await host.shell(
    `mkdir -p /run/nixos; mkfifo /run/hold
     systemd-run --quiet --unit=holder flock ${SWITCH_LOCK} sh -c 'touch /run/held; read -r _ < /run/hold'`,
  );
  await host.until(
    "the lock is held",
    async () => (await host.run(["test", "-e", "/run/held"])).exitCode === 0,
  );
  const id = await schedule(host, target, "--delay", "0");
  const unit = `deploy-finalize-${id}.service`;
  await host.until("it tells what it waits for", async () =>
    /waits for switch lock: held by process \d+ \(flock\)$/m.test(await host.journal(unit)),
  );
  assert.equal((await recordOf(host, id)).state, "waiting");
  await host.shell("echo > /run/hold");
  assert.equal((await ended(host, id)).state, "live");
  const told = (await host.journal(unit)).match(/waits for switch lock/g) ?? [];
  assert.equal(told.length, 1);
});

hostTest(
  "a second process for the same finalization is turned away",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(held);
    await host.holdActivation();
    const id = await deploy(host, target, "--delay", "0");
    await entered(host, id, "switching");
    const second = await host.run(call(target, "run", id));
    assert.equal(second.exitCode, 1);
    assert.match(second.stderr, /another process is running finalization/);
    await host.letActivate();
    assert.equal((await ended(host, id)).state, "live");
  },
);

hostTest(
  "a failing activation ends as failed, with its exit code and last words",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(
      systemSpec({ label: "t", failure: { preSwitchCheck: "no such user: bob" } }),
    );
    const id = await schedule(host, target, "--delay", "0");
    const record = await ended(host, id);
    assert.equal(record.state, "failed");
    assert.equal(record.outcome?.activationExitCode, 1);
    assert.match(record.outcome?.activationTail.join("\n") ?? "", /no such user: bob/);
  },
);

hostTest(
  "one that waits for its turn can be stopped at once, and leaves the other alone",
  { baseline },
  async (host) => {
    const next = await host.buildToplevel(systemSpec({ label: "next" }));
    await host.holdActivation();
    const first = await deploy(host, await host.buildToplevel(held), "--delay", "0");
    await entered(host, first, "switching");
    const second = await schedule(host, next, "--delay", "0");
    await waitsForTurn(host, second);
    await stopUnit(host, second);
    assert.equal((await recordOf(host, first)).state, "switching");
    assert.equal((await recordOf(host, second)).state, "waiting");
    await host.letActivate();
    assert.equal((await ended(host, first)).state, "live");
    // The process of the one that has ended has the newest one driven.
    assert.equal((await ended(host, second)).state, "live");
  },
);

hostTest(
  "one that is asked to end while it waits is taken up again by its unit",
  { baseline },
  async (host) => {
    const next = await host.buildToplevel(systemSpec({ label: "next" }));
    await host.holdActivation();
    const first = await deploy(host, await host.buildToplevel(held), "--delay", "0");
    await entered(host, first, "switching");
    const second = await schedule(host, next, "--delay", "0");
    await waitsForTurn(host, second);
    await host.shell(`kill $(systemctl show -P MainPID deploy-finalize-${second}.service)`);
    await host.letActivate();
    assert.equal((await ended(host, second)).state, "live");
    assert.equal((await host.facts()).current, next);
  },
);

hostTest(
  "a broken record is set aside once, and leaves nothing behind",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    const id = await deploy(host, target, "--delay", "1h");
    await host.shell(`echo '{"x":' > /var/lib/deploy-finalize/${id}.json`);
    const first = await host.run(call(target, "resume"));
    assert.match(first.stderr, /cannot be used .*renamed to/);
    assert.equal(await host.shell("ls -A /nix/var/nix/gcroots/deploy-finalize"), "");
    assert.equal((await host.run(call(target, "resume"))).exitCode, 0);
    const later = await deploy(host, target, "--delay", "0");
    assert.equal((await ended(host, later)).state, "live");
  },
);
