import type { Slot } from "../core/slot.ts";
import type { SlotSeen } from "../lock/slot-store.ts";
import { age } from "./age.ts";
import { hanging } from "./explain-text.ts";
import type { Style } from "./style.ts";
import { symbol } from "./symbols.ts";
import { forPeople } from "./timeline.ts";

type Own = Pick<Slot, "state" | "finalization" | "askedAt" | "takenAt" | "keptBecause">;

/** What a host does with its slot: goes on after "this host" or its name. */
export function slotInWords(own: Own, now: Date): string {
  const { state, finalization, keptBecause } = own;
  const since = age(new Date(own.takenAt ?? own.askedAt), now);
  if (keptBecause !== null) {
    return `keeps a slot, taken ${since}, as ${finalization} failed: ${keptBecause}`;
  }
  switch (state) {
    case "asked":
      return `has asked for a slot ${since}, for ${finalization}`;
    case "held":
      return `holds a slot, taken ${since}, for ${finalization}`;
    case "giving-back":
      return `gives a slot back, taken ${since}, for ${finalization}`;
  }
}

const HALTED =
  "Others of the group have a slot less until it goes back: " +
  "once a deploy to this host is live, or by hand.";

/** The slot of this host, and what a slot that is kept means for the others; nothing where it has none. */
export function slotLines(style: Style, seen: SlotSeen, now: Date): string[] {
  switch (seen.kind) {
    case "none":
      return [];
    case "unknown": {
      const text = `fleet lock: cannot tell what this host holds: ${seen.why}`;
      return hanging(style, `${symbol(style, "warning")} `, forPeople(style, text, now));
    }
    case "slot": {
      const { slot } = seen;
      const isKept = slot.keptBecause !== null;
      const text = `fleet lock, group ${slot.lock.group}: ${slotInWords(slot, now)}`;
      const mark = symbol(style, isKept ? "warning" : "none");
      const lines = hanging(style, `${mark} `, forPeople(style, text, now));
      return isKept ? [...lines, ...hanging(style, "  ", HALTED)] : lines;
    }
  }
}
