import assert from "node:assert/strict";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import {
  assertRuns,
  awaitsConfirmation,
  call,
  deploy,
  ended,
  entered,
  holdLock,
  PROGRAM,
  newestRecord,
  recordOf,
  schedule,
  STATE_DIR,
  stopTimer,
  stopUnit,
  systemSpec,
  waitsForTurn,
} from "./deploying.ts";

/**
 * A finalization that has begun to act keeps its turn while its process is away, and one that was
 * overtaken by another system touches nothing more.
 */

const baseline = systemSpec();
const UNCONFIRMED = { verify: { settle: 0, confirm: { within: 600 } } };

async function kill(host: Host, id: string): Promise<void> {
  await signal(host, id, "KILL");
}

async function signal(host: Host, id: string, name: "KILL" | "STOP" | "CONT"): Promise<void> {
  await host.ok(["systemctl", "kill", `--signal=${name}`, `deploy-finalize-${id}.service`]);
}

/** One that was killed in its switch, and whose unit was stopped: nobody drives it any more. */
async function leftInItsSwitch(host: Host) {
  const a = await host.buildToplevel(systemSpec({ label: "first" }));
  await host.holdActivation();
  const first = await deploy(host, a, "--delay", "0");
  await entered(host, first, "switching");
  await stopTimer(host, first);
  // In one call: systemd starts it again after a second.
  const unit = `deploy-finalize-${first}.service`;
  await host.shell(`systemctl kill --signal=KILL ${unit} && systemctl stop ${unit}`);
  await host.letActivate();
  return { a, first };
}

/** One that awaits its confirmation, and a newer one that waits for its turn. */
async function firstAndSecond(host: Host) {
  const a = await host.buildToplevel(systemSpec({ label: "first" }, UNCONFIRMED));
  const b = await host.buildToplevel(systemSpec({ label: "second" }));
  const first = await deploy(host, a, "--delay", "0");
  await awaitsConfirmation(host, first);
  const second = await deploy(host, b, "--delay", "0");
  await waitsForTurn(host, second);
  return { a, b, first, second };
}

async function processOf(host: Host, id: string): Promise<string> {
  const show = ["systemctl", "show", "--property=MainPID", "--value"];
  return (await host.ok([...show, `deploy-finalize-${id}.service`])).trim();
}

for (const how of ["killed", "asked to end"] as const) {
  hostTest(
    `${how} while it awaits its confirmation, it is not acted upon`,
    { baseline },
    async (host) => {
      const { a, b, first, second } = await firstAndSecond(host);
      const before = await processOf(host, first);
      if (how === "killed") await kill(host, first);
      else await host.ok(["systemctl", "restart", `deploy-finalize-${first}.service`]);
      await host.until("it is taken up again", async () => {
        const now = await processOf(host, first);
        return now !== "0" && now !== before;
      });
      await awaitsConfirmation(host, first);
      assert.equal((await recordOf(host, second)).state, "waiting");
      assert.equal((await host.facts()).current, a);
      await host.ok(call(a, "confirm", first));
      assert.equal((await ended(host, first)).state, "live");
      const last = await ended(host, second);
      assert.deepEqual([last.state, last.previous], ["live", a]);
      assert.equal((await host.facts()).current, b);
    },
  );
}

for (const how of ["power cut", "reboot"] as const) {
  hostTest(
    `a ${how} brings the newer deploy up: the older one ends`,
    { baseline },
    async (host) => {
      const { b, first, second } = await firstAndSecond(host);
      const before = host.bootId() ?? "";
      if (how === "power cut") {
        await host.powerCut();
        await host.powerOn();
      } else {
        await host.askForReboot();
        await host.rebooted(before);
      }
      const [older, newer] = [await ended(host, first), await ended(host, second)];
      assert.deepEqual([older.state, newer.state], ["failed", "live"]);
      assert.match(older.outcome?.reason ?? "", /another system was activated in the meantime/);
      const { booted, current, profile, bootDefault } = await host.facts();
      assert.deepEqual([booted, current, profile, bootDefault], [b, b, b, b]);
    },
  );
}

