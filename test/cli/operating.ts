import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as v from "valibot";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { type WaitingNote, writeWaitingNote } from "../../src/state-dir/waiting-note.ts";
import { FakeHost, type Said } from "../support/fake-host.ts";
import { aRecord } from "../support/records.ts";
import { saveNewest } from "../support/store.ts";

/** A host with records in its state folder, for the commands that show them. */
export class OperatedHost extends FakeHost {
  readonly store = new RecordStore(this.folder.at("state"));

  constructor() {
    super();
    this.folder.write("proc/locks", "");
    this.folder.write("proc/self/cgroup", "0::/user.slice\n");
    this.folder.write(
      "config.json",
      JSON.stringify({ profile: this.folder.at("profiles/system") }),
    );
  }

  /** Saves the record, the newest one, with this host's profile. */
  save(changes: Partial<FinalizationRecord> = {}): FinalizationRecord {
    const record = aRecord({ profile: this.folder.at("profiles/system"), ...changes });
    if (this.store.newest() === record.id) this.store.save(record);
    else saveNewest(this.store, record);
    return record;
  }

  /** A process drives the finalization, and has told what it waits for. */
  drive(id: string, note: WaitingNote | null): void {
    const path = this.folder.write(`state/${id}.lock`, "");
    const line = `1: FLOCK  ADVISORY  WRITE 708 00:1a:${statSync(path).ino} 0 EOF\n`;
    this.folder.write("proc/locks", line);
    writeWaitingNote(this.store, id, note);
  }

  /** What systemd tells of the timer, the service and the resume unit. */
  units(timer: string, service: string, resume = "ActiveState=inactive"): void {
    const stdout = [timer, service, resume].join("\n\n");
    this.ends["systemctl"] = { stdout: `${stdout}\n` };
  }

  /** Waits until a command that runs has come so far. */
  async until(isSo: () => boolean): Promise<void> {
    const deadline = performance.now() + 60_000;
    while (!isSo()) {
      assert.ok(performance.now() < deadline, "it does not come so far");
      await nextTurn();
    }
  }

  async operate(...args: string[]): Promise<Said> {
    const places = ["--config", this.folder.at("config.json"), "--state-dir", this.store.folder];
    return await this.call(...args, ...places);
  }
}

export const NOTE: WaitingNote = {
  for: "CI job",
  why: "ci-runner.service runs a job",
  since: "2026-11-22T21:29:00.000Z",
  until: "2026-11-22T22:29:00.000Z",
  next: "give-up",
};

/** Reads what a command printed with --json; what the schema does not know fails too. */
export function parseJson<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
): v.InferOutput<Schema> {
  const raw: unknown = JSON.parse(text);
  const parsed = v.parse(schema, raw);
  assert.deepEqual(parsed, raw);
  return parsed;
}
