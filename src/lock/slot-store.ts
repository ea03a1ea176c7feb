import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { jsonIn } from "../core/answer.ts";
import { messageOf } from "../core/refusal.ts";
import { type Slot, slotSchema } from "../core/slot.ts";
import { readIfThere, writeDurably } from "../host/durable.ts";

/** What is on disk about the slot of this host. */
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

  /** For those who only look: what cannot be read stays where it is. */
  look = (): SlotSeen => {
    try {
      const text = readIfThere(this.#path);
      if (text === null) return { kind: "none" };
      const slot = parse(text);
      return slot === null
        ? { kind: "unknown", why: `${this.#path} makes no sense` }
        : { kind: "slot", slot };
    } catch (error) {
      return { kind: "unknown", why: messageOf(error) };
    }
  };

  read = (): Slot | null => {
    const text = readIfThere(this.#path);
    if (text === null) return null;
    const slot = parse(text);
    if (slot !== null) return slot;
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

function parse(text: string): Slot | null {
  const parsed = v.safeParse(slotSchema, jsonIn(text));
  return parsed.success ? parsed.output : null;
}
