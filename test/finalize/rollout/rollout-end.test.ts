import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";
import type { Config } from "../../../src/core/config/config.ts";
import type { FleetConfig } from "../../../src/core/config/fleet/fleet-config.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import type { State } from "../../../src/core/states.ts";
import { owesItsEnd } from "../../../src/fleet/part/part-store.ts";
import type { Reporter } from "../../../src/host/process/host.ts";
import { RolloutEnd } from "../../../src/finalize/rollout/rollout-end.ts";
import { until } from "../../test-host/until.ts";
import { etcdConfig, fleetConfig } from "../../fleet/configs.ts";
import { PartHost, partRecord } from "../../fleet/part/part-host.ts";
import { unreadablePart } from "../../fleet/part/unreadable.ts";

const NEWER = "20261122-213500-bbbb";

function entry(state: State, detail = "") {
  return { at: "2026-11-22T21:32:00.000Z", state, detail };
}

/** A host that has been admitted and has ended. */
class EndedHost extends PartHost {
  readonly record: FinalizationRecord;

  /** A soak of more than a second lasts until the test lets time pass. */
  constructor(changes: Partial<FinalizationRecord>, { soak = 1 }: Partial<FleetConfig> = {}) {
    super({ soak });
    if (soak > 1) this.passes(0);
    const target = this.runs("target");
    const timeline = [entry("scheduled"), entry("waiting"), entry("switching")];
    this.record = this.has(partRecord({ target, timeline, ...changes }));
  }

  async joins(): Promise<this> {
    await this.part(this.record).admit();
    return this;
  }

  /** As the clean-up at the end does it. */
  async settle(record = this.record): Promise<boolean> {
    const end = new RolloutEnd(this.context(record));
    await end.begin(record);
    return await end.settle(record);
  }

  newer(changes: Partial<FinalizationRecord>): FinalizationRecord {
    return this.has(partRecord({ id: NEWER, rollout: "bbbb2222", ...changes }));
  }

  /** The process that goes on, on the same disk. */
  next(): EndedHost {
    const next = new EndedHost({ state: "live" });
    const { store, paths, rollouts, record } = this;
    return Object.assign(next, { store, paths, rollouts, record });
  }

  hasTrouble(): void {
    this.answers["systemctl list-units"] = { stdout: "web.service loaded failed failed Web\n" };
    this.showUnits({
      "web.service": { LoadState: "loaded", ActiveState: "failed", SubState: "failed" },
    });
  }

  last(): string | undefined {
    return this.rollouts.heeded.at(-1);
  }
}

test("end: one that has neither joined nor acted tells nothing, nor one without a rollout", async () => {
  const unacted: Partial<FinalizationRecord>[] = [
    { state: "failed", timeline: [entry("waiting"), entry("failed")] },
    { state: "cancelled" },
    { state: "live", rollout: null },
  ];
  for (const changes of unacted) {
    using host = new EndedHost(changes);
    assert.equal(await host.settle(), true);
    assert.deepEqual(host.rollouts.asked, []);
  }
});

test("end: one that has acted without asking joins at its end, so that nobody waits for it", async () => {
  using live = new EndedHost({ state: "live" });
  assert.equal(await live.settle(), true);
  assert.deepEqual(live.rollouts.heeded, ["admit web1", "soaks web1", "live web1"]);
  assert.equal(live.rollouts.doneOf("web1"), "live");
  using back = new EndedHost({ state: "rolled-back" });
  back.rollouts.weather = "away";
  const settling = back.settle();
  await until("it has tried", () => back.rollouts.asked.length > 1);
  back.rollouts.weather = "fine";
  assert.equal(await settling, true);
  assert.equal(back.rollouts.control?.halt?.kind, "failures");
});

test("end: a live host soaks, and is live then", async () => {
  using host = await new EndedHost({ state: "live" }).joins();
  const states: unknown[] = [];
  host.rollouts.onRequest = (name) => void states.push(name, host.rollouts.stateOf("web1"));
  assert.equal(await host.settle(), true);
  assert.deepEqual(states, ["soaks", "acting", "live", "soaking"]);
  assert.equal(host.rollouts.doneOf("web1"), "live");
  const part = await host.partOf(host.record.id);
  assert.deepEqual([part?.end, part?.isTold], [{ kind: "live" }, true]);
  assert.equal(await host.settle(), true);
  assert.equal(states.length, 4, "told once");
});

test("end: without a soak it is live at once", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 0 }).joins();
  assert.equal(await host.settle(), true);
  assert.equal(host.rollouts.doneOf("web1"), "live");
});

