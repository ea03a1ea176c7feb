import { rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { jsonAs } from "../core/answer.ts";
import { readIfThere, replaceFile } from "../host/files/durable.ts";
import type { RecordStore } from "./store.ts";

const uptime = v.pipe(v.number(), v.finite());
const rowSchema = v.object({
  bootId: v.string(),
  /** The uptime at the begin of the first try, and of the last one. */
  since: uptime,
  at: uptime,
  tries: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});

/** Tries in a row that ended with the death of their process. */
export type TriesInRow = Readonly<v.InferOutput<typeof rowSchema>>;

/** The row beside the record; null if there is none. */
export function readTries(store: RecordStore, id: string): TriesInRow | null {
  return parseTries(readIfThere(pathOf(store, id)) ?? "");
}

/** The row in a text; null if the text holds none. */
export function parseTries(text: string): TriesInRow | null {
  return jsonAs(rowSchema, text);
}

/**
 * Notes a try before it begins; null once it has ended by itself. Not synced, because it means
 * nothing after a power cut. If it cannot be written, the finalization continues.
 */
export function writeTries(store: RecordStore, id: string, row: TriesInRow | null): void {
  try {
    if (row === null) rmSync(pathOf(store, id), { force: true });
    else replaceFile(pathOf(store, id), `${JSON.stringify(row)}\n`, { sync: "unsynced" });
  } catch {
    // A full disk: the next try counts as the first one.
  }
}

function pathOf(store: RecordStore, id: string): string {
  return join(store.folder, `${id}.tries`);
}
