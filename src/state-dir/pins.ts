import { lstatSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { messageOf, Refusal } from "../core/refusal.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { listFolder, makeFolder, readLink, syncFolder } from "../host/files/durable.ts";
import type { Paths } from "../host/files/paths.ts";
import { type Undo, UndoList } from "../host/files/revert.ts";

/**
 * Protects target and previous from the garbage collector while a finalization may need them. Synced
 * to disk: after a boot, the pins name the finalizations that have not ended, and the store may be
 * on another file system than the records.
 */
export function pin(paths: Paths, record: FinalizationRecord): Undo {
  const links: string[] = [];
  const undo = new UndoList();
  const revert = (): void => {
    for (const link of links) rmSync(link, { force: true });
    if (links.length > 0) syncFolder(paths.pins);
  };
  undo.add(revert);
  const link = (toplevel: string, which: string): void => {
    const path = join(paths.pins, `${record.id}-${which}`);
    symlinkSync(toplevel, path);
    links.push(path);
  };
  try {
    makeFolder(paths.pins);
    link(record.target, "target");
    if (record.previous !== null) link(record.previous, "previous");
    syncFolder(paths.pins);
  } catch (error) {
    undo.run();
    throw new Refusal(`cannot pin the target in ${paths.pins}: ${messageOf(error)}`);
  }
  return revert;
}

/**
 * Moves the pin if the previous system changed since scheduling. After an interruption, the record
 * still has the old system and leads here again before the act.
 */
export function pinPrevious(paths: Paths, { id, previous }: FinalizationRecord): void {
  const link = join(paths.pins, `${id}-previous`);
  if (previous === null) return;
  try {
    if (readLink(link) === previous) return;
    makeFolder(paths.pins);
    rmSync(link, { force: true });
    symlinkSync(previous, link);
  } catch (error) {
    throw new Refusal(`cannot pin the previous system in ${paths.pins}: ${messageOf(error)}`);
  }
}

export function unpin(paths: Paths, id: string): void {
  for (const which of ["target", "previous"]) {
    rmSync(join(paths.pins, `${id}-${which}`), { force: true });
  }
}

/** When a finalization was pinned; the epoch if it is not. */
export function pinnedAt(paths: Paths, id: string): Date {
  const link = join(paths.pins, `${id}-target`);
  return lstatSync(link, { throwIfNoEntry: false })?.ctime ?? new Date(0);
}

/**
 * The finalizations with pins: those that have not ended. One pin is enough: a kill or a power cut
 * may leave the second one, which nothing else would ever remove.
 */
export function pinnedIds(paths: Paths): string[] {
  const names = listFolder(paths.pins);
  return [...new Set(names.flatMap((name) => /^(.+)-(?:target|previous)$/.exec(name)?.[1] ?? []))];
}
