import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import type { PartEnd } from "../../../src/core/record/fleet/part.ts";
import { settleLost } from "../../../src/finalize/lost/rollout.ts";
import { handOnToReboot } from "../../../src/finalize/rollout/end-to-tell.ts";
import type { Self } from "../../../src/fleet/rollouts/rollout-server.ts";
import type { Reporter } from "../../../src/host/process/host.ts";
import { until } from "../../test-host/until.ts";
import { PartHost, partRecord, ROLLOUT } from "../../fleet/part/part-host.ts";

const RECORD = partRecord();
const { id: ID } = RECORD;
const NEWER = "20261122-213500-bbbb";

/** A host that was let in, and then lost the record. */
class LosingHost extends PartHost {
  async joins(): Promise<this> {
    const admission = await this.part(this.has(RECORD)).admit();
    assert.notEqual(admission.kind, "unknown");
    return this;
  }

  loses(what: "record" | "state folder"): this {
    if (what === "record") this.folder.remove(`state/${ID}.json`);
    else this.folder.remove("state");
    return this;
  }

  /** As its unit does it. */
  async settle(config = this.config, id = ID): Promise<string> {
    const { store, stop, rollouts } = this;
    const given = { id, name: "web1", store, config, stop: stop.signal };
    return await settleLost(this, { ...given, serverFor: rollouts.serverFor });
  }

  why(): string {
    return this.rollouts.control?.failures[0]?.why ?? "";
  }
}

for (const what of ["record", "state folder"] as const) {
  test(`lost ${what}: a host that was let in has failed for its group`, async () => {
    using host = (await new LosingHost().joins()).loses(what);
    assert.equal(await host.settle(), "settled");
    assert.equal(host.rollouts.doneOf("web1"), "failed");
    assert.match(host.why(), /^the record of 20261122-213000-aaaa was lost, and nobody knows/);
    assert.equal((await host.partOf(ID))?.isTold, true);
    const { length } = host.rollouts.asked;
    assert.equal(await host.settle(), "settled");
    assert.equal(host.rollouts.asked.length, length, "told once");
  });

  test(`lost ${what}: a host that waited leaves`, async () => {
    using host = new LosingHost({ wave: 1 });
    host.rollouts.knows("web0", 0, "waiting", 1);
    await host.joins();
    assert.equal(host.rollouts.stateOf("web1"), "waiting");
    assert.equal(await host.loses(what).settle(), "settled");
    assert.equal(host.rollouts.stateOf("web1"), "left");
    assert.deepEqual(host.rollouts.control?.failures, []);
  });

  test(`lost ${what}: etcd is away for a while, or this process is stopped`, async () => {
    using host = (await new LosingHost().joins()).loses(what);
    host.rollouts.weather = "away";
    const settling = host.settle();
    await until("it has tried twice", () => host.said.length > 0);
    host.rollouts.weather = "fine";
    assert.equal(await settling, "settled");
    assert.equal(host.rollouts.doneOf("web1"), "failed");
    using stopped = (await new LosingHost().joins()).loses(what);
    stopped.rollouts.weather = "away";
    stopped.stop.abort();
    assert.equal(await stopped.settle(), "stopped");
    assert.notEqual((await stopped.partOf(ID))?.isTold, true);
  });

  test(`lost ${what}: nothing is told of a host that is known for a newer finalization, or not at all`, async () => {
    using host = await new LosingHost().joins();
    await host.part(partRecord({ id: NEWER })).admit();
    assert.equal(await host.loses(what).settle(), "settled");
    assert.equal(host.rollouts.stateOf("web1"), "acting");
    using forgotten = await new LosingHost().joins();
    forgotten.rollouts.forget("web1");
    assert.equal(await forgotten.loses(what).settle(), "settled");
    assert.deepEqual(forgotten.rollouts.heeded, ["admit web1"]);
  });
}

/** As it is after a live switch whose reboot was put off, with the part of that. */
async function handedOn(host: LosingHost): Promise<void> {
  const ended = partRecord({
    state: "live",
    whilePutOff: "switch",
    rebootRequired: "a new kernel",
  });
  host.has(ended);
  host.has(partRecord({ id: NEWER, rebootOf: ID }));
  const { store } = host;
  const rollout = host.part(ended);
  const part = await host.partOf(ID);
  assert.ok(part !== null);
  const handed = await handOnToReboot({ host, store, rollout }, ended, part);
  assert.equal(handed.end?.kind, "handed-on");
}

for (const what of ["record", "record and part"] as const) {
  test(`lost ${what}: a reboot that was put off goes on with the part of its switch`, async () => {
    using host = await new LosingHost().joins();
    await handedOn(host);
    host.folder.remove(`state/${NEWER}.json`);
    if (what !== "record") host.folder.remove(`state/${NEWER}.rollout`);
    assert.equal(await host.settle(host.config, NEWER), "settled");
    assert.equal(host.rollouts.doneOf("web1"), "failed");
    assert.match(host.why(), /^the record of 20261122-213500-bbbb was lost, and nobody knows/);
    assert.equal((await host.partOf(NEWER))?.isTold, true);
  });
}