test("end: a host that falls ill while it soaks has failed in the rollout, and stays live", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 10 }).joins();
  const settling = host.settle();
  await until("it soaks", () => host.last() === "soaks web1");
  host.hasTrouble();
  assert.equal(await settling, true);
  const [failure] = host.rollouts.control?.failures ?? [];
  assert.match(failure?.why ?? "", /^unhealthy while it soaked: units settle: web\.service failed/);
  assert.equal(host.rollouts.control?.halt?.kind, "failures");
  const told = host.announced.map(({ fields }) => fields["DEPLOY_FINALIZE_EVENT"]);
  assert.deepEqual(told, ["soak-failed"]);
});

test("end: what had failed before does not count in the soak", async () => {
  const failedBefore = [{ unit: "web.service", restarts: 0 }];
  using host = await new EndedHost({ state: "live", failedBefore }).joins();
  host.hasTrouble();
  assert.equal(await host.settle(), true);
  assert.equal(host.rollouts.doneOf("web1"), "live");
});

test("end: a host on which another system was brought live is not live in the rollout", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 10 }).joins();
  host.folder.remove("run/current-system");
  host.runs("other");
  assert.equal(await host.settle(), true);
  assert.match(host.rollouts.control?.failures[0]?.why ?? "", /nix\/store\/other is current$/);
});

test("end: while a newer finalization has the turn, trouble may be its own", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 10 }).joins();
  host.hasTrouble();
  const lock = host.folder.write("state/turn.lock", "");
  host.folder.write(
    "proc/locks",
    `1: FLOCK  ADVISORY  WRITE 77 00:2f:${statSync(lock).ino} 0 EOF\n`,
  );
  const settling = host.settle();
  const looks = () => host.ran.filter((argv) => argv.includes("list-units"));
  await until("it has looked again", () => looks().length > 1);
  host.newer({ state: "switching", timeline: [entry("waiting"), entry("switching")] });
  assert.equal(await settling, true);
  assert.deepEqual(host.rollouts.control?.failures, []);
});

test("end: a shutdown is no trouble, and the next boot goes on with the time that is left", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 10 }).joins();
  host.boots(1000);
  host.hasTrouble();
  host.answers["systemctl show --property=SystemState"] = { stdout: "stopping\n" };
  const settling = host.settle();
  await until("it has looked", () =>
    host.ran.some(
      (argv) => argv.includes("SystemState") || argv.includes("--property=SystemState"),
    ),
  );
  host.stop.abort();
  assert.equal(await settling, false);
  assert.equal((await host.partOf(host.record.id))?.end?.kind, "soaking");
  assert.deepEqual(host.rollouts.control?.failures, []);
});

/** It soaks; then its process is gone, in order or not. */
async function soakingHost(how: "stopped" | "dead"): Promise<EndedHost> {
  const host = await new EndedHost({ state: "live" }, { soak: 10 }).joins();
  host.boots(1000);
  const settling = host.settle();
  await until("it soaks", () => host.last() === "soaks web1");
  const file = `state/${host.record.id}.rollout`;
  const text = host.text(file);
  host.stop.abort();
  assert.equal(await settling, false);
  // A process that dies writes nothing.
  if (how === "dead") host.folder.write(file, text);
  return host;
}

/** Its next process, in a boot in which the soak is over, or has just begun. */
function goesOn(host: EndedHost, bootId: string, soak: "over" | "left" = "over"): EndedHost {
  const over = bootId === "boot-1" ? 1020 : 60;
  host.boots(soak === "over" ? over : 1, bootId);
  const next = host.next();
  next.passes(soak === "over" ? 20_000 : 0);
  return next;
}

test("end: a host that boots in its soak without a shutdown has failed in the rollout", async () => {
  using host = await soakingHost("dead");
  using next = goesOn(host, "boot-2");
  assert.equal(await next.settle(), true);
  const [failure] = next.rollouts.control?.failures ?? [];
  assert.equal(failure?.why, "unhealthy while it soaked: it booted without a shutdown");
});

test("end: a process that dies in the soak is no boot, nor is a shutdown one without notice", async () => {
  for (const [how, bootId] of [
    ["dead", "boot-1"],
    ["stopped", "boot-2"],
  ] as const) {
    using host = await soakingHost(how);
    using next = goesOn(host, bootId);
    assert.equal(await next.settle(), true);
    assert.equal(next.rollouts.doneOf("web1"), "live");
  }
});

