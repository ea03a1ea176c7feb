import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hasActed } from "../core/record/can-roll-back.ts";
import { ID_PATTERN } from "../core/record/id.ts";
import type { Requests, ToActNow } from "../core/machine/types.ts";
import type { ParsedRecord } from "../core/record/parse-record.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { messageOf, Refusal } from "../core/refusal.ts";
import {
  listFolder,
  makeFolder,
  readIfThere,
  replacedBy,
  syncFolder,
  writeDurably,
} from "../host/files/durable.ts";
import { CurrentLink } from "./current.ts";
import { readUnlessOdd, toActNow } from "./texts.ts";
import type { LockName } from "./locks.ts";
import { requireOwnFolder } from "./own-folder.ts";

export type ReadRecord = ParsedRecord | { readonly kind: "missing" };

/** The number of records of ended finalizations to keep. */
const MOST_RECORDS = 100;

/** The records of one state folder. Readers never see a partial record: every write is a rename. */
export class RecordStore {
  readonly folder: string;
  readonly #current: CurrentLink;
  #isTrusted = false;

  constructor(folder: string) {
    this.folder = folder;
    this.#current = new CurrentLink(folder);
  }

  /** @throws Refusal if the folder cannot be written */
  save(record: FinalizationRecord): void {
    this.#guarded(() => {
      writeDurably(this.#path(record.id), textOf(record));
    });
  }

  /** Creates the folder if it is missing. */
  create(): void {
    this.#guarded(() => makeFolder(this.folder));
  }

  /**
   * Saves a new record and prepares it to become the newest one. Nothing points to it yet: if the
   * process is killed before `publish`, the next process of this record publishes it.
   */
  saveNew(record: FinalizationRecord): void {
    this.#guarded(() => {
      // The link first: a reader of the record sees that it is being scheduled. One sync of the
      // folder for both: it is the slowest step on a real disk.
      this.#current.prepare(record.id);
      writeDurably(this.#path(record.id), textOf(record));
    });
  }

  /** Undoes `saveNew`, also one that failed. Synced, because the next boot drives what it finds. */
  removeNew(id: string): void {
    this.#current.discard(id);
    rmSync(this.#path(id), { force: true });
    syncFolder(this.folder);
  }

  /** Makes a prepared record the newest one, unless that has been done. */
  publish(id: string): void {
    this.#guarded(() => {
      this.#current.publish(id);
    });
  }

  /** Keeps a prepared record from becoming the newest one. */
  discard(id: string): void {
    this.#guarded(() => {
      this.#current.discard(id);
    });
  }

  /** Whether it is being scheduled, or its `schedule` was killed. */
  isPrepared(id: string): boolean {
    return this.#guarded(() => this.#current.isPrepared(id));
  }

  prepared(): string[] {
    return this.#guarded(() => this.#current.prepared());
  }

  async read(id: string): Promise<ReadRecord> {
    const found = this.#guarded(() => readUnlessOdd(this.#path(id)));
    if (found.kind === "odd") return { kind: "broken", why: found.why };
    const { text } = found;
    if (text === null) return { kind: "missing" };
    // Loaded only here: `schedule` reads no record and has to be quick.
    const { parseRecord } = await import("../core/record/parse-record.ts");
    return parseRecord(text);
  }

  /** Every id in the folder, oldest first; none if there is no folder yet. */
  ids(): string[] {
    return this.#guarded(() => listFolder(this.folder))
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length))
      .filter((id) => ID_PATTERN.test(id))
      .toSorted();
  }

  /** All ids, `current` first: after a clock was set back, an older id must not count as the newest. */
  idsNewestFirst(): string[] {
    const newest = this.newest();
    const others = this.ids().filter((id) => id !== newest);
    return [...(newest === null ? [] : [newest]), ...others.toReversed()];
  }

  /** The ids of unreadable records, renamed to `.broken`. */
  setAside(): string[] {
    const names = this.#guarded(() => listFolder(this.folder));
    return names.flatMap((name) => /^(.+)\.json\.broken$/.exec(name)?.[1] ?? []).toSorted();
  }

  /** The newest finalization: the id that `current` points to. */
  newest(): string | null {
    return this.#guarded(() => this.#current.newest());
  }

  /** A newer finalization that has started to act; null if there is none. */
  async actedSince(id: string): Promise<string | null> {
    const newest = this.newest();
    if (newest === null || newest === id) return null;
    // An id from before the clock was set back may sort after both.
    const between = this.ids().filter((other) => other > id && other < newest);
    for (const other of [newest, ...between]) {
      const read = await this.read(other);
      if (read.kind === "record" && hasActed(read.record)) return other;
    }
    return null;
  }

  /** The newest finalization; null if there is none or it cannot be read. */
  async readNewest(): Promise<FinalizationRecord | null> {
    const id = this.newest();
    const read = id === null ? null : await this.read(id);
    return read?.kind === "record" ? read.record : null;
  }

  /**
   * The readable finalizations, newest first; each is read when the caller asks for it.
   *
   * @param most the number of ids to look at
   */
  async *newestFirst(most = Infinity): AsyncGenerator<FinalizationRecord> {
    for (const id of this.idsNewestFirst().slice(0, most)) {
      const read = await this.read(id);
      if (read.kind === "record") yield read.record;
    }
  }

  /** All readable finalizations, newest first. */
  async all(): Promise<FinalizationRecord[]> {
    const records: FinalizationRecord[] = [];
    for await (const record of this.newestFirst()) records.push(record);
    return records;
  }

  /**
   * Removes the oldest records beyond the number to keep, except records with a pin: they may not
   * have ended. Also removes the files of a killed call that had not recorded anything.
   *
   * @param pins reads the pins. They are read after the records: `schedule` pins before it saves
   */
  prune(pins: () => readonly string[]): void {
    const ids = this.ids();
    const halfWritten = this.#halfWritten();
    const prepared = this.prepared();
    const pinned = pins();
    const newest = this.newest();
    const isKept = (id: string): boolean => id === newest || pinned.includes(id);
    const isLeft = (id: string): boolean => !isKept(id) && id < (newest ?? "");
    for (const [name, id] of halfWritten) {
      if (isLeft(id)) rmSync(join(this.folder, name), { force: true });
    }
    for (const id of prepared.filter(isLeft)) this.discard(id);
    const ended = ids.filter((id) => !isKept(id));
    for (const id of ended.slice(0, Math.max(0, ended.length - MOST_RECORDS))) {
      for (const ending of [
        "json",
        "lock",
        "cancel",
        "confirm",
        "rollback",
        "now",
        "waiting",
        "tries",
        "rollout",
      ]) {
        rmSync(join(this.folder, `${id}.${ending}`), { force: true });
      }
    }
  }

  #halfWritten(): [name: string, id: string][] {
    return listFolder(this.folder).flatMap((name) => {
      const id = /^([^.]+)\.json$/.exec(replacedBy(name) ?? "")?.[1];
      return id === undefined ? [] : [[name, id] as [string, string]];
    });
  }

  /** Renames an unreadable record to `.broken`, so that nothing acts on it. */
  quarantine(id: string): string {
    const aside = `${this.#path(id)}.broken`;
    this.#guarded(() => renameSync(this.#path(id), aside));
    return aside;
  }

  /** Leaves a request of `who` for the process that drives a finalization, now or later. */
  request(id: string, kind: Exclude<keyof Requests, "now">, who: string): void {
    this.#leave(id, kind, [who]);
  }

  /** Leaves the wish to act now: who asks, and then the gates to pass, one a line. */
  requestNow(id: string, { by, past }: ToActNow): void {
    this.#leave(id, "now", [by, ...past]);
  }

  #leave(id: string, kind: keyof Requests, lines: readonly string[]): void {
    this.#guarded(() => {
      writeDurably(this.#requestPath(id, kind), `${lines.join("\n")}\n`);
    });
  }

  requests(id: string): Requests {
    const read = (kind: keyof Requests): string | null =>
      this.#guarded(() => readIfThere(this.#requestPath(id, kind)))?.trim() ?? null;
    return {
      cancel: read("cancel"),
      confirm: read("confirm"),
      rollback: read("rollback"),
      now: toActNow(read("now")),
    };
  }

  lockPath(name: LockName): string {
    return join(this.folder, `${name}.lock`);
  }

  /** The lock of one finalization: its holder alone writes the record. */
  recordLockPath(id: string): string {
    return join(this.folder, `${id}.lock`);
  }

  #path(id: string): string {
    return join(this.folder, `${id}.json`);
  }

  #requestPath(id: string, kind: keyof Requests): string {
    return join(this.folder, `${id}.${kind}`);
  }

  #guarded<T>(access: () => T): T {
    if (!this.#isTrusted) {
      requireOwnFolder(this.folder);
      this.#isTrusted = true;
    }
    try {
      return access();
    } catch (error) {
      throw new Refusal(
        `cannot use the state folder ${this.folder}: ${messageOf(error)}. ` +
          `Make it writable for root, free some space, or use another folder with --state-dir.`,
      );
    }
  }
}

function textOf(record: FinalizationRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
