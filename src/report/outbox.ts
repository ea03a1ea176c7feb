import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "../host/host.ts";
import { listFolder, makeFolder, readIfThere, writeDurably } from "../host/durable.ts";
import { type Entry, inOrder, nameOf, parseEntry, textOf } from "./entry.ts";

/** How a report that was owed ended. */
export type Ending = "done" | "given-up";
/** A file of this name that comes up calls for hurry. */
export const WAKE = "wake";
const ENDINGS: readonly Ending[] = ["done", "given-up"];

/**
 * The reports that are owed, a file each, below the state folder. One that has ended keeps
 * a file with another ending, so that it is never owed again, whatever crashes when.
 */
export class Outbox {
  readonly folder: string;
  readonly #host: Host;

  constructor(host: Host, stateDir: string) {
    this.#host = host;
    this.folder = join(stateDir, "outbox");
  }

  /** Makes a report owed, durably, unless it is or was: it is told which. */
  owe(entry: Entry): "owed-now" | "known" {
    makeFolder(this.folder);
    const name = nameOf(entry);
    if (this.#has(name, "json") || this.#ending(name) !== null) return "known";
    this.save(entry);
    return "owed-now";
  }

  save(entry: Entry): void {
    writeDurably(this.#path(nameOf(entry), "json"), textOf(entry));
  }

  /** After a crash in between both files are there, and it counts as ended. */
  end(entry: Entry, ending: Ending): void {
    const name = nameOf(entry);
    writeDurably(this.#path(name, ending), textOf(entry));
    rmSync(this.#path(name, "json"), { force: true });
  }

  /** All that is owed, in order. What cannot be read is set aside. */
  owed(): Entry[] {
    return this.names("json")
      .flatMap((name) => this.#readOwed(name))
      .toSorted(inOrder);
  }

  #readOwed(name: string): Entry[] {
    const path = this.#path(name, "json");
    if (this.#ending(name) !== null) {
      rmSync(path, { force: true });
      return [];
    }
    const text = readIfThere(path);
    if (text === null) return [];
    const parsed = parseEntry(text);
    if (parsed.kind === "entry") return [parsed.entry];
    renameSync(path, `${path}.broken`);
    this.#host.say(`set ${path} aside, which cannot be read: ${parsed.why}`);
    return [];
  }

  isEmpty(): boolean {
    return this.names("json").length === 0;
  }

  /** For how many reports each receiver has waited, or waits. */
  count(which: "owed" | "given-up"): Map<string, number> {
    const counts = new Map<string, number>();
    for (const name of this.names(which === "owed" ? "json" : which)) {
      const receiver = name.slice(name.lastIndexOf(".") + 1);
      counts.set(receiver, (counts.get(receiver) ?? 0) + 1);
    }
    return counts;
  }

  /** Has whoever delivers try everything now. */
  wake(): void {
    makeFolder(this.folder);
    writeFileSync(join(this.folder, WAKE), "", { mode: 0o600 });
    rmSync(join(this.folder, WAKE), { force: true });
  }

  /** Forgets the ends of reports on finalizations that are forgotten too. */
  prune(known: readonly string[]): void {
    const ids = new Set(known);
    for (const ending of ENDINGS) {
      for (const name of this.names(ending)) {
        const id = name.slice(0, name.indexOf("."));
        if (!ids.has(id)) rmSync(this.#path(name, ending), { force: true });
      }
    }
  }

  /** The reports that are owed (`json`), or that have ended so. */
  names(ending: Ending | "json"): string[] {
    return listFolder(this.folder)
      .filter((name) => name.endsWith(`.${ending}`))
      .map((name) => name.slice(0, -ending.length - 1));
  }

  #ending(name: string): Ending | null {
    return ENDINGS.find((ending) => this.#has(name, ending)) ?? null;
  }

  #has(name: string, ending: Ending | "json"): boolean {
    return existsSync(this.#path(name, ending));
  }

  #path(name: string, ending: Ending | "json"): string {
    return join(this.folder, `${name}.${ending}`);
  }
}