hostTest(
  "killed while it switches, it switches again before a newer one does",
  { baseline },
  async (host) => {
    const a = await host.buildToplevel(systemSpec({ label: "first" }));
    const b = await host.buildToplevel(systemSpec({ label: "second" }));
    await host.holdActivation();
    const first = await deploy(host, a, "--delay", "0");
    await entered(host, first, "switching");
    const second = await schedule(host, b, "--delay", "0");
    await waitsForTurn(host, second);
    await kill(host, first);
    await host.letActivate();
    const [older, newer] = [await ended(host, first), await ended(host, second)];
    assert.deepEqual([older.state, newer.state], ["live", "live"]);
    assert.equal(newer.previous, a);
    assert.equal((await host.facts()).current, b);
  },
);

hostTest(
  "killed while it goes back, it has gone back before a newer one acts",
  { baseline },
  async (host) => {
    const { current: base } = await host.facts();
    const { a, b, first, second } = await firstAndSecond(host);
    await host.holdActivation();
    const asked = host.run(call(a, "rollback", first, "--yes"));
    await entered(host, first, "rolling-back");
    await kill(host, first);
    await host.letActivate();
    const [older, newer] = [await ended(host, first), await ended(host, second)];
    await asked;
    assert.deepEqual([older.state, newer.state], ["rolled-back", "live"]);
    assert.equal(newer.previous, base);
    assert.equal((await host.facts()).current, b);
  },
);

for (const answer of ["nobody confirms", "somebody confirms"] as const) {
  hostTest(
    `switched by hand while it awaits its confirmation, ${answer}`,
    { baseline },
    async (host) => {
      const within = answer === "nobody confirms" ? 15 : 600;
      const a = await host.buildToplevel(
        systemSpec({ label: "first" }, { verify: { settle: 0, confirm: { within } } }),
      );
      const byHand = await host.buildToplevel(systemSpec({ label: "by-hand" }));
      const id = await deploy(host, a, "--delay", "0");
      await awaitsConfirmation(host, id);
      // It cannot end its wait before the other system is there.
      await signal(host, id, "STOP");
      await host.setProfile(byHand);
      await host.ok([`${byHand}/bin/switch-to-configuration`, "switch"]);
      await signal(host, id, "CONT");
      if (answer === "somebody confirms") {
        const told = await host.run(call(a, "confirm", id));
        assert.equal(told.exitCode, 1);
        assert.match(told.stderr, /another system was activated in the meantime/);
      }
      assert.equal((await ended(host, id)).state, "failed");
      await assertRuns(host, byHand);
    },
  );
}

hostTest(
  "one whose configuration is gone gives up, and holds up nobody",
  { baseline },
  async (host) => {
    await host.shell(`echo '${JSON.stringify(UNCONFIRMED)}' > /run/config.json`);
    const a = await host.buildToplevel(systemSpec({ label: "first" }));
    const b = await host.buildToplevel(systemSpec({ label: "second" }));
    await host.setProfile(a);
    await host.ok([...PROGRAM, "--delay", "0", "--config", "/run/config.json"]);
    const { id: first } = await newestRecord(host);
    await awaitsConfirmation(host, first);
    await host.shell("rm /run/config.json");
    await kill(host, first);
    const second = await deploy(host, b, "--delay", "0");
    assert.equal((await ended(host, second)).state, "live");
    assert.equal((await host.facts()).current, b);
  },
);

hostTest(
  "left behind while a newer one acted, it takes nothing back at the next boot",
  { baseline },
  async (host) => {
    const a = await host.buildToplevel(systemSpec({ label: "first" }, UNCONFIRMED));
    const first = await deploy(host, a, "--delay", "0");
    await awaitsConfirmation(host, first);
    await stopUnit(host, first);
    const second = await deploy(host, a, "--delay", "0");
    await awaitsConfirmation(host, second);
    await host.ok(call(a, "confirm", second));
    assert.equal((await ended(host, second)).state, "live");
    const { bootId } = await host.facts();
    await host.askForReboot();
    await host.rebooted(bootId);
    const { state, outcome } = await ended(host, first);
    assert.deepEqual(
      [state, outcome?.reason.startsWith(`${second} has acted since`)],
      ["failed", true],
    );
    await assertRuns(host, a);
  },
);