test("end: after a shutdown in the soak, the next boot is watched too", async () => {
  using host = await soakingHost("stopped");
  using second = goesOn(host, "boot-2", "left");
  const settling = second.settle();
  const file = `state/${host.record.id}.rollout`;
  await until("it is watched", async () => host.text(file).includes('"watchedIn": "boot-2"'));
  const text = host.text(file);
  second.stop.abort();
  await settling;
  host.folder.write(file, text);
  using third = goesOn(host, "boot-3");
  assert.equal(await third.settle(), true);
  assert.equal(third.rollouts.doneOf("web1"), "failed");
});

test("end: a newer finalization that reboots the host is no boot without a shutdown", async () => {
  using host = await soakingHost("dead");
  using next = goesOn(host, "boot-2");
  next.newer({ state: "verifying", timeline: [entry("waiting"), entry("rebooting")] });
  assert.equal(await next.settle(), true);
  assert.deepEqual(next.rollouts.control?.failures, []);
});

test("end: another process goes on with the time that is left of a soak", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 10 }).joins();
  host.boots(1000);
  const settling = host.settle();
  await until("it soaks", () => host.last() === "soaks web1");
  host.stop.abort();
  assert.equal(await settling, false);
  host.passes(9000);
  using next = host.next();
  next.passes(0);
  const going = next.settle();
  await until("it has looked", () => next.ran.some((argv) => argv.includes("list-units")));
  assert.equal(next.rollouts.doneOf("web1"), null);
  next.passes(2000);
  assert.equal(await going, true);
  assert.equal(next.rollouts.doneOf("web1"), "live");
});

test("end: the soak goes on while a newer finalization only waits, and ends when it acts", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 10 }).joins();
  const settling = host.settle();
  await until("it soaks", () => host.last() === "soaks web1");
  const newer = host.newer({ state: "waiting", timeline: [entry("scheduled"), entry("waiting")] });
  await host.part(newer).admit();
  const looks = host.ran.length;
  await until("it looks on", () => host.ran.length > looks);
  host.store.save({
    ...newer,
    state: "switching",
    timeline: [entry("waiting"), entry("switching")],
  });
  assert.equal(await settling, true);
  assert.deepEqual((await host.partOf(host.record.id))?.end, { kind: "handed-on", to: NEWER });
  assert.equal(host.last(), "admit web1", "the newer one tells its end itself");
});

test("end: a newer finalization that takes part in no rollout ends the soak: nobody waits for the host", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 10 }).joins();
  const settling = host.settle();
  await until("it soaks", () => host.last() === "soaks web1");
  host.newer({ state: "switching", timeline: [entry("waiting"), entry("switching")] });
  assert.equal(await settling, true);
  assert.equal(host.rollouts.stateOf("web1"), "left");
});

test("end: of the same rollout, the soak of the older one counts if the newer one is cancelled", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 10 }).joins();
  const settling = host.settle();
  await until("it soaks", () => host.last() === "soaks web1");
  const newer = host.newer({ rollout: host.record.rollout, state: "cancelled" });
  await host.part(newer).admit();
  assert.equal(await host.settle(newer), true);
  assert.equal(host.rollouts.stateOf("web1"), "left");
  host.passes(10_000);
  assert.equal(await settling, true);
  assert.equal(host.rollouts.doneOf("web1"), "live");
});

for (const state of ["rolled-back", "failed"] as const) {
  test(`end: ${state} halts the rollout, once`, async () => {
    const outcome = { reason: "it broke", activationExitCode: null, activationTail: [] };
    using host = await new EndedHost({ state, outcome }).joins();
    assert.equal(await host.settle(), true);
    assert.equal(await host.settle(), true);
    const { failures, halt } = host.rollouts.control ?? {};
    assert.deepEqual([failures?.length, halt?.why], [1, "web1: it broke"]);
  });
}

test("end: one that failed before it acted leaves the rollout, and halts nothing", async () => {
  const timeline = [entry("scheduled"), entry("waiting"), entry("failed", "waited too long")];
  using host = await new EndedHost({ state: "failed", timeline }).joins();
  assert.equal(await host.settle(), true);
  const own = [...host.rollouts.members.values()].find((member) => member.host === "web1");
  assert.deepEqual([own?.state, own?.why], ["left", "waited too long"]);
  assert.deepEqual([host.rollouts.control?.halt, host.rollouts.control?.failures], [null, []]);
});

