import { table } from "./table.ts";
import type { LockJson } from "../json/lock.ts";
import { age } from "../core/age.ts";
import { slotInWords } from "./host-lines.ts";
import { paint, type Style } from "./style.ts";
import { wrap } from "./text.ts";
import { printable } from "../core/printable.ts";

/** The holders of the slots of the fleet lock, and the slot of this host. */
export function lockScreen(style: Style, now: Date, lock: LockJson): string[] {
  const where = `group ${lock.group} at ${lock.server.join(", ")} (${lock.backend})`;
  const own = `this host (${lock.id}): ${describeOwn(lock, now)}`;
  const lines = [where, own].flatMap((line) => wrap(style, printable(line), style.width));
  return [...lines, "", ...occupancyLines(style, now, lock)];
}

function describeOwn({ own, released, id }: LockJson, now: Date): string {
  if (own === null) return released === id ? "gave its slot back" : "holds no slot";
  return slotInWords(own, now);
}

function occupancyLines(style: Style, now: Date, lock: LockJson): string[] {
  const { holders, slots, unknown } = lock;
  if (holders === null || slots === null) {
    return wrap(style, printable(unknown ?? "the holders of the slots are unknown"), style.width);
  }
  const rows = holders.map(({ slot, host, id, finalization, takenAt, isThisHost }) => [
    String(slot),
    { text: printable(host), paint: bold(style, isThisHost ? "this" : "other") },
    printable(id),
    printable(finalization),
    takenAt === "" ? "" : age(new Date(takenAt), now),
  ]);
  const count = `${holders.length} of ${slots} ${slots === 1 ? "slot" : "slots"} taken`;
  if (rows.length === 0) return [count];
  const columns = [
    { title: "SLOT", align: "right" },
    { title: "HOST", shrink: "end" },
    { title: "HOLDER" },
    { title: "FINALIZATION", shrink: "end" },
    { title: "TAKEN", shrink: "end" },
  ] as const;
  return [count, ...table(style, columns, rows)];
}

function bold(style: Style, which: "this" | "other"): (text: string) => string {
  return (text) => (which === "this" ? paint(style, "bold", text) : text);
}
