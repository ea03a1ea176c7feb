import { existsSync, lstatSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../core/refusal.ts";
import { listFolder, prepareLink, readLink, syncFolder } from "../host/files/durable.ts";

const PREPARED = /^current\.([^.]+)\.json\.tmp$/;

/**
 * The link `current`, which names the newest finalization, and the links that are prepared to replace
 * it. A finalization with a prepared link is being scheduled, or its `schedule` was killed.
 */
export class CurrentLink {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The newest finalization. A link to a record that does not exist counts as none. */
  newest(): string | null {
    const link = readLink(this.#at("current"));
    if (link === null) return null;
    // A broken record was renamed.
    const isThere = [link, `${link}.broken`].some((name) => existsSync(this.#at(name)));
    return isThere ? link.replace(/\.json$/, "") : null;
  }

  /** Creates the prepared link: nothing after it needs space. */
  prepare(id: string): void {
    prepareLink(`${id}.json`, this.#prepared(id));
  }

  isPrepared(id: string): boolean {
    return readLink(this.#prepared(id)) !== null;
  }

  /** The finalizations with a prepared link. */
  prepared(): string[] {
    return listFolder(this.#folder).flatMap((name) => PREPARED.exec(name)?.[1] ?? []);
  }

  /** Puts a prepared link in place, atomically; does nothing if there is none. */
  publish(id: string): void {
    try {
      this.#replace(id, this.#at("current"));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return;
      throw error;
    }
    syncFolder(this.#folder);
  }

  #replace(id: string, current: string): void {
    const found = lstatSync(current, { throwIfNoEntry: false });
    // No rename replaces a folder.
    if (found?.isDirectory() === true && this.isPrepared(id))
      renameSync(current, `${current}.${id}.broken`);
    renameSync(this.#prepared(id), current);
  }

  discard(id: string): void {
    rmSync(this.#prepared(id), { force: true });
  }

  #prepared(id: string): string {
    return this.#at(`current.${id}.json.tmp`);
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }
}
