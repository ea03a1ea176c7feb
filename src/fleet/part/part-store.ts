import { renameSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "../../core/record/fleet/part.ts";
import { ID_PATTERN } from "../../core/record/id.ts";
import { listFolder, writeDurably } from "../../host/files/durable.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { readUnlessOdd } from "../../state-dir/texts.ts";

type Folder = Pick<RecordStore, "folder">;

/** The part of a finalization in a rollout; null if it has asked for none. Without side effects. */
export async function lookAtPart(store: Folder, id: string): Promise<Part | null> {
  const found = readUnlessOdd(pathOf(store, id));
  return found.kind === "odd" ? null : await parsed(found.text);
}

/** The same for the process that drives it: a file that cannot be understood is put aside. */
export async function readPart(
  store: Folder,
  id: string,
  say: (line: string) => void,
): Promise<Part | null> {
  const path = pathOf(store, id);
  const found = readUnlessOdd(path);
  const part = found.kind === "odd" ? null : await parsed(found.text);
  if (part !== null || (found.kind === "text" && found.text === null)) return part;
  const aside = `${path}.broken`;
  renameSync(path, aside);
  say(`cannot read which rollout ${id} takes part in; renamed the file to ${aside}`);
  return null;
}

/** Without rollouts no schema is loaded. */
async function parsed(text: string | null): Promise<Part | null> {
  if (text === null) return null;
  const { parsePart } = await import("../../core/record/fleet/part.ts");
  return parsePart(text);
}

/** Durable when it returns. */
export function writePart(store: Folder, id: string, part: Part): void {
  writeDurably(pathOf(store, id), `${JSON.stringify(part, null, 2)}\n`);
}

/**
 * The part under the finalization by which the group knows this host: a newer one may have joined the same
 * rollout, and ended without an act. A rollback by hand has a part too, but under the ID of another one.
 */
export async function asTheGroupKnowsIt(
  store: Pick<RecordStore, "folder" | "ids">,
  part: Part,
): Promise<Part> {
  const newer = store.ids().filter((id) => id > part.finalization);
  const parts = await Promise.all(newer.map(async (id) => await lookAtPart(store, id)));
  const same = parts.filter((other) => other?.rollout === part.rollout);
  const known = [part, ...same].map((one) => one?.finalization ?? "").toSorted();
  return { ...part, finalization: known.at(-1) ?? part.finalization };
}

/** Whether a finalization that has ended still has to tell its group. */
export async function owesItsEnd(store: Folder, id: string): Promise<boolean> {
  return (await lookAtPart(store, id))?.isTold === false;
}

/** The finalizations that have asked for a part in a rollout, oldest first. */
export function idsOfParts({ folder }: Folder): string[] {
  return listFolder(folder)
    .flatMap((name) => /^(.+)\.rollout$/.exec(name)?.[1] ?? [])
    .filter((id) => ID_PATTERN.test(id))
    .toSorted();
}

function pathOf({ folder }: Folder, id: string): string {
  return join(folder, `${id}.rollout`);
}
