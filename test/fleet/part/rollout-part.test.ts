import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import type { Config } from "../../../src/core/config/config.ts";
import { owesItsEnd } from "../../../src/fleet/part/part-store.ts";
import { until } from "../../test-host/until.ts";
import { PartHost, partRecord, ROLLOUT } from "./part-host.ts";
import { unreadablePart } from "./unreadable.ts";

const NEVER = new AbortController().signal;

test("part: it is on the disk before etcd is asked, and says when etcd has answered", async () => {
  using host = new PartHost();
  const { id } = host.has(partRecord());
  const seen: unknown[] = [];
  host.rollouts.onRequest = (_name, self) => {
    seen.push(self.rollout, readdirSync(host.store.folder).includes(`${id}.rollout`));
  };
  host.rollouts.weather = "away";
  assert.equal((await host.part().admit()).kind, "unknown");
  assert.deepEqual(seen, [ROLLOUT, true]);
  assert.equal((await host.partOf(id))?.joined, null);
  host.rollouts.weather = "fine";
  assert.equal((await host.part().admit()).kind, "admitted");
  const part = await host.partOf(id);
  assert.equal(part?.joined?.at, host.now().toISOString());
  assert.deepEqual([part?.end, part?.isTold], [null, false]);
  assert.equal(await owesItsEnd(host.store, id), true);
});

test("part: a host without a machine id cannot tell", async () => {
  using host = new PartHost();
  host.folder.remove("etc/machine-id");
  const admission = await host.part().admit();
  assert.equal(admission.kind, "unknown");
  assert.deepEqual(host.rollouts.asked, []);
});

test("part: it has waited since it joined, also for the next process, but not while etcd is away", async () => {
  using host = new PartHost({ wave: 1 });
  host.boots(1000);
  host.passes(0);
  const { rollouts } = host;
  rollouts.knows("web0", 0, "live", 0);
  host.has(partRecord());
  const one = host.part();
  await one.admit();
  host.passes(600_000);
  await one.admit();
  rollouts.weather = "away";
  host.passes(60_000);
  await one.admit();
  host.passes(3_600_000);
  rollouts.weather = "fine";
  await one.admit();
  host.passes(60_000);
  await one.admit();
  await host.part().admit();
  const rounded = rollouts.waited.map((seconds) => Math.round(seconds));
  assert.deepEqual(rounded, [0, 600, 660, 720, 720]);
});

/** It has waited for a lower wave for so long. */
async function waitingHost(seconds: number): Promise<PartHost> {
  const host = new PartHost({ wave: 1 });
  host.boots(1000);
  host.passes(0);
  host.rollouts.knows("web0", 0, "live", 0);
  host.has(partRecord());
  await host.part().admit();
  host.passes(1000 * seconds);
  return host;
}

/** The group begins a rollout, in which only its own wave has hosts that ask. */
function goesOver(host: PartHost, name: string): void {
  const { rollouts } = host;
  const { control } = rollouts;
  assert.ok(control !== null);
  rollouts.past.push({ ...control, endedAt: "", live: 0, members: 0 });
  rollouts.control = { ...control, name, seq: control.seq + 1, halt: null };
}

test("part: in another rollout the wait begins anew, also if that has the same name", async () => {
  using host = await waitingHost(3000);
  const part = host.part();
  goesOver(host, "bbbb2222");
  const superseded = await part.admit();
  assert.equal(superseded.kind === "held" && superseded.because, "superseded");
  assert.equal((await host.partOf(partRecord().id))?.joined, null);
  goesOver(host, ROLLOUT);
  host.passes(1_000_000);
  await part.admit();
  host.passes(60_000);
  await part.admit();
  goesOver(host, ROLLOUT);
  await part.admit();
  await part.admit();
  assert.deepEqual(host.rollouts.waited, [0, 3000, 0, 60, 60, 0]);
  assert.equal(await host.part().formerWaitMs(), 4_060_000);
});

test("part: with another server, group or name of the host the wait begins anew, not with another member", async () => {
  using configured = new PartHost({ wave: 1 });
  const { lock, fleet } = configured.config;
  assert.ok(lock?.backend === "etcd" && fleet !== null);
  const [endpoint = ""] = lock.endpoints;
  const changes: [Partial<Config>, number][] = [
    [{ lock: { ...lock, endpoints: ["http://127.0.0.1:10"] } }, 0],
    [{ lock: { ...lock, prefix: "/other" } }, 0],
    [{ lock: { ...lock, id: "other" } }, 0],
    [{ fleet: { ...fleet, group: "other" } }, 0],
    [{ lock: { ...lock, endpoints: ["http://127.0.0.1:10", endpoint] } }, 600],
    [{ fleet: { ...fleet, group: "default", soak: 1 } }, 600],
  ];
  for (const [change, waited] of changes) {
    using host = await waitingHost(600);
    Object.assign(host.config, change);
    await host.part().admit();
    assert.equal(host.rollouts.waited.at(-1), waited, JSON.stringify(change));
  }
});

