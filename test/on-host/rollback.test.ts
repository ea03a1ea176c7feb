import assert from "node:assert/strict";
import * as v from "valibot";
import { cancelSchema, confirmSchema, rollbackSchema } from "../../src/json/commands.ts";
import { hostTest } from "../test-host/host-test.ts";
import {
  assertRuns,
  awaitsConfirmation,
  call,
  deploy,
  ended,
  entered,
  newestRecord,
  path,
  recordOf,
  systemSpec,
  STATE_DIR,
} from "./deploying.ts";

const baseline = systemSpec();

hostTest(
  "a live switch is rolled back by a finalization of its own",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    const id = await deploy(host, target, "--delay", "0");
    assert.equal((await ended(host, id)).state, "live");
    const said = await host.ok(call(target, "rollback", "--yes", "--json"));
    const json = v.parse(rollbackSchema, JSON.parse(said));
    assert.deepEqual([json.of, json.how], [id, "scheduled"]);
    const record = await ended(host, json.finalization.id);
    assert.equal(record.state, "live", record.outcome?.reason);
    assert.equal(record.rollbackOf, id);
    assert.equal(record.target, before.current);
    assert.match(record.timeline[0]?.detail ?? "", new RegExp(`rollback of ${id}`));
    await assertRuns(host, before.current);
    const again = await host.run(call(target, "rollback", id, "--yes"));
    assert.equal(again.exitCode, 1);
    assert.match(again.stderr, /its target is not the running system/);
  },
);

hostTest(
  "what a rollback without an id would take back is never guessed",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const good = await host.buildToplevel(systemSpec({ label: "good" }));
    const id = await deploy(host, good, "--delay", "0");
    assert.equal((await ended(host, id)).state, "live");
    const check = { kind: "command", command: ["/bin/false"], deadline: 1 };
    const config = { verify: { settle: 0, checks: [check] } };
    const bad = await host.buildToplevel(systemSpec({ label: "bad" }, config));
    assert.equal((await ended(host, await deploy(host, bad, "--delay", "0"))).state, "rolled-back");
    const refused = async (): Promise<string> => {
      const { exitCode, stderr } = await host.run(call(good, "rollback", "--yes"));
      assert.equal(exitCode, 1, stderr);
      return stderr;
    };
    assert.match(
      await refused(),
      new RegExp(`was already rolled back.*deploy-finalize rollback ${id}`, "s"),
    );
    await assertRuns(host, good);
    await host.ok(call(good, "rollback", id, "--yes"));
    const back = await newestRecord(host);
    assert.equal((await ended(host, back.id)).state, "live");
    assert.match(await refused(), new RegExp(`${back.id} is itself a rollback of ${id}`));
    assert.doesNotMatch(await host.ok(call(good, "status")), /deploy-finalize rollback/);
    assert.match(await host.ok(call(good, "history")), new RegExp(`rollback of ${id.slice(-4)}`));
    await assertRuns(host, before.current);
  },
);

hostTest(
  "where the profile was moved by hand, the advice is followed, and the rollback works",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    assert.equal((await ended(host, await deploy(host, target, "--delay", "0"))).state, "live");
    await host.deployBoot(await host.buildToplevel(systemSpec({ label: "other" })));
    const { exitCode, stderr } = await host.run(call(target, "rollback", "--yes"));
    assert.equal(exitCode, 1);
    const advice = stderr.split("\n").filter((line) => line.startsWith("  "));
    assert.equal(advice.length, 2, stderr);
    await host.shell(advice.join("\n"));
    await assertRuns(host, target);
    await host.ok(call(target, "rollback", "--yes"));
    assert.equal((await ended(host, (await newestRecord(host)).id)).state, "live");
  },
);