hostTest(
  "left behind in its switch, it does not bring its target back over a newer one",
  { baseline },
  async (host) => {
    const base = (await host.facts()).current ?? "";
    const { first } = await leftInItsSwitch(host);
    const second = await deploy(host, base, "--delay", "0");
    assert.equal((await ended(host, second)).state, "live");
    await host.ok(call(base, "resume"));
    assert.equal((await ended(host, first)).state, "failed");
    await assertRuns(host, base);
  },
);

hostTest(
  "taken up while a newer one acts, an older one does not undo it",
  { baseline },
  async (host) => {
    const { a, first } = await leftInItsSwitch(host);
    const b = await host.buildToplevel(systemSpec({ label: "second" }));
    await host.holdActivation();
    const second = await deploy(host, b, "--delay", "0");
    await entered(host, second, "switching");
    await host.ok(call(a, "resume"));
    await host.letActivate();
    const [older, newer] = [await ended(host, first), await ended(host, second)];
    assert.deepEqual([older.state, newer.state], ["failed", "live"]);
    await assertRuns(host, b);
  },
);

/** A stand-in for one that is quicker to take the turn than the older one, by a moment. */
async function actedAs(host: Host, newer: string, older: FinalizationRecord): Promise<void> {
  const record = JSON.stringify({ ...older, id: newer, state: "live" });
  await host.write(`${STATE_DIR}/${newer}.json`, record);
  await host.ok(["ln", "--symbolic", "--force", `${newer}.json`, `${STATE_DIR}/current`]);
}

hostTest(
  "waiting to go on while a newer one with the same target acts, it touches nothing more",
  { baseline },
  async (host) => {
    const { a, first } = await leftInItsSwitch(host);
    await holdLock(host, `${STATE_DIR}/turn.lock`);
    await host.ok(call(a, "resume"));
    const waits = ["pgrep", "--full", "flock --exclusive .*turn.lock"];
    await host.until("it waits", async () => (await host.run(waits)).exitCode === 0);
    const newer = `29991231-235959-${first.slice(-4)}`;
    await actedAs(host, newer, await recordOf(host, first));
    await host.ok(["systemctl", "stop", "holder.service"]);
    const { outcome, timeline } = await ended(host, first);
    assert.match(outcome?.reason ?? "", new RegExp(`^${newer} has acted since`));
    const after = timeline.map(({ state }) => state).slice(-2);
    assert.deepEqual(after, ["switching", "failed"]);
  },
);

hostTest(
  "a switch that another process takes up does not end a job that has begun since",
  { baseline: systemSpec({ runner: "1" }) },
  async (host) => {
    // Each look notes the process that looks.
    const look = "echo $PPID >> /run/looks; test -e /run/job";
    const detect = { kind: "command", command: ["/bin/sh", "-c", look] };
    const runners = [{ unit: "ci-runner.service", detect }];
    const config = { verify: { settle: 0 }, waitFor: { runners, drainRunners: false } };
    const failure = { switchFault: { after: "stop", times: 1 } } as const;
    const target = await host.buildToplevel(systemSpec({ runner: "2", failure }, config));
    // A job begins as soon as the runner is started again.
    const dropIn = "[Service]\nExecStartPost=/bin/touch /run/job\n";
    await host.write("/run/systemd/system/ci-runner.service.d/job.conf", dropIn);
    await host.ok(["systemctl", "daemon-reload"]);
    const id = await deploy(host, target, "--delay", "0");
    await host.until("the second switch waits for the job", async () => {
      const { timeline } = await recordOf(host, id);
      return timeline.some(({ detail }) => /^held up: .*job/.test(detail));
    });
    const before = await processOf(host, id);
    await host.ok(["systemctl", "restart", `deploy-finalize-${id}.service`]);
    await host.until("another process looks at the runner", async () => {
      const now = await processOf(host, id);
      const looks = await host.read("/run/looks");
      return now !== "0" && now !== before && looks.split("\n").includes(now);
    });
    assert.equal((await recordOf(host, id)).state, "switching");
    await host.ok(["rm", "/run/job", "/run/systemd/system/ci-runner.service.d/job.conf"]);
    assert.equal((await ended(host, id, 120_000)).state, "live");
  },
);
