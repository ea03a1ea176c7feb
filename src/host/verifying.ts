import { verify } from "../checks/verify.ts";
import type { Event } from "../core/machine-types.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { SUSPENDED, type Suspended } from "./acting.ts";
import { awaitConfirmation, awaitRequest } from "./confirmation.ts";
import { takeBaseline } from "./failed-units.ts";
import { type Means, tellerOf } from "./means.ts";
import { unlessEnded } from "./unless-ended.ts";

/** The checks belong to a deploy's target: a system that is gone back to may never have passed them. */
export type WhichChecks = "all" | "units";

export function checksOf({ rollbackOf }: FinalizationRecord): WhichChecks {
  return rollbackOf === null ? "all" : "units";
}

export async function verifyNow(
  means: Means,
  record: FinalizationRecord,
  which: WhichChecks,
): Promise<Event | Suspended> {
  const { host, store, stop, turn, slots } = means;
  if (!(await turn.wait())) return SUSPENDED;
  slots.keepLease();
  const before = record.failedBefore ?? (await takeBaseline(host));
  const all = means.config.verify;
  const wanted = which === "all" ? all : { ...all, checks: [] };
  // The way back goes on whatever is asked for. Cut short, the machine does not look at the checks.
  const heeded = record.state === "verifying" ? (["rollback"] as const) : [];
  const checks = await unlessEnded(
    stop,
    async (signal) => await verify(host, wanted, before, signal, tellerOf(means, record)),
    async (signal) => await awaitRequest(store, record.id, heeded, signal),
  );
  return stop.aborted ? SUSPENDED : { kind: "verified", checks };
}

export async function confirmBefore(
  { host, store, stop, slots }: Means,
  { id }: FinalizationRecord,
  until: string,
): Promise<Event | Suspended> {
  slots.keepLease();
  await awaitConfirmation(store, id, Date.parse(until) - host.now().getTime(), stop);
  return stop.aborted ? SUSPENDED : { kind: "confirmation-ended" };
}
