import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { end, enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import type { OwedReport } from "../../src/report/owed-report.ts";
import { Outbox } from "../../src/report/outbox.ts";
import { reportState } from "../../src/report/start-delivery.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { COMMIT, ended, receiver, scheduled } from "./reports.ts";

const OLDER = "0123456789".repeat(4);
const ID = "20261122-220000-back";
const AT = new Date("2026-11-22T22:00:10.000Z");

/** A way back that has just been scheduled, on the older commit. */
function wayBack(changes: Partial<FinalizationRecord> = {}): FinalizationRecord {
  const { id } = scheduled();
  return scheduled({ id: ID, revision: OLDER, rollbackOf: id, ...changes });
}

function live(record: FinalizationRecord): FinalizationRecord {
  const verified = enter(enter(record, "waiting", AT, ""), "switching", AT, "");
  return end(enter(verified, "verifying", AT, ""), "live", AT, { reason: "it runs" });
}

/** What is owed after all these were told, with the records that are there. */
async function owed(
  records: readonly FinalizationRecord[],
  told: readonly FinalizationRecord[],
  last: "published" | "prepared" = "published",
): Promise<{ entries: readonly OwedReport[]; said: string }> {
  using host = new EdgeHost();
  host.folder.write("state/.keep", "");
  const stateDir = host.folder.at("state");
  const store = new RecordStore(stateDir);
  for (const record of records) {
    if (last === "prepared" && record === records.at(-1)) store.saveNew(record);
    else store.save(record);
  }
  const receivers = [
    receiver({ kind: "gitea", url: "https://git", repository: "a/b", tokenFile: "/x" }),
    receiver({ kind: "ntfy", url: "https://ntfy/x" }),
  ];
  const config = { ...DEFAULT_CONFIG, stateDir, report: { ...DEFAULT_CONFIG.report, receivers } };
  for (const record of told) {
    await reportState(host, config, record, "changed", { command: ["/deploy-finalize"], path: "" });
  }
  return { entries: new Outbox(host, stateDir).owed(), said: host.said.join("\n") };
}

const statuses = (entries: readonly OwedReport[]): string[] =>
  entries
    .filter(({ receiver: { kind } }) => kind === "gitea")
    .map(({ event: { revision, event } }) => `${revision === COMMIT ? "new" : "old"} ${event}`);

test("a live deploy that is taken back is no success any more, once the way back is live", async () => {
  const before = ended("live");
  const { entries } = await owed([before], [before, wayBack(), live(wayBack())]);
  const expected = ["new scheduled", "new live", "old scheduled", "old live", "new rolled-back"];
  assert.deepEqual(statuses(entries).toSorted(), expected.toSorted());
  const last = entries.findLast(({ event }) => event.revision === COMMIT);
  assert.equal(last?.event.event, "rolled-back");
  assert.equal(last.event.id, before.id);
  assert.equal(last.event.summary, `rolled back: by ${ID}`);
  const toPeople = entries.filter(({ receiver: { kind } }) => kind === "ntfy");
  assert.deepEqual(
    toPeople.map(({ event }) => event.event),
    ["live", "live"],
  );
});

test("a second way back from the same one is told too", async () => {
  const before = ended("live");
  const second = wayBack({ id: "20261122-230000-back" });
  const { entries } = await owed([before], [before, live(wayBack()), live(second)]);
  const failures = statuses(entries).filter((status) => status === "new rolled-back");
  assert.equal(failures.length, 2);
});

test("while the way back has not ended, or did not come live, the deploy keeps its success", async () => {
  const before = ended("live");
  const failed = end(wayBack(), "failed", AT, { reason: "it does not switch" });
  const { entries } = await owed([before], [before, wayBack(), failed]);
  assert.ok(!statuses(entries).includes("new rolled-back"));
});

test("a way back to the same commit leaves it a success", async () => {
  const before = ended("live");
  const { entries } = await owed([before], [before, live(wayBack({ revision: COMMIT }))]);
  assert.ok(!statuses(entries).includes("new rolled-back"));
});

test("where the record of the deploy is gone, that is said, and the rest is told", async () => {
  const { entries, said } = await owed([], [live(wayBack())]);
  assert.match(
    said,
    /cannot report to the forges that 20261122-213000-aaaa was rolled back: .*missing/,
  );
  assert.ok(statuses(entries).includes("old live"));
});

test("a way back without a commit is not told to use an option that rollback does not have", async () => {
  const { said } = await owed([], [wayBack({ revision: null })]);
  assert.match(said, /no commit to report on/);
  assert.doesNotMatch(said, /--revision/);
});

const AGAIN = "20261122-213500-bbbb";

test("a deploy that the same commit superseded leaves the status to the newer one", async () => {
  const before = ended("superseded");
  const again = scheduled({ id: AGAIN });
  const { entries } = await owed([before, again], [again, before]);
  assert.deepEqual(statuses(entries), ["new scheduled", "new scheduled"]);
  const failed = ended("failed");
  assert.ok(
    !statuses((await owed([failed, again], [again, failed])).entries).includes("new failed"),
  );
});

test("a newer deploy whose schedule was killed tells nobody, so the older one says how it ended", async () => {
  const cancelled = ended("cancelled");
  const killed = scheduled({ id: AGAIN });
  const { entries } = await owed([cancelled, killed], [cancelled], "prepared");
  assert.ok(statuses(entries).includes("new cancelled"));
});

test("a deploy that another commit superseded, or that was tried, has its own status", async () => {
  const before = ended("superseded");
  for (const newer of [
    scheduled({ id: AGAIN, revision: OLDER }),
    scheduled({ id: AGAIN, configFile: "/etc/other.json" }),
    scheduled({ id: "20261122-200000-0lda" }),
  ]) {
    const { entries } = await owed([before, newer], [newer, before]);
    assert.ok(statuses(entries).includes("new superseded"));
  }
  const tried = ended("rolled-back");
  const { entries } = await owed([tried, scheduled({ id: AGAIN })], [tried]);
  assert.ok(statuses(entries).includes("new rolled-back"));
});
