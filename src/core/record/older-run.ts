import type { ForgeRun } from "../config/forge-run.ts";
import { type FinalizationRecord, isUnfinished } from "./record.ts";

/** A CI run that comes after the deploy of a newer run of the same workflow. */
export interface OlderRun {
  /** The number of the run that deploys now. */
  readonly number: number;
  readonly newer: { readonly id: string; readonly number: number; readonly state: string };
  /** Whether somebody has started the run again: then a person wants the older state. */
  readonly attempt: "first" | "again";
}

/**
 * Finds out whether a run deploys what a newer run has replaced already: runs may wait for a runner,
 * and end in another order than they began. Null if it does not, or if that cannot be known.
 *
 * @param records newest first; a rollback, or a finalization that has come to nothing, is no deploy
 */
export function olderRun(
  run: ForgeRun | null,
  profile: string,
  records: readonly FinalizationRecord[],
): OlderRun | null {
  const own = run === null ? null : placeInOrder(run);
  if (run === null || own === null) return null;
  const deploys = records.filter((record) => record.profile === profile && counts(record));
  for (const { id, state, forgeRun, rollbackOf } of deploys) {
    // Somebody has gone back on purpose since.
    if (rollbackOf !== null) return null;
    const place = forgeRun === null ? null : placeInOrder(forgeRun);
    if (place === null || place.series !== own.series) continue;
    if (place.number <= own.number) return null;
    const attempt = Number(run.attempt ?? 1) > 1 ? "again" : "first";
    return { number: own.number, newer: { id, number: place.number, state }, attempt };
  }
  return null;
}

/** The deploy of the older run may have set the profile already, which ends the newer one. */
function counts(record: FinalizationRecord): boolean {
  return record.state === "live" || record.state === "superseded" || isUnfinished(record);
}

/** Whether `guard.olderRun` refuses the deploy. A person who starts a run again wants its state. */
export function isRefused(
  { attempt }: Pick<OlderRun, "attempt">,
  guard: "warn" | "refuse" | "off",
): boolean {
  return guard === "refuse" && attempt === "first";
}

export function olderRunInWords({ number, newer }: OlderRun): string {
  return `run ${number} of this workflow is older than run ${newer.number}, whose deploy ${newer.id} is ${newer.state}`;
}

interface PlaceInOrder {
  /** Numbers can be compared within it only. */
  readonly series: string;
  readonly number: number;
}

/** Null if the environment of the job did not contain enough. */
function placeInOrder(run: ForgeRun): PlaceInOrder | null {
  const { forge, server, repository, workflow, ref } = run;
  // GitLab has no workflows, and counts the pipelines of all projects; each branch has its own.
  const [counted, within] = forge === "gitlab" ? [run.run, ref] : [run.runNumber, workflow];
  const names = [forge, server, repository, within];
  if (counted === null || names.includes(null)) return null;
  const number = Number(counted);
  return Number.isSafeInteger(number) ? { series: JSON.stringify(names), number } : null;
}
