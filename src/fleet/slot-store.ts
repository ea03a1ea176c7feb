import { renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../core/refusal.ts";
import { parseSlot, type Slot, slotText } from "../core/record/slot.ts";
import { readIfThere, syncFolder, writeDurably } from "../host/files/durable.ts";

/** The slot of this host according to the disk. */
export type SlotSeen =
  | { readonly kind: "none" }
  | { readonly kind: "slot"; readonly slot: Slot }
  | { readonly kind: "unknown"; readonly why: string };

/** The slot that this host may hold, in the state folder. */
export class SlotStore {
  readonly #path: string;
  readonly #say: (line: string) => void;

  constructor(stateDir: string, say: (line: string) => void) {
    this.#path = join(stateDir, "slot.json");
    this.#say = say;
  }

  /** Reads without side effects: an unreadable file stays in place. */
  look = (): SlotSeen => {
    try {
      const text = readIfThere(this.#path);
      if (text === null) return { kind: "none" };
      const slot = parseSlot(text);
      return slot === null
        ? { kind: "unknown", why: `cannot understand ${this.#path}` }
        : { kind: "slot", slot };
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) };
    }
  };

  read = (): Slot | null => {
    const text = readIfThere(this.#path);
    if (text === null) return null;
    const slot = parseSlot(text);
    if (slot !== null) return slot;
    const aside = `${this.#path}.broken`;
    renameSync(this.#path, aside);
    this.#say(
      `cannot read which slot of the fleet lock this host holds; renamed the file to ${aside}. ` +
        `See deploy-finalize lock status`,
    );
    return null;
  };

  write = (slot: Slot): void => {
    writeDurably(this.#path, slotText(slot));
  };

  remove = (): void => {
    rmSync(this.#path, { force: true });
    // Else a power cut brings it back, and with it the reason for which an operator gave the slot back.
    syncFolder(dirname(this.#path));
  };
}
