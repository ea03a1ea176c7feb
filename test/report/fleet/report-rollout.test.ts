import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import type { RolloutSeen } from "../../../src/core/fleet/seen.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import type { OwedReport } from "../../../src/report/owed-report.ts";
import { Outbox } from "../../../src/report/outbox.ts";
import { reportRollout } from "../../../src/report/fleet/report-rollout.ts";
import { readRolloutNote } from "../../../src/state-dir/rollout-note.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { COMMIT, receiver, scheduled } from "../reports.ts";
import { aRollout, halted, seen } from "./views.ts";

const OTHER = "0123456789".repeat(4);
const FORGE = { kind: "gitea", url: "https://git", repository: "a/b", tokenFile: "/x" };
const DELIVER = { command: ["/deploy-finalize"], path: "" };

/** A host of a group that reports to a forge, and to people. */
class Member extends EdgeHost {
  readonly stateDir = this.folder.at("state");
  receivers: object[] = [FORGE, { kind: "ntfy", url: "https://ntfy/x" }];

  readonly name: string;

  constructor(name = "web1") {
    super();
    this.name = name;
    this.folder.write("state/.keep", "");
  }

  record(changes: Partial<FinalizationRecord> = {}): FinalizationRecord {
    return scheduled({ host: this.name, rollout: COMMIT, ...changes });
  }

  async sees(changes: Partial<RolloutSeen>, record = this.record()): Promise<OwedReport[]> {
    const before = new Set(this.owed().map(({ event }) => event.key));
    const report = { ...DEFAULT_CONFIG.report, receivers: this.receivers.map(receiver) };
    const config = { ...DEFAULT_CONFIG, stateDir: this.stateDir, report };
    new RecordStore(this.stateDir).save(record);
    await reportRollout(this, config, record, seen(changes), DELIVER);
    this.time += 1000;
    return this.owed().filter(({ event }) => !before.has(event.key));
  }

  owed(): OwedReport[] {
    return new Outbox(this, this.stateDir).owed();
  }
}

const ended = (live: number, changes: object = {}): Partial<RolloutSeen> => ({
  counts: { waves: 2, complete: 0, members: 100, live, ...changes },
  own: { rollout: COMMIT, wave: 0, state: "live", because: null },
});

const events = (owed: readonly OwedReport[]): string[] => owed.map(({ event: { event } }) => event);

test("the host that begins the rollout reports the status of the group, once, to the forge alone", async () => {
  using host = new Member();
  const [owed, ...more] = await host.sees({});
  assert.deepEqual(more, []);
  assert.deepEqual(owed?.rollout, { group: "web", seq: 7, name: COMMIT });
  assert.deepEqual(owed.receiver, receiver({ ...FORGE, context: "deploy-finalize/group/web" }));
  assert.deepEqual([owed.event.event, owed.event.revision], ["scheduled", COMMIT]);
  assert.deepEqual(await host.sees({}), []);
  assert.equal(host.ran.filter(([program]) => program === "systemd-run").length, 1);
  using other = new Member("web2");
  assert.deepEqual(await other.sees({}), []);
});

test("of the hosts that end, those report that complete a wave or 5 % of the hosts", async () => {
  using host = new Member("web2");
  const soaks = (live: number): Partial<RolloutSeen> => ({
    ...ended(live),
    own: { rollout: COMMIT, wave: 0, state: "soaking", because: null },
  });
  assert.deepEqual(await host.sees(soaks(10)), []);
  assert.deepEqual(await host.sees(ended(11)), []);
  assert.deepEqual(events(await host.sees(ended(15))), ["scheduled"]);
  assert.deepEqual(await host.sees(soaks(16)), []);
  assert.deepEqual(events(await host.sees(ended(17, { complete: 1 }))), ["scheduled"]);
  assert.deepEqual(events(await host.sees(ended(100, { complete: 2 }))), ["live"]);
});

test("the last host of its wave reports it, also if it has not counted before", async () => {
  for (const [wave, complete, expected] of [
    [0, 0, []],
    [0, 1, ["scheduled"]],
    [2, 2, []],
    [2, 3, ["scheduled"]],
  ] as const) {
    using host = new Member("web2");
    const own = { rollout: COMMIT, wave, state: "live", because: null } as const;
    const counts = { waves: 5, complete, members: 100, live: 11 };
    assert.deepEqual(events(await host.sees({ own, counts })), expected);
  }
});

test("the host that halts the rollout reports it, and an operator who halts or resumes it", async () => {
  using host = new Member("web2");
  assert.deepEqual(await host.sees({ rollout: halted({ by: "web1" }) }), []);
  const own = halted({ by: "web2", at: "2026-11-22T22:00:00.000Z" });
  assert.deepEqual(events(await host.sees({ rollout: own })), ["failed"]);
  assert.deepEqual(await host.sees({ rollout: own }), []);
  const failed = { rollout: COMMIT, wave: 0, state: "failed", because: null } as const;
  const { counts = null } = ended(0);
  assert.deepEqual(await host.sees({ rollout: own, own: failed, counts }), []);
  assert.deepEqual(events(await host.sees({ rollout: aRollout(), own: null })), ["scheduled"]);
  const byHand = halted({ by: "root on web2", kind: "operator" });
  assert.deepEqual(events(await host.sees({ rollout: byHand, own: null })), ["failed"]);
});

