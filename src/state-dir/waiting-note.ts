import { rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { jsonAs } from "../core/answer.ts";
import { moment } from "../core/record/clock-schema.ts";
import { readIfThere, replaceFile } from "../host/files/durable.ts";
import type { RecordStore } from "./store.ts";

const noteSchema = v.object({
  /** A gate, `turn`, `switch`, or the step of the verification. */
  for: v.string(),
  why: v.string(),
  since: moment,
  /** When this wait ends at the latest; null if it has no limit. */
  until: v.nullable(moment),
  /** What happens at `until`; null if that depends on the host then. */
  next: v.nullable(v.picklist(["give-up", "proceed"])),
});

/** What the process of a finalization waits for now, as last recorded. */
export type WaitingNote = Readonly<v.InferOutput<typeof noteSchema>>;

/** Reports the current wait; null when it is over. */
export type TellWaiting = (note: WaitingNote | null) => void;

/**
 * Writes the note beside the record, for `status` and `wait`. Not synced, because it means nothing
 * after a power cut. If it cannot be written, the finalization continues.
 */
export function writeWaitingNote(store: RecordStore, id: string, note: WaitingNote | null): void {
  const path = notePath(store, id);
  try {
    if (note === null) {
      rmSync(path, { force: true });
      return;
    }
    replaceFile(path, `${JSON.stringify(note)}\n`, { sync: "unsynced" });
  } catch {
    // A full disk: the finalization continues, and `status` shows less.
  }
}

/** Most waits for the turn are too short to show. */
const LATE_MS = 300;

/** Reports a wait only after it has lasted a moment. */
export function tellLate(
  tell: TellWaiting,
  wait: Pick<WaitingNote, "for" | "why"> &
    Partial<Pick<WaitingNote, "until" | "next">> & { readonly now: Date },
): { readonly end: () => void } {
  const { now, ...what } = wait;
  const note: WaitingNote = { until: null, next: null, ...what, since: now.toISOString() };
  const late = setTimeout(() => {
    tell(note);
  }, LATE_MS);
  const end = (): void => {
    clearTimeout(late);
    tell(null);
  };
  return { end };
}

/**
 * The last note; null if there is none. It is valid only while a process drives the finalization: a
 * killed process leaves its last note behind.
 */
export function readWaitingNote(store: RecordStore, id: string): WaitingNote | null {
  return parseWaitingNote(readIfThere(notePath(store, id)) ?? "");
}

/** The note in a text; null if the text holds none. */
export function parseWaitingNote(text: string): WaitingNote | null {
  return jsonAs(noteSchema, text);
}

function notePath(store: RecordStore, id: string): string {
  return join(store.folder, `${id}.waiting`);
}
