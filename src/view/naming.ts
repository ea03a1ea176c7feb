import { basename } from "node:path";
import type { FinalizationRecord } from "../core/record.ts";

/** A system as people call it: its generation, else what its store path is named. */
export function systemName(toplevel: string | null, generation: number | null): string {
  if (generation !== null) return `generation ${generation}`;
  if (toplevel === null) return "an unknown system";
  return basename(toplevel).replace(/^[0-9a-z]{32}-/, "");
}

export function targetName({ target, targetGeneration }: FinalizationRecord): string {
  return systemName(target, targetGeneration);
}

export function previousName({ previous, previousGeneration }: FinalizationRecord): string {
  return systemName(previous, previousGeneration);
}

/** The part of an id that people type: its last four characters. */
export function shortId(id: string): string {
  return id.slice(id.lastIndexOf("-") + 1);
}

/** What a finalization takes back: `rollback of km17`; null for a deploy. */
export function rollbackName({ rollbackOf }: FinalizationRecord): string | null {
  return rollbackOf === null ? null : `rollback of ${shortId(rollbackOf)}`;
}