test("end: who cancels by hand does not wait for etcd, and leaves it to the unit", async () => {
  using host = await new EndedHost({ state: "cancelled" }).joins();
  host.rollouts.weather = "away";
  assert.equal(await host.settle(), false);
  assert.equal(await owesItsEnd(host.store, host.record.id), true);
  host.rollouts.weather = "fine";
  assert.equal(await host.settle(), true);
  assert.equal(host.rollouts.stateOf("web1"), "left");
});

test("end: a full disk keeps up no clean-up, and the end is told when there is space again", async () => {
  using host = await new EndedHost({ state: "failed" }).joins();
  const file = `state/${host.record.id}.rollout`;
  const text = host.text(file);
  host.folder.remove(file);
  unreadablePart(host.folder, host.record.id, "loop");
  const end = new RolloutEnd(host.context(host.record));
  await end.begin(host.record);
  await assert.rejects(end.settle(host.record));
  host.folder.remove(file);
  host.folder.write(file, text);
  assert.equal(await host.settle(), true);
  assert.equal(host.rollouts.control?.failures.length, 1);
});

for (const state of ["cancelled", "superseded"] as const) {
  test(`end: ${state} leaves the rollout`, async () => {
    using host = await new EndedHost({ state }).joins();
    assert.equal(await host.settle(), true);
    assert.equal(host.rollouts.stateOf("web1"), "left");
    assert.equal(host.rollouts.control?.halt, null);
  });
}

test("end: a superseded one leaves nothing that the newer one has joined", async () => {
  using host = await new EndedHost({ state: "superseded" }).joins();
  const newer = host.newer({ rollout: host.record.rollout });
  await host.part(newer).admit();
  assert.equal(await host.settle(), true);
  assert.equal(host.rollouts.stateOf("web1"), "acting");
});

test("end: a rollback is told when it begins, and not again at its end", async () => {
  using host = await new EndedHost({ state: "rolling-back" }).joins();
  const end = new RolloutEnd(host.context(host.record));
  end.foresee(host.record);
  await until("it is told", () => host.rollouts.control?.halt?.kind === "failures");
  const over = { ...host.record, state: "rolled-back" as const };
  await end.begin(over);
  assert.equal(await end.settle(over), true);
  assert.equal(host.rollouts.asked.filter((what) => what === "failed web1").length, 1);
});

test("end: while etcd is away a rollback goes on, and its end is told later", async () => {
  using host = await new EndedHost({ state: "rolling-back" }).joins();
  host.rollouts.weather = "away";
  const end = new RolloutEnd(host.context(host.record));
  end.foresee(host.record);
  const over = { ...host.record, state: "rolled-back" as const };
  await end.begin(over);
  const settling = end.settle(over);
  await until("it has tried", () => host.rollouts.asked.length > 2);
  host.rollouts.weather = "lost";
  await until("it was heard", () => host.last() === "failed web1");
  host.rollouts.weather = "fine";
  assert.equal(await settling, true);
  assert.equal(host.rollouts.control?.failures.length, 1);
});

test("end: stopped before etcd answers, it is not over, and the next process tells it", async () => {
  using host = await new EndedHost({ state: "failed" }).joins();
  host.rollouts.weather = "away";
  const settling = host.settle();
  await until("it has tried", () => host.rollouts.asked.length > 2);
  host.stop.abort();
  assert.equal(await settling, false);
  assert.equal(await owesItsEnd(host.store, host.record.id), true);
  host.rollouts.weather = "fine";
  using next = host.next();
  assert.equal(await next.settle(), true);
  assert.equal(host.rollouts.control?.failures.length, 1);
});

test("end: in a rollout that is over it tells nobody anything any more", async () => {
  using host = await new EndedHost({ state: "failed" }).joins();
  const { control } = host.rollouts;
  assert.ok(control !== null);
  host.rollouts.control = { ...control, seq: 2, name: "bbbb2222" };
  assert.equal(await host.settle(), true);
  assert.deepEqual(host.rollouts.control.failures, []);
  assert.equal(await owesItsEnd(host.store, host.record.id), false);
});

test("end: a rollback by hand fails the rollout that the host has joined, whatever is configured then", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 0 }).joins();
  await host.settle();
  assert.equal(host.rollouts.doneOf("web1"), "live");
  const timeline = [entry("waiting"), entry("switching"), entry("live")];
  const back = host.newer({ rollbackOf: host.record.id, rollout: null, state: "live", timeline });
  const context = host.context(back, { ...host.config, fleet: null, lock: null });
  const end = new RolloutEnd(context);
  await end.begin(back);
  assert.equal(await end.settle(back), true);
  assert.match(host.rollouts.control?.halt?.why ?? "", /rolled back by hand, as /);
});

