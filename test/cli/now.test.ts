import assert from "node:assert/strict";
import { readFileSync, watch } from "node:fs";
import { test } from "node:test";
import { end, enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import { nowSchema } from "../../src/json/commands.ts";
import { makeToplevel } from "../support/systems.ts";
import { NOTE, OperatedHost, parseJson } from "./operating.ts";

const NOW = new Date("2026-11-22T21:31:00Z");
const SINCE = { at: NOW.toISOString(), bootId: "boot-1", uptime: 1000 };

/** A host with one finalization that waits for its timer. */
class HurriedHost extends OperatedHost {
  readonly record: FinalizationRecord;

  constructor(changes: Partial<FinalizationRecord> = {}) {
    super();
    const target = makeToplevel(this.folder, "new");
    this.setProfile(target);
    this.record = this.save({ target, state: "waiting", ...changes });
  }

  /** A process drives it, and answers the wish with this record. */
  answerWith(answer: (before: FinalizationRecord) => FinalizationRecord): void {
    this.drive(this.record.id, null);
    const watcher = watch(this.store.folder, (_event, name) => {
      if (name !== `${this.record.id}.now`) return;
      watcher.close();
      this.store.save(answer(this.record));
    });
  }

  get starts(): readonly (readonly string[])[] {
    return this.ran.filter(([program, verb]) => program === "systemctl" && verb === "start");
  }
}

function hurried(past: string[] = []): (record: FinalizationRecord) => FinalizationRecord {
  return (record) => ({ ...record, hurried: { by: "somebody", past, since: SINCE } });
}

test("now: the wish is on disk before the unit is started", async () => {
  using host = new HurriedHost();
  host.answerWith(hurried());
  const seen: string[] = [];
  const spawn = host.spawn;
  host.spawn = async (argv, options) => {
    if (argv[1] === "start") {
      seen.push(readFileSync(host.folder.at(`state/${host.record.id}.now`), "utf8"));
    }
    return await spawn(argv, options);
  };
  const { exitCode, stdout, stderr } = await host.operate("now");
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /20261122-213000-aaaa acts now/);
  assert.deepEqual(seen, ["somebody\n"]);
  const unit = "deploy-finalize-20261122-213000-aaaa.service";
  assert.deepEqual(host.starts, [["systemctl", "start", "--no-block", "--", unit]]);
});

test("now: the gates to pass are named as explain prints them, or as words", async () => {
  using host = new HurriedHost();
  const past = ["CI job", "fleet lock"];
  host.answerWith(hurried(past));
  const { stdout } = await host.operate("now", "--past", "CI job", "--past", "fleet-lock");
  assert.match(stdout, /acts now, past the CI job, past the fleet lock/);
  assert.deepEqual(host.store.requests(host.record.id).now, { by: "somebody", past });
});

for (const [gate, why] of [
  ["inhibitors", /It is no gate\. Those to name: session, forge job, CI job, units, shutdown inh/],
  ["switch lock", /Nothing can act past the switch lock\. Those to name: session/],
] as const) {
  test(`now: --past "${gate}" is refused with the names`, async () => {
    using host = new HurriedHost();
    const { exitCode, stderr } = await host.operate("now", "--past", gate);
    assert.equal(exitCode, 2);
    assert.match(stderr, why);
    assert.equal(host.store.requests(host.record.id).now, null);
  });
}

test("now: a gate that is closed still is named, with how to pass it", async () => {
  using host = new HurriedHost();
  host.answerWith((record) => {
    host.drive(record.id, NOTE);
    return hurried()(record);
  });
  const { exitCode, stdout } = await host.operate("now");
  assert.equal(exitCode, 0);
  assert.match(stdout, /acts as soon as the CI job is open: ci-runner\.service runs a job/);
  assert.match(stdout, /deploy-finalize now 20261122-213000-aaaa --past ci-job/);
});

