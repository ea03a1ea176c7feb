import { lstatSync, rmdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { messageOf, Refusal } from "../core/refusal.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { listFolder, makeFolder, readLink } from "./durable.ts";
import type { Paths } from "./paths.ts";
import type { Undo } from "./undo.ts";

/**
 * Keeps target and previous from the garbage collector while a finalization may
 * still need them. Not synced to disk: after a power cut the generations of the
 * profile hold them, the pins only cover generations that are deleted meanwhile.
 */
export function pin(paths: Paths, record: FinalizationRecord): Undo {
  let isNew = false;
  const undo = (): void => {
    unpin(paths, record.id);
    if (isNew) rmdirSync(paths.pins);
  };
  try {
    isNew = makeFolder(paths.pins);
    symlinkSync(record.target, join(paths.pins, `${record.id}-target`));
    if (record.previous !== null) {
      symlinkSync(record.previous, join(paths.pins, `${record.id}-previous`));
    }
  } catch (error) {
    undo();
    throw new Refusal(`cannot pin the target in ${paths.pins}: ${messageOf(error)}`);
  }
  return undo;
}

/**
 * Moves the pin to a previous system that is another one than at scheduling. Cut off in
 * between, the record that is still the old one leads here again before anything is done.
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

/** When a finalization was pinned; the beginning of time where it is not. */
export function pinnedAt(paths: Paths, id: string): Date {
  const link = join(paths.pins, `${id}-target`);
  return lstatSync(link, { throwIfNoEntry: false })?.ctime ?? new Date(0);
}

/** The finalizations that hold pins: those that have not ended. */
export function pinnedIds(paths: Paths): string[] {
  return listFolder(paths.pins).flatMap((name) => name.match(/^(.+)-target$/)?.[1] ?? []);
}
