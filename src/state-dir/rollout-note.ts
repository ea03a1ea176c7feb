import { join } from "node:path";
import { jsonAs } from "../core/answer.ts";
import { type RolloutNote, rolloutNoteSchema } from "../core/fleet/seen.ts";
import { readIfThere, replaceFile } from "../host/files/durable.ts";

function notePath(stateDir: string): string {
  return join(stateDir, "rollout-seen.json");
}

/** The last view of the rollout; null if there is none. */
export function readRolloutNote(stateDir: string): RolloutNote | null {
  return parseRolloutNote(readIfThere(notePath(stateDir)) ?? "");
}

export function parseRolloutNote(text: string): RolloutNote | null {
  return jsonAs(rolloutNoteSchema, text);
}

/** Not synced: after a power cut, the next look at the rollout writes it again. */
export function writeRolloutNote(stateDir: string, note: RolloutNote): void {
  replaceFile(notePath(stateDir), `${JSON.stringify(note)}\n`, { sync: "unsynced" });
}