hostTest(
  "a live reboot is rolled back by one reboot, on the old kernel",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const target = await host.buildToplevel(systemSpec({ kernel: "6.12.9" }));
    assert.equal(
      (await ended(host, await deploy(host, target, "--delay", "0"), 60_000)).state,
      "live",
    );
    const rebooted = await host.facts();
    assert.notEqual(rebooted.bootId, before.bootId);
    const said = await host.ok(call(target, "rollback", "--yes"));
    assert.match(
      said,
      /^deploy-finalize: action=reboot reason=kernel,initrd,kernel-modules changed/m,
    );
    const { id } = await newestRecord(host);
    assert.match(said, new RegExp(`is scheduled as ${id}$`, "m"));
    const record = await ended(host, id, 60_000);
    assert.equal(path(record), "scheduled waiting rebooting verifying live");
    assert.equal((await host.facts()).booted, before.booted);
    await assertRuns(host, before.current);
  },
);

const PATIENT = { verify: { settle: 0, confirm: { within: 600 } } };

hostTest("one that waits for its confirmation goes back at once", { baseline }, async (host) => {
  const before = await host.facts();
  const target = await host.buildToplevel(systemSpec({ label: "new" }, PATIENT));
  const id = await deploy(host, target, "--delay", "0");
  await awaitsConfirmation(host, id);
  const json = v.parse(
    rollbackSchema,
    JSON.parse(await host.ok(call(target, "rollback", "--yes", "--json"))),
  );
  assert.deepEqual([json.how, json.finalization.id], ["asked", id]);
  const record = await ended(host, id);
  assert.equal(record.state, "rolled-back");
  assert.match(record.outcome?.reason ?? "", /^rollback requested by root/);
  await assertRuns(host, before.current);
});

hostTest(
  "one whose checks still run goes back without waiting for them",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const check = { kind: "tcp", host: "127.0.0.1", port: 9, deadline: 600 };
    const config = { verify: { settle: 0, checks: [check] } };
    const target = await host.buildToplevel(systemSpec({ label: "new" }, config));
    const id = await deploy(host, target, "--delay", "0");
    await entered(host, id, "verifying");
    const said = await host.ok(call(target, "rollback", "--yes"));
    assert.match(said, new RegExp(`${id} (is rolling back|was rolled back)`));
    assert.equal((await ended(host, id)).state, "rolled-back");
    await assertRuns(host, before.current);
  },
);

/** What has been done when the power goes. */
const cutOff = {
  "the profile": "nix-env -p /nix/var/nix/profiles/system --switch-generation 1",
  "the boot default":
    "nix-env -p /nix/var/nix/profiles/system --switch-generation 1; " +
    "/nix/var/nix/profiles/system-1-link/bin/switch-to-configuration boot",
};

for (const [step, done] of Object.entries(cutOff)) {
  hostTest(
    `a rollback cut off after ${step} is completed by the next`,
    { baseline },
    async (host) => {
      const before = await host.facts();
      const target = await host.buildToplevel(systemSpec({ label: "new" }));
      const id = await deploy(host, target, "--delay", "0");
      assert.equal((await ended(host, id)).state, "live");
      await host.shell(done);
      assert.equal((await host.facts()).current, target);
      await host.ok(call(target, "rollback", "--yes"));
      const record = await ended(host, (await newestRecord(host)).id);
      assert.equal(record.state, "live");
      await assertRuns(host, before.current);
    },
  );
}

/** What makes a step fail, and what is said then. */
const obstacles = [
  {
    step: "the boot loader",
    make: "mkdir /boot/loader/entries.new",
    clear: "rmdir /boot/loader/entries.new",
    message: /cannot set the boot default.*directory/is,
  },
  {
    step: "the record",
    // All but the lock of the turn, which is taken before.
    make: `mount --bind ${STATE_DIR} ${STATE_DIR}
      mount --bind ${STATE_DIR}/turn.lock ${STATE_DIR}/turn.lock
      mount -o remount,ro,bind ${STATE_DIR}`,
    clear: `umount ${STATE_DIR}/turn.lock; umount ${STATE_DIR}`,
    message: /cannot use the state folder/,
  },
];

