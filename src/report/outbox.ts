import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readClock } from "../host/process/clock.ts";
import type { Host } from "../host/process/host.ts";
import { listFolder, makeFolder, readIfThere, writeDurably } from "../host/files/durable.ts";
import { type Way, wayOf, WAYS } from "./ways.ts";
import { type OwedReport, inOrder, fileNameOf, parseOwedReport, textOf } from "./owed-report.ts";

export type Ending = "done" | "given-up";
/** Creating a file of this name asks for a try of everything now. */
export const WAKE = "wake";
const ENDINGS: readonly Ending[] = ["done", "given-up"];

/**
 * The owed reports, one file each, below the state folder. An ended report keeps a file with
 * another extension, so it never becomes owed again, whatever crashes when.
 */
export class Outbox {
  readonly folder: string;
  readonly #host: Host;

  constructor(host: Host, stateDir: string) {
    this.#host = host;
    this.folder = join(stateDir, "outbox");
  }

  /** Makes a report owed, durably, unless it already is or was. */
  owe(entry: OwedReport): "owed-now" | "known" {
    makeFolder(this.folder);
    const name = fileNameOf(entry);
    if (this.#has(name, "json") || this.#ending(name) !== null) return "known";
    this.save({ ...entry, owedAt: readClock(this.#host) });
    return "owed-now";
  }

  save(entry: OwedReport): void {
    writeDurably(this.#path(fileNameOf(entry), "json"), textOf(entry));
  }

  /** After a crash in between, both files exist and the report counts as ended. */
  end(entry: OwedReport, ending: Ending): void {
    const name = fileNameOf(entry);
    writeDurably(this.#path(name, ending), textOf(entry));
    rmSync(this.#path(name, "json"), { force: true });
  }

  /** The owed reports that go such ways, in order. An unreadable file is renamed to `.broken`. */
  owed(ways: readonly Way[] = WAYS): OwedReport[] {
    return this.names("json")
      .flatMap((name) => this.#readOwed(name))
      .filter(({ receiver }) => ways.includes(wayOf(receiver)))
      .toSorted(inOrder);
  }

  /** The ways that the owed reports go. */
  ways(): Way[] {
    const owed = new Set(this.owed().map(({ receiver }) => wayOf(receiver)));
    return WAYS.filter((way) => owed.has(way));
  }

  #readOwed(name: string): OwedReport[] {
    const path = this.#path(name, "json");
    if (this.#ending(name) !== null) {
      rmSync(path, { force: true });
      return [];
    }
    const text = readIfThere(path);
    if (text === null) return [];
    const parsed = parseOwedReport(text);
    const own = parsed.kind === "entry" ? fileNameOf(parsed.entry) : null;
    if (parsed.kind === "entry" && own === name) return [parsed.entry];
    renameSync(path, `${path}.broken`);
    // Its end would be kept under the other name, so it would be owed for ever.
    const why = parsed.kind === "broken" ? parsed.why : `its name should be ${own}`;
    this.#host.say(`cannot read ${path}, renamed it to .broken: ${why}`);
    return [];
  }

  isEmpty(): boolean {
    return this.names("json").length === 0;
  }

  /** The number of reports for each receiver. */
  count(which: "owed" | "given-up"): Map<string, number> {
    const counts = new Map<string, number>();
    for (const name of this.names(which === "owed" ? "json" : which)) {
      const receiver = name.slice(name.lastIndexOf(".") + 1);
      counts.set(receiver, (counts.get(receiver) ?? 0) + 1);
    }
    return counts;
  }

  /** Makes the delivering process try everything now. */
  wake(): void {
    makeFolder(this.folder);
    writeFileSync(join(this.folder, WAKE), "", { mode: 0o600 });
    rmSync(join(this.folder, WAKE), { force: true });
  }

  /** Removes the ended reports on finalizations whose records were removed. */
  prune(known: readonly string[]): void {
    const ids = new Set(known);
    for (const ending of ENDINGS) {
      for (const name of this.names(ending)) {
        const id = name.slice(0, name.indexOf("."));
        if (!ids.has(id)) rmSync(this.#path(name, ending), { force: true });
      }
    }
  }

  /** The names of the owed reports (`json`), or of those with this ending. */
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
