import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { owesItsEnd } from "../../../src/fleet/part/part-store.ts";
import { until } from "../../test-host/until.ts";
import { PartHost, partRecord, ROLLOUT } from "./part-host.ts";

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

test("part: a file that cannot be understood is put aside", async () => {
  using host = new PartHost();
  const { id } = host.has(partRecord());
  host.folder.write(`state/${id}.rollout`, "{}");
  assert.equal((await host.part().admit()).kind, "admitted");
  assert.match(host.said.join(), /cannot read which rollout .* renamed the file/);
  assert.ok(readdirSync(host.store.folder).includes(`${id}.rollout.broken`));
});
