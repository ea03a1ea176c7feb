import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** The units that a switch still has to start, restart or reload. The next switch continues with them. */
export type List = "start" | "restart" | "reload";

export class Lists {
  readonly #folder: string;

  /** `/run/nixos`, or `nixos` in the user's XDG_RUNTIME_DIR. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  read(list: List): string[] {
    const path = this.#path(list);
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, "utf8").split("\n");
    return lines.filter((unit) => unit !== "");
  }

  /** Adds the units that are not in the list. A list without units is not written. */
  record(list: List, units: Iterable<string>): void {
    const known = new Set(this.read(list));
    for (const unit of units) if (!known.has(unit)) appendFileSync(this.#path(list), `${unit}\n`);
  }

  unrecord(list: List, unit: string): void {
    const left = this.read(list).filter((name) => name !== unit);
    writeFileSync(this.#path(list), left.map((name) => `${name}\n`).join(""));
  }

  remove(list: List): void {
    rmSync(this.#path(list), { force: true });
  }

  #path(list: List): string {
    return join(this.#folder, `${list}-list`);
  }
}