test("part: what a host asked of another server says nothing of this one: it joins at its end", async () => {
  using host = await waitingHost(600);
  const fleet = host.config.fleet;
  assert.ok(fleet !== null);
  Object.assign(host.config, { fleet: { ...fleet, group: "other" } });
  host.rollouts.weather = "away";
  const part = host.part();
  await part.admit();
  assert.equal((await host.partOf(partRecord().id))?.joined, null);
  host.rollouts.weather = "fine";
  const asked = await part.read();
  assert.ok(asked !== null);
  const joined = await part.join(asked, { stop: NEVER, patience: "one-try" });
  assert.equal(joined?.joined?.at, host.now().toISOString());
});

test("part: nobody is missed while this host is off", async () => {
  using host = await waitingHost(3000);
  host.passes(10_000_000);
  host.boots(60, "boot-2");
  host.passes(0);
  const part = host.part();
  await part.admit();
  host.passes(60_000);
  await part.admit();
  assert.deepEqual(host.rollouts.waited, [0, 0, 60]);
});

test("part: it waits for a change of the rollout, and no longer than until others are late", async () => {
  using host = new PartHost({ wave: 1, joinWithin: 1 });
  const { rollouts } = host;
  rollouts.knows("web0", 0, "live", 0);
  host.has(partRecord());
  const part = host.part();
  const first = await part.admit();
  assert.equal(first.kind === "held" && first.because, "wave");
  await part.change(NEVER);
  const halted = rollouts.control;
  assert.ok(halted !== null);
  rollouts.halt({ at: "", by: "ann", why: "a look first", kind: "operator" });
  await part.change(NEVER);
  assert.equal((await part.admit()).kind, "held");
  const waiting = part.change(NEVER);
  rollouts.resume();
  await waiting;
});

test("part: while etcd is away, it pauses between its tries", async () => {
  using host = new PartHost();
  host.has(partRecord());
  host.rollouts.weather = "away";
  const part = host.part();
  await part.admit();
  await part.change(NEVER);
  await part.admit();
  assert.equal(host.rollouts.asked.length, 2);
});

test("part: it withdraws once, in the background, and asks again before it acts", async () => {
  using host = new PartHost();
  host.has(partRecord());
  const part = host.part();
  part.letGo();
  await part.admit();
  assert.equal(host.rollouts.stateOf("web1"), "acting");
  part.letGo();
  part.letGo();
  await part.hasLetGo();
  assert.equal(host.rollouts.stateOf("web1"), "waiting");
  await part.admit();
  assert.deepEqual(host.rollouts.asked, ["admit web1", "withdraw web1", "admit web1"]);
});

test("part: what it tells is told until etcd has answered, or until it is stopped", async () => {
  using host = new PartHost();
  const { id } = host.has(partRecord());
  const part = host.part();
  await part.admit();
  const asked = await host.partOf(id);
  assert.ok(asked !== null);
  host.rollouts.weather = "lost";
  const over = new AbortController();
  const how = { stop: over.signal, patience: "endless" } as const;
  const telling = part.tell(asked, async (server, self) => await server.soaks(self), how);
  await until("it has tried again", () => host.rollouts.asked.length > 2);
  host.rollouts.weather = "fine";
  assert.equal((await telling)?.kind, "told");
  assert.deepEqual(host.said, ["cannot tell the group default yet: no etcd answers"]);
  host.rollouts.weather = "away";
  const stopped = part.tell(asked, async (server, self) => await server.soaks(self), how);
  over.abort();
  assert.equal(await stopped, null);
});

for (const what of ["file that cannot be understood", "folder"] as const) {
  test(`part: a ${what} is put aside`, async () => {
    using host = new PartHost();
    const { id } = host.has(partRecord());
    if (what === "folder") unreadablePart(host.folder, id, "folder");
    else host.folder.write(`state/${id}.rollout`, "{}");
    assert.equal((await host.part().admit()).kind, "admitted");
    assert.match(host.said.join(), /cannot read which rollout .* renamed the file/);
    assert.ok(readdirSync(host.store.folder).includes(`${id}.rollout.broken`));
  });
}