test("a rollback by hand, and an operator, report with the finalization that knows the commit", async () => {
  using host = new Member("web2");
  await host.sees({});
  const id = "20261122-220000-back";
  const back = host.record({ id, rollbackOf: host.record().id, rollout: null, revision: OTHER });
  const own = { rollout: COMMIT, wave: 0, state: "failed", because: null } as const;
  const { counts = null } = ended(0);
  const rollout = halted({ by: "web2" });
  const [owed] = await host.sees({ rollout, own, counts }, back);
  assert.deepEqual([owed?.event.event, owed?.event.revision], ["failed", COMMIT]);
  const [resumed] = await host.sees({ rollout: aRollout(), own: null }, back);
  assert.deepEqual([resumed?.event.event, resumed?.event.revision], ["scheduled", COMMIT]);
});

test("a host that has lost the record reports with another one only if that is of the same rollout", async () => {
  for (const rollout of [COMMIT, null]) {
    using host = new Member("web2");
    await host.sees({});
    host.folder.remove(`state/${host.record().id}.json`);
    const other = host.record({ id: "20261122-220000-bbbb", rollout });
    const own = { rollout: COMMIT, wave: 0, state: "failed", because: null } as const;
    const { counts = null } = ended(0);
    const owed = await host.sees({ rollout: halted({ by: "web2" }), own, counts }, other);
    assert.deepEqual(events(owed), rollout === null ? [] : ["failed"]);
    assert.equal(readRolloutNote(host.stateDir)?.own?.state, "failed");
  }
});

test("a failure that does not halt the rollout is reported", async () => {
  using host = new Member("web2");
  const own = { rollout: COMMIT, wave: 0, state: "failed", because: null } as const;
  const rollout = aRollout({ failures: halted().failures });
  const counts = { waves: 2, complete: 0, members: 3, live: 0 };
  assert.deepEqual(events(await host.sees({ rollout, own, counts })), ["scheduled"]);
  const all = { ...counts, complete: 2, live: 2 };
  assert.deepEqual(events(await host.sees({ rollout, own, counts: all })), ["failed"]);
});

test("a new rollout ends the status of the one before, if that had another commit", async () => {
  using host = new Member();
  await host.sees({});
  const id = "20261122-220000-bbbb";
  const next = host.record({ id, rollout: OTHER, revision: OTHER });
  const rollout = aRollout({ seq: 8, name: OTHER });
  const owed = await host.sees({ rollout }, next);
  const told = owed.map(({ rollout: of, event: { event, revision } }) => [
    of?.seq,
    event,
    revision,
  ]);
  assert.deepEqual(
    told.toSorted(([a], [b]) => Number(a) - Number(b)),
    [
      [7, "superseded", COMMIT],
      [8, "scheduled", OTHER],
    ],
  );
  const again = host.record({ id: "20261122-230000-cccc", rollout: "again", revision: OTHER });
  const third = aRollout({ seq: 9, name: "again" });
  assert.deepEqual(events(await host.sees({ rollout: third }, again)), ["scheduled"]);
});

test("a host whose rollout was superseded reports nothing of the next one", async () => {
  using host = new Member("web2");
  const because = { rollout: COMMIT, wave: 0, state: "waiting", because: "superseded" } as const;
  const rollout = aRollout({ seq: 8, name: OTHER, startedBy: "web2" });
  assert.deepEqual(await host.sees({ rollout, own: because }), []);
  assert.equal(readRolloutNote(host.stateDir)?.finalization, null);
});

test("without a forge, a commit, or the states that it wants, no status is owed; the look is noted", async () => {
  for (const [receivers, revision] of [
    [[{ kind: "ntfy", url: "https://ntfy/x" }], COMMIT],
    [[FORGE], "v1.2"],
    [[{ ...FORGE, events: ["failed"] }], COMMIT],
  ] as const) {
    using host = new Member();
    host.receivers = [...receivers];
    assert.deepEqual(await host.sees({}, host.record({ revision })), []);
    assert.equal(readRolloutNote(host.stateDir)?.rollout.seq, 7);
  }
});

test("an answer without the rollout keeps the last one, and the time of the own state", async () => {
  using host = new Member("web2");
  await host.sees({});
  const since = readRolloutNote(host.stateDir)?.own?.since;
  await host.sees({ rollout: null });
  assert.equal(readRolloutNote(host.stateDir)?.own?.since, since);
  await host.sees({ ...ended(1), rollout: null });
  const note = readRolloutNote(host.stateDir);
  assert.deepEqual([note?.rollout.seq, note?.own?.state, note?.counts?.live], [7, "live", 1]);
  assert.notEqual(note?.own?.since, since);
  await host.sees({ rollout: aRollout({ seq: 8 }) });
  assert.equal(readRolloutNote(host.stateDir)?.counts, null);
  using fresh = new Member("web3");
  await fresh.sees({ rollout: null });
  assert.equal(readRolloutNote(fresh.stateDir), null);
});
