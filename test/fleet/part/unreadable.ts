import { mkdirSync } from "node:fs";
import type { Folder } from "../../support/folder.ts";

/** A part that no process can read: a folder in its place, or an error of the system. */
export function unreadablePart(folder: Folder, id: string, what: "folder" | "loop"): void {
  const path = folder.at(`state/${id}.rollout`);
  if (what === "folder") mkdirSync(path);
  else folder.link(`state/${id}.rollout`, path);
}
