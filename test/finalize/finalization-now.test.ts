import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { enter } from "../../src/core/record/record.ts";
import { readNow } from "../../src/finalize/finalization-now.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { writeWaitingNote } from "../../src/state-dir/waiting-note.ts";
import { NOTE, OperatedHost } from "../cli/operating.ts";
import { EdgeHost } from "../support/edge-host.ts";

const NOW = new Date("2026-11-22T21:29:30Z");
const SETTLING = { ...NOTE, for: "units", why: "they must stay up" };

/** A store whose finalization goes on as soon as its record has been read. */
class StoreAtWork extends RecordStore {
  readonly #steps: (() => void)[];

  constructor(folder: string, ...steps: (() => void)[]) {
    super(folder);
    this.#steps = steps;
  }

  override async read(id: string): ReturnType<RecordStore["read"]> {
    const read = await super.read(id);
    this.#steps.shift()?.();
    return read;
  }
}

test("a note that is newer than the record that was read is told with its own state", async () => {
  using operated = new OperatedHost();
  using edge = new EdgeHost();
  const waiting = enter(operated.save(), "waiting", NOW, "until all gates are open");
  const switching = operated.save(enter(waiting, "switching", NOW, "services only"));
  operated.drive(switching.id, null);
  edge.folder.write("proc/locks", readFileSync(operated.folder.at("proc/locks"), "utf8"));
  const store = new StoreAtWork(operated.store.folder, () => {
    operated.save(enter(switching, "verifying", NOW, "ended with exit code 0"));
    writeWaitingNote(operated.store, switching.id, SETTLING);
  });
  const now = await readNow(edge, store, switching.id);
  assert.ok(now.kind === "record");
  assert.deepEqual([now.record.state, now.waiting], ["verifying", SETTLING]);
});

test("a record that goes on with every look is told without a note", async () => {
  using operated = new OperatedHost();
  using edge = new EdgeHost();
  let record = operated.save(enter(operated.save(), "waiting", NOW, "until all gates are open"));
  operated.drive(record.id, NOTE);
  edge.folder.write("proc/locks", readFileSync(operated.folder.at("proc/locks"), "utf8"));
  const goOn = (): void => {
    record = operated.save({
      ...record,
      timeline: [...record.timeline, ...record.timeline.slice(-1)],
    });
  };
  const store = new StoreAtWork(operated.store.folder, ...Array.from({ length: 20 }, () => goOn));
  const now = await readNow(edge, store, record.id);
  assert.ok(now.kind === "record");
  assert.equal(now.waiting, null);
});
