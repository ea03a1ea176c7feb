import type { Event, Requests } from "../core/machine/types.ts";
import { type FinalizationRecord, hasBooted, hasBootedSinceAct } from "../core/record/record.ts";
import { confirmationLeft } from "../core/record/time-limits.ts";
import { TimeLimit } from "../host/process/clock.ts";
import { timeLimit, unlessEnded } from "../host/process/time.ts";
import { nextChange } from "../host/process/watch.ts";
import { takeBaseline } from "../checks/units-before.ts";
import { readBootId } from "../host/nixos/systems.ts";
import { toplevelAt } from "../host/nixos/toplevel.ts";
import { checkBoot } from "../checks/boot.ts";
import { checkBootActivation } from "../checks/boot-activation.ts";
import { nameUnnoted } from "../checks/unnoted.ts";
import { findOldCode } from "../checks/old-code.ts";
import { verifyUserUnits } from "../checks/user-units.ts";
import { verify } from "../checks/verify.ts";
import { type FinalizationContext, tellerOf, SUSPENDED, type Suspended } from "./context.ts";
import type { RecordStore } from "../state-dir/store.ts";

/** The checks belong to the target of a deploy: the previous system may never have passed them. */
export type WhichChecks = "all" | "units";

export function checksOf({ rollbackOf }: FinalizationRecord): WhichChecks {
  return rollbackOf === null ? "all" : "units";
}

export async function verifyNow(
  context: FinalizationContext,
  record: FinalizationRecord,
  which: WhichChecks,
): Promise<Event | Suspended> {
  const { host, stop, turn, slots } = context;
  if (!(await turn.wait())) return SUSPENDED;
  slots.keepLease();
  const ofBoot = await checkAfterBoot(context, record);
  if (stop.aborted) return SUSPENDED;
  if (ofBoot.some(hasFailed)) return { kind: "verified", checks: ofBoot };
  const baseline =
    record.failedBefore === null
      ? { ...(await takeBaseline(host, stop)), taken: "now" as const }
      : { failed: record.failedBefore, units: record.unitsBefore };
  const bootId = readBootId(host.paths);
  const units = { baseline, failedJobs: record.failedJobs, bootId };
  const all = context.config.verify;
  const wanted = which === "all" ? all : { ...all, checks: [] };
  // A rollback ignores requests.
  const until: Until = record.state === "verifying" ? "not-asked" : "their-end";
  const checks = await checkUntil(until, context, record, async (signal) => {
    return await verify(host, wanted, units, signal, tellerOf(context, record));
  });
  if (stop.aborted) return SUSPENDED;
  if (checks.some(hasFailed)) return { kind: "verified", checks: [...checks, ...ofBoot] };
  const again = async () => await takeBaseline(host, stop);
  const unnoted = await nameUnnoted(baseline, all.ignoreFailedUnits, again);
  if (stop.aborted) return SUSPENDED;
  return await examineOthers(context, record, [...checks, ...ofBoot, ...unnoted]);
}

type Checks = FinalizationRecord["checks"];

function hasFailed({ result }: Checks[number]): boolean {
  return result === "failed";
}

/** If a boot brought up the system: whether it got through, and then whether its activation did. */
async function checkAfterBoot(
  context: FinalizationContext,
  record: FinalizationRecord,
): Promise<Checks> {
  if (!hasBooted(record, readBootId(context.host.paths))) return [];
  const boot = await checkTheBoot(context, record);
  return boot.some(hasFailed)
    ? boot
    : [...boot, ...(await checkBootActivation(context.host, record))];
}

async function checkTheBoot(
  context: FinalizationContext,
  record: FinalizationRecord,
): Promise<Checks> {
  const { host, config } = context;
  const isBack =
    record.rebootBackAskedInBoot !== null ||
    (record.state === "rolling-back" && toplevelAt(host.paths.bootedSystem) === record.previous);
  // A host that has booted the previous system has done what was asked for.
  const until: Until = isBack ? "their-end" : "not-asked";
  return await checkUntil(until, context, record, async (signal) => {
    const { bootTimeout } = config.verify;
    return await checkBoot(host, record, bootTimeout, signal, tellerOf(context, record));
  });
}

/** For a switch that follows a boot: null once the boot has got through, or if there was none. */
export async function awaitBoot(
  context: FinalizationContext,
  record: FinalizationRecord,
): Promise<Event | Suspended | null> {
  if (!hasBootedSinceAct(record, readBootId(context.host.paths))) return null;
  context.slots.keepLease();
  const checks = await checkTheBoot(context, record);
  if (context.stop.aborted) return SUSPENDED;
  return checks.some(hasFailed) ? { kind: "verified", checks } : null;
}

/** Until when checks go on: `not-asked` ends them when somebody asks for a rollback. */
type Until = "not-asked" | "their-end";

/** The machine does not use the checks if a request ends them early. */
async function checkUntil(
  until: Until,
  { store, stop }: FinalizationContext,
  { id }: FinalizationRecord,
  check: (signal: AbortSignal) => Promise<Checks>,
): Promise<Checks> {
  const accepted = until === "not-asked" ? (["rollback"] as const) : [];
  return await unlessEnded(stop, check, async (signal) => {
    await awaitRequest(store, id, accepted, signal);
  });
}

/** If all is well so far: the units of user managers, and what still runs old code. */
async function examineOthers(
  { host, config, stop }: FinalizationContext,
  record: FinalizationRecord,
  checks: Checks,
): Promise<Event | Suspended> {
  const mode = config.verify.userUnits;
  const { userUnitsBefore, userTrouble } = record;
  const known = { before: userUnitsBefore, trouble: userTrouble };
  const users = await verifyUserUnits(host, mode, known, stop);
  const { profile, target, previous } = record;
  const before = record.state === "rolling-back" ? target : previous;
  const oldCode = await findOldCode(host, { profile, before }, stop);
  const all = [...checks, ...users.checks];
  return stop.aborted
    ? SUSPENDED
    : { kind: "verified", checks: all, oldCode, userUnits: users.userUnits };
}

export async function confirmBefore(
  { host, store, stop, slots }: FinalizationContext,
  record: FinalizationRecord,
): Promise<Event | Suspended> {
  const { id } = record;
  slots.keepLease();
  const time = new TimeLimit(host, (now) => confirmationLeft(record, now));
  await awaitConfirmation(store, id, time, stop);
  return stop.aborted ? SUSPENDED : { kind: "confirmation-ended" };
}

/** Waits for a confirmation, a rollback request, the end of the time, or `stop`. */
export async function awaitConfirmation(
  store: RecordStore,
  id: string,
  time: Pick<TimeLimit, "leftMs">,
  stop: AbortSignal,
): Promise<void> {
  for (let left = time.leftMs(); left > 0 && !stop.aborted; left = time.leftMs()) {
    const over = AbortSignal.any([stop, timeLimit(Math.min(left / 1000, LONGEST_SECONDS))]);
    await awaitRequest(store, id, ["confirm", "rollback"], over);
    if (!over.aborted) return;
  }
}

/** After a boot a clock that is set changes what is left, so it looks again. */
const LONGEST_SECONDS = 60;

export async function awaitRequest(
  store: RecordStore,
  id: string,
  kinds: readonly (keyof Requests)[],
  signal: AbortSignal,
): Promise<void> {
  const isMade = (): boolean => {
    const requests = store.requests(id);
    return kinds.some((kind) => requests[kind] !== null);
  };
  while (!signal.aborted && !isMade()) await nextChange(store.folder, isMade, signal);
}