test("end: a rollback by hand counts, also after a newer finalization has asked for the same rollout", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 0 }).joins();
  await host.settle();
  const again = host.newer({ rollout: host.record.rollout, state: "cancelled" });
  await host.part(again).admit();
  await host.settle(again);
  const timeline = [entry("waiting"), entry("switching"), entry("live")];
  const back = host.has(
    partRecord({
      id: "20261122-214000-cccc",
      rollbackOf: host.record.id,
      rollout: null,
      state: "live",
      timeline,
    }),
  );
  assert.equal(await host.settle(back), true);
  assert.match(host.rollouts.control?.halt?.why ?? "", /rolled back by hand, as /);
});

test("end: a rollback by hand is told when it begins, and not again at its end", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 0 }).joins();
  await host.settle();
  const timeline = [entry("scheduled"), entry("waiting")];
  const rollbackOf = host.record.id;
  const waits = host.newer({ rollbackOf, rollout: null, state: "waiting", timeline });
  const end = new RolloutEnd(host.context(waits));
  end.foresee(waits);
  const acts = host.has({
    ...waits,
    state: "switching",
    timeline: [...timeline, entry("switching")],
  });
  const before = host.rollouts.asked.length;
  end.foresee(acts);
  await until("it is told", () => host.rollouts.control?.halt?.kind === "failures");
  const over = host.has({ ...acts, state: "live" });
  await end.begin(over);
  assert.equal(await end.settle(over), true);
  assert.deepEqual(host.rollouts.asked.slice(before), ["failed web1"]);
});

/** Etcd is away when its soak is over, and a newer finalization acts meanwhile. */
async function overtakenTelling(host: EndedHost, newer: Partial<FinalizationRecord>) {
  host.rollouts.weather = "away";
  const telling = host.settle();
  await until("it has tried", () => host.rollouts.asked.includes("live web1"));
  const timeline = [entry("waiting"), entry("switching"), entry("live")];
  return { telling, newer: host.newer({ state: "live", timeline, ...newer }) };
}

test("end: a host that was rolled back by hand is not live, although etcd was away meanwhile", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 0 }).joins();
  const back = { rollbackOf: host.record.id, rollout: null };
  const { telling, newer } = await overtakenTelling(host, back);
  assert.equal(await telling, true);
  host.rollouts.weather = "fine";
  assert.equal(await host.settle(newer), true);
  assert.equal(host.rollouts.doneOf("web1"), "failed");
  assert.equal(host.rollouts.heeded.includes("live web1"), false);
});

test("end: a host is not live on what a finalization without a rollout has replaced", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 0 }).joins();
  const { telling } = await overtakenTelling(host, { rollout: null });
  await telling;
  host.rollouts.weather = "fine";
  assert.equal(await host.settle(), true);
  assert.equal(host.rollouts.stateOf("web1"), "left");
  assert.equal(host.rollouts.doneOf("web1"), null);
});

/** It goes on by itself, as the unit of its finalization does. */
async function toldInUnit(host: EndedHost, changes: Partial<Config>): Promise<boolean> {
  Object.assign(host, { ownUnit: "deploy-finalize-x.service" });
  host.rollouts.weather = "away";
  const end = new RolloutEnd(host.context(host.record, { ...host.config, ...changes }));
  await end.begin(host.record);
  return await end.settle(host.record);
}

const DAY_MS = 24 * 3_600_000;

test("end: nobody is told for ever that a host left, once a newer finalization of it has acted", async () => {
  using host = await new EndedHost({ state: "superseded" }).joins();
  const timeline = [entry("waiting"), entry("switching"), entry("live")];
  const newer = host.newer({ state: "live", timeline });
  await host.part(newer).toAsk();
  assert.equal(await toldInUnit(host, {}), true);
  assert.match(host.said.join(), /does not try any more to tell the group default of aaaa1111/);
  assert.equal(await owesItsEnd(host.store, host.record.id), false);
});

test("end: a server that is not configured any more is given up after a day", async () => {
  const gone = { fleet: fleetConfig({ group: "other" }) };
  for (const changes of [gone, { fleet: null }, { lock: etcdConfig(["http://127.0.0.1:10"]) }]) {
    for (const state of ["live", "rolled-back", "cancelled"] as const) {
      using host = await new EndedHost({ state }, { soak: 0 }).joins();
      host.time += 2 * DAY_MS;
      assert.equal(await toldInUnit(host, changes), true);
      assert.ok(host.rollouts.asked.length > 1, "it has tried once");
      assert.match(host.said.join(), /its server is not configured any more/);
    }
  }
});

