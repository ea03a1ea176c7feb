import assert from "node:assert/strict";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import { makeClockSettable, moveCalendar, setClock } from "./clock-steps.ts";
import {
  awaitsConfirmation,
  call,
  ended,
  entered,
  newestRecord,
  path,
  recordOf,
  schedule,
  systemSpec,
} from "./deploying.ts";

const HOUR = 3600;
const baseline = systemSpec();
const CONFIRM = { verify: { settle: 0, confirm: { within: 600 } } };
/** A runner to wait for; with a limit that an hour exceeds. */
const RUNNERS = [{ unit: "ci-runner.service", detect: { kind: "processes" } }];
const GATED = { verify: { settle: 0 }, waitFor: { runners: RUNNERS, timeout: 600 } };

const unitOf = (id: string): string => `deploy-finalize-${id}.service`;

async function restarts(host: Host, id: string): Promise<number> {
  return Number(
    await host.ok(["systemctl", "show", "--property=NRestarts", "--value", unitOf(id)]),
  );
}

/** Its process ends at a signal, and another one goes on. */
async function restart(host: Host, id: string, signal: "KILL" | "TERM"): Promise<void> {
  const before = await restarts(host, id);
  await host.ok(["systemctl", "kill", `--signal=${signal}`, "--kill-who=main", unitOf(id)]);
  const hasRestarted = async () => {
    const isActive = (await host.run(["systemctl", "is-active", unitOf(id)])).stdout.trim();
    return isActive === "active" && (await restarts(host, id)) > before;
  };
  await host.until("it has been started again", hasRestarted);
}

/** Milliseconds from its scheduling to the first switch. */
function waitedMs({ timeline }: FinalizationRecord): number {
  const at = (state: string) => Date.parse(timeline.find((one) => one.state === state)?.at ?? "");
  return at("switching") - at("scheduled");
}

async function timersLeft(host: Host): Promise<string> {
  const list = ["systemctl", "list-units", "--all", "--plain", "--no-legend"];
  // Those of finalizations: another timer looks after a boot that hangs.
  return (await host.ok([...list, "deploy-finalize-2*.timer"])).trim();
}

hostTest("a clock that is set back does not hold a deploy", { baseline }, async (host) => {
  await makeClockSettable(host);
  const target = await host.buildToplevel(systemSpec({ label: "target" }));
  await host.setProfile(target);
  // The program and its timer see a clock that is an hour behind, once it is scheduled.
  const late = await moveCalendar(host, HOUR);
  await host.ok(["env", late, ...call(target, "--delay", "3")]);
  await setClock(host, -HOUR);
  const { id } = await newestRecord(host);
  const record = await ended(host, id);
  assert.equal(path(record), "scheduled waiting switching verifying live");
  await host.until("no timer is left", async () => (await timersLeft(host)) === "");
});

hostTest("a clock that is set forward ends no delay", { baseline }, async (host) => {
  const target = await host.buildToplevel(systemSpec({ label: "target" }));
  await host.setProfile(target);
  const early = await moveCalendar(host, -6);
  await host.ok(["env", early, ...call(target, "--delay", "8")]);
  const { id } = await newestRecord(host);
  const record = await ended(host, id);
  assert.equal(record.state, "live");
  assert.ok(waitedMs(record) >= 7900, `acted after ${waitedMs(record)} ms`);
});

for (const seconds of [HOUR, -HOUR]) {
  hostTest(
    `the clock is set by ${seconds} s while a gate is waited for: the wait goes on`,
    { baseline: systemSpec({ runner: "1" }, GATED) },
    async (host) => {
      await makeClockSettable(host);
      const target = await host.buildToplevel(systemSpec({ runner: "2" }, GATED));
      const job = await host.queueJob("until test -e /run/go; do sleep 0.1; done");
      await host.until("the job runs", () => host.job(job).state === "running");
      const id = await schedule(host, target, "--delay", "0");
      await entered(host, id, "waiting");
      await setClock(host, seconds);
      // The same process and the next one, each for several looks.
      await host.shell("sleep 2");
      await restart(host, id, "KILL");
      await host.until("the next process waits too", async () => {
        return (await host.journal(unitOf(id))).split("waits for CI job").length > 2;
      });
      await host.shell("sleep 2");
      assert.equal((await recordOf(host, id)).state, "waiting");
      await host.ok(["touch", "/run/go"]);
      const record = await ended(host, id);
      assert.equal(record.state, "live", record.outcome?.reason);
      const [waited] = record.waitedFor;
      assert.ok(waited !== undefined && waited.seconds >= 1 && waited.seconds < HOUR / 2);
      assert.equal(host.job(job).exitCode, 0);
    },
  );

  hostTest(
    `the clock is set by ${seconds} s while a confirmation is awaited: it can still be given`,
    { baseline },
    async (host) => {
      await makeClockSettable(host);
      const target = await host.buildToplevel(systemSpec({ label: "target" }, CONFIRM));
      const id = await schedule(host, target, "--delay", "0");
      await awaitsConfirmation(host, id);
      await setClock(host, seconds);
      await host.shell("sleep 2");
      await restart(host, id, "KILL");
      await host.shell("sleep 2");
      assert.equal((await recordOf(host, id)).state, "verifying");
      await host.ok(call(target, "confirm", id));
      assert.equal((await ended(host, id)).state, "live");
    },
  );
}

hostTest(
  "the clock is set back while a confirmation is awaited: it expires all the same",
  { baseline },
  async (host) => {
    await makeClockSettable(host);
    const config = { verify: { settle: 0, confirm: { within: 6 } } };
    const target = await host.buildToplevel(systemSpec({ label: "target" }, config));
    const id = await schedule(host, target, "--delay", "0");
    await awaitsConfirmation(host, id);
    await setClock(host, -HOUR);
    const record = await ended(host, id);
    assert.equal(record.state, "rolled-back");
    assert.match(record.outcome?.reason ?? "", /^not confirmed/);
  },
);

hostTest(
  "thirty restarts while a confirmation is awaited end no good deploy",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "target" }, CONFIRM));
    const id = await schedule(host, target, "--delay", "0");
    await awaitsConfirmation(host, id);
    const { confirmBy } = await recordOf(host, id);
    for (let times = 0; times < 30; times++) await restart(host, id, "TERM");
    const record = await recordOf(host, id);
    assert.deepEqual([record.state, record.confirmBy], ["verifying", confirmBy]);
    assert.ok(record.timeline.length < 10, String(record.timeline.length));
    await host.ok(call(target, "confirm", id));
    assert.equal((await ended(host, id)).state, "live");
  },
);
