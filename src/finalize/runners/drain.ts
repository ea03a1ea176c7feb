import type { FinalizationRecord } from "../../core/record/record.ts";
import { CI_JOB } from "../../gates/ci-job.ts";
import type { Host } from "../../host/process/host.ts";
import { describeEnd } from "../../host/process/spawn.ts";
import { timeLimit } from "../../host/process/time.ts";
import { killUnits, stopUnits } from "../../host/systemd/commands.ts";
import { type TellWaiting, tellLate } from "../../state-dir/waiting-note.ts";

/** How runners are drained: until when, and what ends the wait before. */
export interface Draining {
  /** The time that their jobs have, in seconds. */
  readonly seconds: number;
  /** What happens then. `proceed` ends the jobs. */
  readonly next: "give-up" | "proceed";
  /** Aborted when systemd asks this process to end. */
  readonly stop: AbortSignal;
  /** Resolves when the finalization is no longer to act, or with the signal. */
  readonly untilUnwanted: (signal: AbortSignal) => Promise<void>;
  readonly tell: TellWaiting;
}

export type DrainEnd = StopEnd & { readonly waitedFor: FinalizationRecord["waitedFor"] };

type StopEnd =
  | { readonly kind: "drained" }
  | { readonly kind: "unwanted" }
  | { readonly kind: "timed-out"; readonly why: string }
  /** systemd does not stop them. */
  | { readonly kind: "refused"; readonly why: string }
  /** This process is to end. */
  | { readonly kind: "suspended" };

/** A shorter wait is no news. */
const NEWS_MS = 300;

/**
 * Makes runners finish their jobs and take no new ones: their stop does that. It is systemd that
 * waits, so this costs nothing meanwhile. The caller has recorded the runners before.
 */
export async function drain(
  host: Host,
  units: readonly string[],
  draining: Draining,
): Promise<DrainEnd> {
  if (units.length === 0) return { kind: "drained", waitedFor: [] };
  const why = `${units.join(", ")}: finishes its job and takes no new one`;
  host.say(`drains ${why}`);
  const begin = host.elapsedMs();
  const { seconds, next } = draining;
  const until = new Date(host.now().getTime() + seconds * 1000).toISOString();
  const note = tellLate(draining.tell, { for: CI_JOB, why, now: host.now(), until, next });
  const end = await stopWithin(host, units, draining).finally(note.end);
  const waitedMs = host.elapsedMs() - begin;
  const waitedFor = waitedMs < NEWS_MS ? [] : [{ gate: CI_JOB, why, seconds: waitedMs / 1000 }];
  return { ...end, waitedFor };
}

async function stopWithin(
  host: Host,
  units: readonly string[],
  { seconds, next, stop, untilUnwanted }: Draining,
): Promise<StopEnd> {
  const limit = timeLimit(seconds);
  const [ended, unwanted] = [new AbortController(), new AbortController()];
  const signal = AbortSignal.any([stop, limit, ended.signal, unwanted.signal]);
  const [end] = await Promise.all([
    host.spawn(stopUnits(units), { signal }).finally(() => {
      ended.abort();
    }),
    untilUnwanted(signal).finally(() => {
      unwanted.abort();
    }),
  ]);
  if (end.exitCode === 0) return { kind: "drained" };
  if (stop.aborted) return { kind: "suspended" };
  if (limit.aborted) return await late(host, units, seconds, next);
  // The program was killed because nobody wants the finalization any more.
  if (end.exitCode === null && unwanted.signal.aborted) return { kind: "unwanted" };
  return { kind: "refused", why: `cannot be stopped: ${describeEnd(end)}` };
}

/** How long a job has to end after it was asked to. */
const ENDING_MS = 10_000;

async function late(
  host: Host,
  units: readonly string[],
  seconds: number,
  next: Draining["next"],
): Promise<StopEnd> {
  const why = `timed out after ${seconds} s waiting for ${CI_JOB}: ${units.join(", ")} has not finished its job`;
  if (next === "give-up") return { kind: "timed-out", why };
  host.say(`${why}; ends the job, as configured`);
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await host.spawn(killUnits(units, signal));
    const ended = await host.spawn(stopUnits(units), { timeoutMs: ENDING_MS });
    if (ended.exitCode === 0) return { kind: "drained" };
  }
  return { kind: "refused", why: `${units.join(", ")} does not stop` };
}
