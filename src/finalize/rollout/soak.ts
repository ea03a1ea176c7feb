import type { Baseline } from "../../checks/units-before.ts";
import { takeBaseline } from "../../checks/units-before.ts";
import { verify } from "../../checks/verify.ts";
import { activatedOf, type FinalizationRecord } from "../../core/record/record.ts";
import { isProbablyLocked } from "../../host/files/kernel-locks.ts";
import { readBootId } from "../../host/nixos/systems.ts";
import { toplevelAt } from "../../host/nixos/toplevel.ts";
import type { TimeLimit } from "../../host/process/clock.ts";
import { pause, timeLimit, unlessEnded } from "../../host/process/time.ts";
import { nextChange } from "../../host/process/watch.ts";
import { isSystemStopping } from "../../host/systemd/systemd.ts";
import type { FinalizationContext } from "../context.ts";

export type SoakEnd =
  | { readonly kind: "healthy" }
  | { readonly kind: "unhealthy"; readonly why: string }
  /** A newer finalization has begun to act. */
  | { readonly kind: "overtaken"; readonly by: string }
  /** This process is to end; another one goes on. */
  | { readonly kind: "stopped" };

export interface Soak {
  readonly seconds: number;
  readonly time: Pick<TimeLimit, "leftMs">;
  /** Whether the host went down without a shutdown while it soaked. */
  readonly boot: "as-usual" | "unannounced";
}

type SoakContext = Pick<FinalizationContext, "host" | "store" | "config" | "stop">;

/** In seconds: so often the host is looked at, a tenth of its soak within these bounds. */
const SHORTEST_PAUSE = 1;
const LONGEST_PAUSE = 30;

/**
 * Watches a live host until its soak is over: its checks are run again, and nothing may fail newly. A newer
 * finalization does not end the soak before it acts, because it may be cancelled, and then the host is still
 * live on this one.
 */
export async function soak(
  context: SoakContext,
  record: FinalizationRecord,
  { seconds, time, boot }: Soak,
): Promise<SoakEnd> {
  const { store, stop } = context;
  if (seconds === 0) return { kind: "healthy" };
  const before = await store.actedSince(record.id);
  if (before !== null) return { kind: "overtaken", by: before };
  if (boot === "unannounced") return { kind: "unhealthy", why: "it booted without a shutdown" };
  const pauseMs = 1000 * Math.min(LONGEST_PAUSE, Math.max(SHORTEST_PAUSE, seconds / 10));
  const baseline = await baselineOf(context, record);
  while (!stop.aborted) {
    const isOver = time.leftMs() <= 0;
    const why = await unlessOvertaken(context, record, async (signal) => {
      return await findTrouble(context, record, { baseline, pauseMs }, signal);
    });
    const by = await store.actedSince(record.id);
    if (by !== null) return { kind: "overtaken", by };
    if (stop.aborted) break;
    if (why !== null && !(await isExcused(context))) return { kind: "unhealthy", why };
    if (why === null && isOver) return { kind: "healthy" };
    const leftMs = time.leftMs() > 0 ? Math.min(pauseMs, time.leftMs()) : pauseMs;
    await unlessOvertaken(context, record, async (signal) => {
      await pause(leftMs, signal);
    });
  }
  return { kind: "stopped" };
}

/** One that was taken up by a boot has none in its record. */
async function baselineOf(
  { host, stop }: SoakContext,
  { failedBefore }: FinalizationRecord,
): Promise<Baseline> {
  const failed = failedBefore ?? (await takeBaseline(host, stop)).failed;
  // What somebody stops, or what ends by itself, is no failure of the target.
  return { failed, units: null };
}

async function findTrouble(
  { host, config }: SoakContext,
  record: FinalizationRecord,
  { baseline, pauseMs }: { readonly baseline: Baseline; readonly pauseMs: number },
  signal: AbortSignal,
): Promise<string | null> {
  const current = toplevelAt(host.paths.currentSystem);
  if (current !== activatedOf(record)) return `${current ?? "another system"} is current`;
  const { verify: of } = config;
  const wanted = { ...of, settle: Math.min(of.settle, pauseMs / 1000) };
  const units = { baseline, failedJobs: [], bootId: readBootId(host.paths) };
  const checks = await verify(host, wanted, units, signal);
  const failed = checks.filter(({ result }) => result === "failed");
  const told = failed.map(({ name, detail }) => `${name}: ${detail}`).join("; ");
  return failed.length === 0 ? null : told;
}

/** A newer finalization that is about to act may have stopped something, and so may a shutdown. */
async function isExcused({ host, store }: SoakContext): Promise<boolean> {
  const isActing = isProbablyLocked(host.paths.kernelLocks, store.lockPath("turn"));
  return isActing || (await isSystemStopping(host));
}

async function unlessOvertaken<T>(
  { store, stop }: SoakContext,
  { id }: FinalizationRecord,
  act: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await unlessEnded(stop, act, async (signal) => {
    while (!signal.aborted && (await store.actedSince(id)) === null) {
      await nextChange(store.folder, () => false, AbortSignal.any([signal, timeLimit(60)]));
    }
  });
}