test("end: a server is not given up on the first day, nor while it is configured", async () => {
  for (const [days, changes] of [
    [0.9, { fleet: null }],
    [100, {}],
  ] as const) {
    using host = await new EndedHost({ state: "rolled-back" }).joins();
    host.time += days * DAY_MS;
    const telling = toldInUnit(host, changes);
    await until("it tries on", () => host.rollouts.asked.length > 4);
    host.rollouts.weather = "fine";
    assert.equal(await telling, true);
    assert.equal(host.rollouts.control?.failures.length, 1);
  }
});

test("end: a rollback by hand that has not acted tells nothing", async () => {
  using host = await new EndedHost({ state: "live" }, { soak: 0 }).joins();
  await host.settle();
  const back = host.newer({ rollbackOf: host.record.id, rollout: null, state: "cancelled" });
  assert.equal(await host.settle(back), true);
  assert.equal(host.rollouts.control?.halt, null);
});

test("end: the reboot that was put off goes on with the part, and leaves if it is cancelled", async () => {
  const putOff = { whilePutOff: "switch", rebootRequired: "kernel changed" } as const;
  using host = await new EndedHost({ state: "live", ...putOff }, { soak: 10 }).joins();
  const reboot = host.newer({ rebootOf: host.record.id, rollout: host.record.rollout });
  assert.equal(await host.settle(), true);
  assert.deepEqual([host.rollouts.stateOf("web1"), host.rollouts.doneOf("web1")], ["acting", null]);
  assert.equal(await host.settle({ ...reboot, state: "cancelled" }), true);
  assert.equal(host.rollouts.stateOf("web1"), "left");
});

test("end: a put-off reboot that was cancelled already gets no part, and the host leaves", async () => {
  const putOff = { whilePutOff: "switch", rebootRequired: "kernel changed" } as const;
  using host = await new EndedHost({ state: "live", ...putOff }, { soak: 10 }).joins();
  const { id: rebootOf, rollout } = host.record;
  const reboot = host.newer({ rebootOf, rollout, state: "cancelled" });
  assert.equal(await host.settle(), true);
  assert.equal(host.rollouts.stateOf("web1"), "left");
  assert.equal(await host.partOf(reboot.id), null);
});

/** A process that is killed at a request: etcd has heeded it, or has not, and nobody hears of it. */
const KILLS = [1, 2, 3].flatMap((request) =>
  (["away", "lost"] as const).map((weather) => ({ request, weather })),
);
const ENDS: readonly [State, (host: EndedHost) => void][] = [
  ["live", (host) => assert.equal(host.rollouts.doneOf("web1"), "live")],
  ["rolled-back", (host) => assert.equal(host.rollouts.control?.failures.length, 1)],
  ["cancelled", (host) => assert.equal(host.rollouts.stateOf("web1"), "left")],
];
for (const [state, assertTold] of ENDS) {
  test(`end: ${state}, and its process is killed at any request: the next one tells it`, async () => {
    for (const { request, weather } of KILLS) {
      using host = await new EndedHost({ state }).joins();
      let requests = 0;
      host.rollouts.onRequest = () => {
        if (++requests !== request) return;
        host.rollouts.weather = weather;
        host.stop.abort();
      };
      await host.settle();
      host.rollouts.onRequest = () => {};
      host.rollouts.weather = "fine";
      using next = host.next();
      assert.equal(await next.settle(), true);
      assertTold(next);
      assert.equal(await owesItsEnd(host.store, host.record.id), false);
    }
  });
}

const nothing = async (): Promise<void> => {};

test("end: what the group answers is reported before the disk says that it is told", async () => {
  using host = await new EndedHost({ state: "live" }).joins();
  const seen: unknown[] = [];
  const report: Reporter = {
    changed: async () => "noted",
    takenUp: nothing,
    settled: nothing,
    measured: nothing,
    late: nothing,
    rollout: async ({ id }, { own, counts }) => {
      seen.push([own?.state, counts?.live, (await host.partOf(id))?.isTold]);
    },
  };
  Object.assign(host, { report });
  assert.equal(await host.settle(), true);
  assert.deepEqual(seen, [
    ["soaking", 0, false],
    ["live", 1, false],
  ]);
});
