import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { moment } from "../core/record-schema.ts";
import { readIfThere } from "./durable.ts";
import type { RecordStore } from "./store.ts";

const noteSchema = v.object({
  /** A gate, `turn`, or what the verification is at. */
  for: v.string(),
  why: v.string(),
  since: moment,
  /** When this waiting ends at the latest; null where nothing bounds it. */
  until: v.nullable(moment),
  /** What happens at `until`; null where that depends on what is found. */
  next: v.nullable(v.picklist(["give-up", "proceed"])),
});

/** What the process that drives a finalization waits for right now, as it told last. */
export type WaitingNote = Readonly<v.InferOutput<typeof noteSchema>>;

/** Tells what is waited for; null once nothing is. */
export type TellWaiting = (note: WaitingNote | null) => void;

/**
 * Leaves the note beside the record, for `status` and `wait`. Not synced, as it means
 * nothing after a power cut, and a note that cannot be written harms nothing.
 */
export function writeWaitingNote(store: RecordStore, id: string, note: WaitingNote | null): void {
  const path = notePath(store, id);
  try {
    if (note === null) {
      rmSync(path, { force: true });
      return;
    }
    writeFileSync(`${path}.tmp`, `${JSON.stringify(note)}\n`, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  } catch {
    // A full disk: the finalization goes on, only less is seen of it.
  }
}

/** Most waits for the turn are over before anybody could read of them. */
const LATE_MS = 300;

/** Tells of a wait only once it has lasted a moment. */
export function tellLate(
  tell: TellWaiting,
  wait: { readonly for: string; readonly why: string; readonly now: Date },
): { readonly end: () => void } {
  const { now, ...what } = wait;
  const note: WaitingNote = { ...what, since: now.toISOString(), until: null, next: null };
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
 * The note that was written last, null where there is none. It is true only while some
 * process drives the finalization: one that was killed leaves its last note behind.
 */
export function readWaitingNote(store: RecordStore, id: string): WaitingNote | null {
  const text = readIfThere(notePath(store, id));
  if (text === null) return null;
  try {
    const parsed = v.safeParse(noteSchema, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

function notePath(store: RecordStore, id: string): string {
  return join(store.folder, `${id}.waiting`);
}
