import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { type Slot, slotSchema } from "../core/slot.ts";
import { readIfThere, writeDurably } from "../host/durable.ts";
import { jsonIn } from "./words.ts";

/** The slot that this host may hold, in the state folder. */
export class SlotStore {
  readonly #path: string;
  readonly #say: (line: string) => void;

  constructor(stateDir: string, say: (line: string) => void) {
    this.#path = join(stateDir, "slot.json");
    this.#say = say;
  }

  read = (): Slot | null => {
    const text = readIfThere(this.#path);
    if (text === null) return null;
    const parsed = v.safeParse(slotSchema, jsonIn(text));
    if (parsed.success) return parsed.output;
    const aside = `${this.#path}.broken`;
    renameSync(this.#path, aside);
    this.#say(
      `what this host holds of the fleet lock cannot be read; set aside as ${aside}. ` +
        `See deploy-finalize lock status`,
    );
    return null;
  };

  write = (slot: Slot): void => {
    writeDurably(this.#path, `${JSON.stringify(slot, null, 2)}\n`);
  };

  remove = (): void => {
    rmSync(this.#path, { force: true });
  };
}
