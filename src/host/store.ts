import { renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hasActed } from "../core/can-go-back.ts";
import { ID_PATTERN } from "../core/id.ts";
import type { Requests } from "../core/machine-types.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { messageOf, Refusal } from "../core/refusal.ts";
import {
  linkDurably,
  listFolder,
  makeFolder,
  readIfThere,
  readLink,
  replaceFile,
  writeDurably,
} from "./durable.ts";
import type { Undo } from "./undo.ts";

export type ReadRecord =
  | { readonly kind: "record"; readonly record: FinalizationRecord }
  | { readonly kind: "missing" }
  | { readonly kind: "broken"; readonly why: string };

/** How many records of finalizations that have ended are kept. */
const MOST_RECORDS = 100;

/** The records of one state folder. Readers never see half a record: every write is a rename. */
export class RecordStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws Refusal where the folder cannot be written */
  save(record: FinalizationRecord): void {
    this.#guarded(() => {
      writeDurably(this.#path(record.id), textOf(record));
    });
  }

  /**
   * Saves a new record and points `current` at it; makes the folder where there is
   * none. Undone, `current` names what it named before, unless it names a newer one by now.
   */
  saveNewest(record: FinalizationRecord): Undo {
    const isNew = this.#guarded(() => makeFolder(this.folder));
    const before = this.#guarded(() => readLink(this.#current()));
    const undo = (): void => {
      rmSync(this.#path(record.id), { force: true });
      this.#restoreCurrent(record.id, before);
      if (isNew) rmdirSync(this.folder);
    };
    try {
      this.#guarded(() => {
        // One sync of the folder for both: it is the slowest step on a real disk.
        replaceFile(this.#path(record.id), textOf(record));
        linkDurably(this.#current(), `${record.id}.json`);
      });
    } catch (error) {
      undo();
      throw error;
    }
    return undo;
  }

  #restoreCurrent(undone: string, before: string | null): void {
    if (readLink(this.#current()) !== `${undone}.json`) return;
    if (before === null) rmSync(this.#current(), { force: true });
    else linkDurably(this.#current(), before);
  }

  async read(id: string): Promise<ReadRecord> {
    const text = this.#guarded(() => readIfThere(this.#path(id)));
    if (text === null) return { kind: "missing" };
    // Loaded only here: scheduling, which is to be quick, reads no record.
    const { parseRecord } = await import("../core/parse-record.ts");
    return parseRecord(text);
  }

  /** Every id in the folder, oldest first; none where there is no folder yet. */
  ids(): string[] {
    return this.#guarded(() => listFolder(this.folder))
      .filter((name) => name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length))
      .filter((id) => ID_PATTERN.test(id))
      .toSorted();
  }

  /** A clock that was set back must not make an older one the newest. */
  idsNewestFirst(): string[] {
    const newest = this.newest();
    const others = this.ids().filter((id) => id !== newest);
    return [...(newest === null ? [] : [newest]), ...others.toReversed()];
  }

  /** The ids of records that were set aside, as they could not be understood. */
  setAside(): string[] {
    const names = this.#guarded(() => listFolder(this.folder));
    return names.flatMap((name) => /^(.+)\.json\.broken$/.exec(name)?.[1] ?? []).toSorted();
  }

  /** The id that `current` names: the newest finalization. */
  newest(): string | null {
    const link = this.#guarded(() => readLink(this.#current()));
    return link?.replace(/\.json$/, "") ?? null;
  }

  /** A finalization that is newer than this one and has begun to act; null where there is none. */
  async actedSince(id: string): Promise<string | null> {
    const newest = this.newest();
    if (newest === null || newest === id) return null;
    // One from before a clock was set back may sort behind both.
    const between = this.ids().filter((other) => other > id && other < newest);
    for (const other of [newest, ...between]) {
      const read = await this.read(other);
      if (read.kind === "record" && hasActed(read.record)) return other;
    }
    return null;
  }

  /** The newest finalization; null where there is none that can be read. */
  async readNewest(): Promise<FinalizationRecord | null> {
    const id = this.newest();
    const read = id === null ? null : await this.read(id);
    return read?.kind === "record" ? read.record : null;
  }

  /**
   * The finalizations that can be read, newest first; each is read when its turn comes.
   *
   * @param most looks at no more than so many ids
   */
  async *newestFirst(most = Infinity): AsyncGenerator<FinalizationRecord> {
    for (const id of this.idsNewestFirst().slice(0, most)) {
      const read = await this.read(id);
      if (read.kind === "record") yield read.record;
    }
  }

  /**
   * Removes the oldest records beyond those that are kept, but none that has a pin: it may not
   * have ended. Also what a call left that was killed before it had recorded anything.
   */
  prune(pinned: readonly string[]): void {
    this.#removeHalfWritten(pinned);
    const newest = this.newest();
    const ended = this.ids().filter((id) => id !== newest && !pinned.includes(id));
    for (const id of ended.slice(0, Math.max(0, ended.length - MOST_RECORDS))) {
      for (const ending of ["json", "lock", "cancel", "confirm", "rollback", "waiting"]) {
        rmSync(join(this.folder, `${id}.${ending}`), { force: true });
      }
    }
  }

  #removeHalfWritten(pinned: readonly string[]): void {
    const newest = this.newest() ?? "";
    for (const name of listFolder(this.folder)) {
      const [, id = newest] = /^(?:current\.)?([^.]+)\.json\.tmp$/.exec(name) ?? [];
      if (id >= newest || pinned.includes(id)) continue;
      rmSync(join(this.folder, name), { force: true });
    }
  }

  /** Sets a record that cannot be understood aside, so that nothing ever acts on it. */
  quarantine(id: string): string {
    const aside = `${this.#path(id)}.broken`;
    this.#guarded(() => renameSync(this.#path(id), aside));
    return aside;
  }

  /** Asks the process that drives a finalization, now or later, for something; `who` asks. */
  request(id: string, kind: keyof Requests, who: string): void {
    this.#guarded(() => {
      writeDurably(this.#requestPath(id, kind), `${who}\n`);
    });
  }

  requests(id: string): Requests {
    const read = (kind: keyof Requests): string | null =>
      this.#guarded(() => readIfThere(this.#requestPath(id, kind)))?.trim() ?? null;
    return { cancel: read("cancel"), confirm: read("confirm"), rollback: read("rollback") };
  }

  lockPath(name: string): string {
    return join(this.folder, `${name}.lock`);
  }

  #path(id: string): string {
    return join(this.folder, `${id}.json`);
  }

  #requestPath(id: string, kind: keyof Requests): string {
    return join(this.folder, `${id}.${kind}`);
  }

  #current(): string {
    return join(this.folder, "current");
  }

  #guarded<T>(access: () => T): T {
    try {
      return access();
    } catch (error) {
      throw new Refusal(
        `cannot use the state folder ${this.folder}: ${messageOf(error)}. ` +
          `Make it writable for root, free some space, or name another one with --state-dir.`,
      );
    }
  }
}

function textOf(record: FinalizationRecord): string {
  return `${JSON.stringify(record, null, 2)}\n`;
}
