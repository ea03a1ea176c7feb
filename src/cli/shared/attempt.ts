import type { Config } from "../../core/config/config.ts";
import { DEFAULT_CONFIG } from "../../core/config/defaults.ts";
import { isRollingOrFallingBack } from "../../core/machine/overtaken.ts";
import { EXIT, exitCodeOf } from "../../core/outcome.ts";
import { type FinalizationRecord, isUnfinished } from "../../core/record/record.ts";
import { messageOf, Refusal } from "../../core/refusal.ts";
import { AlreadyRunning, finalize, readOrRefuse } from "../../finalize/finalize.ts";
import { endUnacted } from "../../finalize/newest/ending.ts";
import { readBootId } from "../../host/nixos/systems.ts";
import { toplevelAt } from "../../host/nixos/toplevel.ts";
import type { Host } from "../../host/process/host.ts";
import type { ReadRecord, RecordStore } from "../../state-dir/store.ts";
import { type End, endAfter } from "./exit-code-after.ts";
import { configOf } from "./load-config.ts";

export interface Driven {
  readonly host: Host;
  readonly store: RecordStore;
  readonly id: string;
}

export interface Called {
  readonly called: Config;
  /** Why the configuration of this call could not be read; null if it could. */
  readonly problem: Refusal | null;
}

/** How a try to drive a finalization ended. */
export type Attempt =
  | ({ readonly kind: "ended" } & End)
  /** There is no record that can be used, and none will come back. */
  | { readonly kind: "gone"; readonly error: unknown }
  /** Another process drives it, perhaps only for a moment. */
  | { readonly kind: "driven"; readonly error: AlreadyRunning }
  /** It may be possible later; less likely if the configuration cannot be read. */
  | {
      readonly kind: "stuck";
      readonly error: unknown;
      readonly why: string;
      readonly exitCode: number;
    };

/** @param patience how long to wait for another process that drives it, or that ends it */
export async function attempt(
  driven: Driven,
  called: Called,
  stop: AbortSignal,
  patience: AbortSignal,
): Promise<Attempt> {
  const { host, store, id } = driven;
  try {
    const config = await configToDrive(driven, called);
    return {
      kind: "ended",
      ...(await endAfter(host, store, await finalize(host, store, config, id, stop, patience))),
    };
  } catch (error) {
    if (error instanceof AlreadyRunning) return { kind: "driven", error };
    return await afterError(driven, error, called.problem, stop);
  }
}

/** The one place that judges an error: the record says whether another try makes sense. */
async function afterError(
  { host, store, id }: Driven,
  error: unknown,
  problem: Refusal | null,
  stop: AbortSignal,
): Promise<Attempt> {
  const read = await store.read(id).catch(() => UNREADABLE);
  const record = read.kind === "unreadable" ? null : usableOf(host, read);
  if (read.kind !== "unreadable" && record === null) return { kind: "gone", error };
  const why = messageOf(error);
  const stuck = { kind: "stuck", error, why, exitCode: EXIT.unfinished } as const;
  const isPermanent = error instanceof Refusal && error.exitCode === EXIT.usage;
  if (!isPermanent || record === null || !isUnfinished(record)) return stuck;
  // Only a call by hand has a configuration of its own.
  if (error === problem) return { ...stuck, exitCode: EXIT.usage };
  try {
    // More tries do not help then, and would block others.
    const end = await endUnacted(host, store, { id, stop }, why);
    if (end === "left") return { ...stuck, exitCode: EXIT.usage };
    return { kind: "ended", exitCode: exitCodeOf("failed"), left: null };
  } catch (second) {
    return { ...stuck, why: `${why}; and the failure could not be recorded: ${messageOf(second)}` };
  }
}

/** A newer program's record only if it needs nothing but the previous system back. */
function usableOf(host: Host, read: ReadRecord): FinalizationRecord | null {
  switch (read.kind) {
    case "record":
      return read.record;
    case "newer":
      return read.record !== null && onlyGoesBack(host, read.record) ? read.record : null;
    case "missing":
    case "broken":
      return null;
  }
}

const UNREADABLE: ReadRecord | { readonly kind: "unreadable" } = { kind: "unreadable" };

/**
 * The configuration of a finalization. If it cannot be read, a fallback, a rollback or one that only has
 * to end its hooks and to clean up continues with the default configuration.
 */
async function configToDrive(
  { host, store, id }: Driven,
  { called, problem }: Called,
): Promise<Config> {
  if (problem !== null && (await store.read(id)).kind === "missing") throw problem;
  const record = await readOrRefuse(host, store, id);
  const hasEnded = !isUnfinished(record);
  if (problem !== null && record.configFile === null && !hasEnded) throw problem;
  try {
    return await configOf(record, called);
  } catch (error) {
    if (!hasEnded && !onlyGoesBack(host, record)) throw error;
    return { ...DEFAULT_CONFIG, stateDir: called.stateDir, profile: record.profile };
  }
}

function onlyGoesBack({ paths }: Host, record: FinalizationRecord): boolean {
  const now = { bootId: readBootId(paths), booted: toplevelAt(paths.bootedSystem) };
  return isRollingOrFallingBack(record, now);
}