for (const [what, prepare] of [
  ["has not ended", (host: LosingHost) => host.has(RECORD)],
  ["still tells its end", (host: LosingHost) => host.has(partRecord({ state: "live" }))],
  ["has handed its part on to another one", handedOn],
] as const) {
  test(`lost record and part: nothing is told for an older one that ${what}`, async () => {
    using host = await new LosingHost().joins();
    await prepare(host);
    if (what === "has not ended") host.folder.remove(`state/${ID}.rollout`);
    assert.equal(await host.settle(host.config, "20261122-214000-cccc"), "settled");
    assert.deepEqual(host.rollouts.heeded, ["admit web1"]);
  });
}

test("lost record: one that is there once the lock is held is left to its process", async () => {
  using host = (await new LosingHost().joins()).loses("record");
  const { spawn } = host;
  host.spawn = async (argv, options) => {
    if (argv[0] === "flock") host.has(RECORD);
    return await spawn(argv, options);
  };
  assert.equal(await host.settle(), "settled");
  assert.equal(host.rollouts.stateOf("web1"), "acting");
  assert.equal((await host.partOf(ID))?.isTold, false);
});

const NOTED: [PartEnd, string, string][] = [
  [{ kind: "live" }, "live", ""],
  [{ kind: "failed", why: "it did not boot" }, "failed", "it did not boot"],
  [
    { kind: "soaking", since: { at: "2026-11-22T21:31:00.000Z", bootId: "boot-1", uptime: null } },
    "failed",
    `the record of ${ID} was lost while it soaked`,
  ],
];
for (const [end, state, why] of NOTED) {
  test(`lost record: an end that was noted before is told: ${end.kind}`, async () => {
    using host = await new LosingHost().joins();
    const part = await host.partOf(ID);
    assert.ok(part !== null);
    host.part(RECORD).note(part, end);
    assert.equal(await host.loses("record").settle(), "settled");
    assert.deepEqual([host.rollouts.stateOf("web1"), host.why()], [state, why]);
  });
}

test("lost record: one that is there, or that only a newer program can read, is left to its process", async () => {
  using host = await new LosingHost().joins();
  const newer = JSON.stringify({ ...RECORD, schemaVersion: 99 });
  for (const text of [null, newer]) {
    if (text !== null) host.folder.write(`state/${ID}.json`, text);
    assert.equal(await host.settle(), "settled");
    assert.equal(host.rollouts.stateOf("web1"), "acting");
  }
});

test("lost record: a state folder that is not mounted may still have it", async () => {
  using host = (await new LosingHost().joins()).loses("record");
  host.answers["systemctl show"] = { stdout: "LoadState=loaded\nActiveState=failed\n" };
  await assert.rejects(host.settle(), /is not mounted/);
  assert.equal(host.rollouts.stateOf("web1"), "acting");
});

test("lost record: a server that is not configured any more is tried for a day", async () => {
  using host = (await new LosingHost().joins()).loses("record");
  host.rollouts.weather = "away";
  host.time += 25 * 3_600_000;
  assert.equal(await host.settle({ ...host.config, lock: null, fleet: null }), "settled");
  assert.match(host.said.at(-1) ?? "", /does not try any more .*not configured any more/);
  assert.equal((await host.partOf(ID))?.isTold, true);
});

test("lost record: the end is reported with another record, before the disk says that it is told", async () => {
  using host = (await new LosingHost().joins()).loses("record");
  const seen: unknown[] = [];
  const report: Partial<Reporter> = {
    rollout: async ({ id }, { own, counts }) => {
      const part = await host.partOf(ID);
      seen.push([id, own?.state, own?.rollout, counts?.complete, part?.isTold]);
    },
  };
  Object.assign(host, { report });
  host.has(partRecord({ id: NEWER }));
  assert.equal(await host.settle(), "settled");
  assert.deepEqual(seen, [[NEWER, "failed", ROLLOUT, 1, false]]);
});

test("lost state folder: without rollouts nothing is asked or written", async () => {
  using host = (await new LosingHost().joins()).loses("state folder");
  assert.equal(await host.settle({ ...host.config, fleet: null }), "settled");
  assert.deepEqual(host.rollouts.heeded, ["admit web1"]);
  assert.ok(!readdirSync(host.folder.path).includes("state"));
});

test("lost state folder: it takes part under the name of its rollout", async () => {
  using host = (await new LosingHost().joins()).loses("state folder");
  const asked: string[] = [];
  host.rollouts.onRequest = (name, self: Self) => void asked.push(`${name} ${self.rollout}`);
  await host.settle();
  assert.deepEqual(asked, [`failed ${ROLLOUT}`]);
});