for (const { step, make, clear, message } of obstacles) {
  hostTest(`a rollback that fails at ${step} leaves all as it was`, { baseline }, async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    const id = await deploy(host, target, "--delay", "0");
    assert.equal((await ended(host, id)).state, "live");
    // Its process clears away what is left of it, and needs the folder for that.
    const state = ["systemctl", "is-active", `deploy-finalize-${id}.service`];
    await host.until("its process has ended", async () =>
      /^(inactive|failed|unknown)$/m.test((await host.run(state)).stdout),
    );
    const before = await host.facts();
    await host.shell(make);
    const { exitCode, stderr } = await host.run(call(target, "rollback", "--yes"));
    assert.equal(exitCode, 1);
    assert.match(stderr, message);
    assert.deepEqual(await host.facts(), before);
    assert.equal((await newestRecord(host)).id, id);
    await host.shell(clear);
    await host.ok(call(target, "rollback", "--yes"));
    assert.equal((await ended(host, (await newestRecord(host)).id)).state, "live");
  });
}

hostTest(
  "no way back: a deleted generation, a collected system, a newer deploy; each says why",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    assert.equal((await ended(host, await deploy(host, target, "--delay", "0"))).state, "live");
    const refused = async (): Promise<string> => {
      const { exitCode, stderr } = await host.run(call(target, "rollback", "--yes"));
      assert.equal(exitCode, 1, stderr);
      return stderr;
    };
    const newer = await host.buildToplevel(systemSpec({ label: "newer" }));
    const waiting = await deploy(host, newer, "--delay", "1h");
    assert.match(await refused(), /now points to .*newer, the target of .*deploy-finalize cancel/s);
    await host.ok(call(target, "cancel", waiting, "--restore-boot-default"));
    await host.ok(["nix-env", "-p", "/nix/var/nix/profiles/system", "--delete-generations", "1"]);
    assert.match(await refused(), /the system before .* is no longer a generation of .*deleted/s);
    // What booted is kept from the collector; only force takes it.
    const previous = (await newestRecord(host)).previous ?? "";
    assert.equal(previous, target);
    const { booted } = await host.facts();
    await host.ok(["mv", booted, `${booted}-collected`]);
    assert.match(await refused(), /is no longer in the store/);
    await host.ok(["mv", `${booted}-collected`, booted]);
  },
);

hostTest(
  "cancel says what is left, and sets the boot default back when asked to",
  { baseline },
  async (host) => {
    const before = await host.facts();
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    const id = await deploy(host, target, "--delay", "1h");
    const said = await host.ok(call(target, "cancel"));
    assert.match(said, new RegExp(`cancelled ${id}: the running system is unchanged`));
    assert.match(said, /the boot default is still generation 2 .*the next boot/);
    assert.equal((await host.facts()).bootDefault, target);
    const shown = await host.ok(call(target, "status"));
    assert.match(shown, /Next: the boot default is still generation 2/);
    assert.match(shown, /deploy-finalize cancel --restore-boot-default/);
    const restored = await host.ok(call(target, "cancel", id, "--restore-boot-default", "--json"));
    assert.doesNotMatch(await host.ok(call(target, "status")), /boot default is still|--restore/);
    const json = v.parse(cancelSchema, JSON.parse(restored));
    assert.deepEqual([json.nextBoot, json.finalization.state], ["previous", "cancelled"]);
    await assertRuns(host, before.current);
    await host.run(["systemctl", "reboot"]);
    await host.rebooted(before.bootId);
    assert.equal((await host.facts()).booted, before.booted);
  },
);

hostTest(
  "cancel does not touch a boot default that somebody else set",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    const other = await host.buildToplevel(systemSpec({ label: "other" }));
    const id = await deploy(host, target, "--delay", "1h");
    await host.deployBoot(other);
    const { exitCode, stderr } = await host.run(call(target, "cancel", "--restore-boot-default"));
    assert.equal(exitCode, 1);
    assert.match(stderr, /now points to .*other, so it was not changed/);
    assert.equal((await recordOf(host, id)).state, "cancelled");
    const { profile, bootDefault } = await host.facts();
    assert.deepEqual([profile, bootDefault], [other, other]);
  },
);

hostTest("confirm has been heard when it returns", { baseline }, async (host) => {
  const target = await host.buildToplevel(systemSpec({ label: "new" }, PATIENT));
  const id = await deploy(host, target, "--delay", "0");
  await awaitsConfirmation(host, id);
  const json = v.parse(confirmSchema, JSON.parse(await host.ok(call(target, "confirm", "--json"))));
  assert.deepEqual([json.finalization.id, json.finalization.state], [id, "live"]);
});