test("now --json: the finalization and what it waits for", async () => {
  using host = new HurriedHost();
  host.answerWith((record) => {
    host.drive(record.id, NOTE);
    return hurried(["units"])(record);
  });
  const { stdout } = await host.operate("now", "--json", "--past", "units");
  const json = parseJson(nowSchema, stdout);
  const expected = { by: "somebody", at: SINCE.at, past: ["units"] };
  assert.deepEqual([json.finalization.hurried, json.waiting?.for], [expected, "CI job"]);
});

test("now: the gates of a wish that is not taken up yet stay", async () => {
  using host = new HurriedHost();
  host.store.requestNow(host.record.id, { by: "ann", past: ["units"] });
  host.answerWith(hurried(["fleet lock", "units"]));
  await host.operate("now", "--past", "fleet lock");
  const past = ["fleet lock", "units"];
  assert.deepEqual(host.store.requests(host.record.id).now, { by: "somebody", past });
});

for (const [state, why] of [
  ["switching", /acts already: it is switching/],
  ["verifying", /acts already: it is verifying/],
  ["live", /has already ended: it is live\. Nothing waits to act/],
] as const) {
  test(`now: one that is ${state} is refused, and no wish is left`, async () => {
    using host = new HurriedHost({ state });
    const { exitCode, stderr } = await host.operate("now");
    assert.equal(exitCode, 1);
    assert.match(stderr, why);
    assert.deepEqual([host.store.requests(host.record.id).now, host.starts], [null, []]);
  });
}

test("now: one that begins to act by itself in that moment is not said to be hurried", async () => {
  using host = new HurriedHost();
  host.answerWith((record) => enter(record, "switching", NOW, "services only"));
  const { exitCode, stderr } = await host.operate("now");
  assert.equal(exitCode, 1);
  assert.match(stderr, /acts already: it is switching/);
});

test("now: one that is cancelled in that moment is not said to act", async () => {
  using host = new HurriedHost();
  host.answerWith((record) => end(record, "cancelled", NOW, { reason: "cancelled by ann" }));
  const { exitCode, stderr } = await host.operate("now");
  assert.equal(exitCode, 1);
  assert.match(stderr, /too late: .* is cancelled: cancelled by ann/);
});

test("now: a unit that does not answer is told of, and the wish stays", async () => {
  using host = new HurriedHost();
  host.drive(host.record.id, null);
  host.stop.abort();
  const { exitCode, stderr } = await host.operate("now");
  assert.equal(exitCode, 75);
  assert.match(stderr, /noted that .* is to act now, but its unit has not answered yet/);
  assert.equal(host.store.requests(host.record.id).now?.by, "somebody");
});

test("now: a host that goes down says that the boot comes first", async () => {
  using host = new HurriedHost();
  host.ends["systemctl"] = { stdout: "stopping\n" };
  const { exitCode, stderr } = await host.operate("now");
  assert.equal(exitCode, 75);
  assert.match(stderr, /the boot comes first, and it acts after that/);
  assert.deepEqual(host.starts, []);
});

test("now: only root may", async () => {
  using host = new HurriedHost();
  host.userId = 1000;
  const { exitCode, stderr } = await host.operate("now");
  assert.equal(exitCode, 1);
  assert.match(stderr, /acting now needs root/);
});

test("now: the gate of a command is named as it is configured", async () => {
  using host = new HurriedHost();
  const commands = [{ name: "backup", command: ["/busy"] }];
  const profile = host.folder.at("profiles/system");
  host.folder.write("config.json", JSON.stringify({ profile, waitFor: { commands } }));
  const { exitCode, stderr } = await host.operate("now", "--past", "command buckup");
  assert.equal(exitCode, 2);
  assert.match(stderr, /command buckup is no gate\. Those to name: session, .*, command backup/);
  assert.equal(host.store.requests(host.record.id).now, null);
  const past = ["command backup"];
  host.answerWith(hurried(past));
  assert.equal((await host.operate("now", "--past", "command-backup")).exitCode, 0);
  assert.deepEqual(host.store.requests(host.record.id).now?.past, past);
});
