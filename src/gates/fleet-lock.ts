import { isSameLock, type LockConfig } from "../core/config/lock-config.ts";
import type { Occupancy, Taking } from "../fleet/slot-keeping.ts";
import { type SlotSeen, SlotStore } from "../fleet/slot-store.ts";
import { type ClockReading, secondsLeft } from "../core/record/clock.ts";
import { readClock, TimeLimit } from "../host/process/clock.ts";
import { pause } from "../host/process/time.ts";
import type { Turn } from "../state-dir/turn.ts";
import type { SlotKeeper } from "../fleet/slot-keeper.ts";
import { holderOf, pauseMs } from "../fleet/holder.ts";
import { type Gate, type GateContext, type GateState, looked, OPEN } from "./gate.ts";
import { serverFor } from "../fleet/slot-access.ts";
import { isOwn, type Ownership, whyCloned } from "../fleet/ownership.ts";
import { RecordStore } from "../state-dir/store.ts";

/** Where a finalization takes its slot and its turn. */
export interface Seat {
  readonly slots: Pick<SlotKeeper, "take" | "letGo" | "askedSince">;
  readonly turn: Pick<Turn, "isMine" | "try" | "release">;
}

/**
 * A slot of the fleet lock. A look takes the slot, so the gate is looked at only when every other
 * gate is open, and the slot is given back when one of them closes.
 *
 * Unknown waits: a server that is down does not permit an act. `lock.deadline` bounds the wait,
 * and `lock.onDeadline` says what happens then.
 *
 * @param seat null to look who holds the slots, and to take none
 */
export function fleetLock(lock: LockConfig, seat: Seat | null): Gate {
  let tries = 0;
  let failures = 0;
  let asked: { readonly since: ClockReading; readonly time: TimeLimit } | null = null;
  return {
    name: "fleet lock",
    whenUnknown: "wait",
    atDeadline: "as-configured",
    look: async (context) => {
      if (seat === null) return await holdersOf(lock, context);
      const taking = await takeInTurn(seat);
      tries++;
      failures = taking.kind === "unknown" ? failures + 1 : 0;
      return stateOf(taking);
    },
    change: async ({ record }, signal) => {
      await pause(pauseMs(record, lock.retry, tries, failures), signal);
    },
    limit: ({ host }) => {
      const since = seat?.slots.askedSince() ?? readClock(host);
      if (asked === null || asked.since.at !== since.at) {
        const left = (now: ClockReading): number => secondsLeft(lock.deadline, since, now);
        asked = { since, time: new TimeLimit(host, left) };
      }
      return { time: asked.time, seconds: lock.deadline, next: lock.onDeadline };
    },
    leave: () => {
      seat?.slots.letGo();
    },
  };
}

/** Only the finalization whose turn it is asks for a slot, so a host never asks for two. */
async function takeInTurn({ slots, turn }: Seat): Promise<Taking> {
  const hadTurn = turn.isMine();
  if (!(await turn.try())) return { kind: "refused", why: "another finalization is acting" };
  const taking = await slots.take();
  if (taking.kind !== "held" && !hadTurn) await turn.release();
  return taking;
}

function stateOf(taking: Taking): GateState {
  switch (taking.kind) {
    case "held":
      return OPEN;
    case "refused":
      return { kind: "closed", why: taking.why };
    case "unknown":
      return taking;
  }
}

/** Seconds: a person who looks waits less long than a host that has to act. */
const LONGEST_LOOK = 5;

/** The answer of the fleet lock if this host asked for a slot now. It does not ask for one. */
async function holdersOf(
  lock: LockConfig,
  { host, record, config }: GateContext,
): Promise<GateState> {
  const state = await looked(async () => {
    const holder = holderOf(lock, host.paths.machineId);
    const asked = { ...lock, timeout: Math.min(lock.timeout, LONGEST_LOOK) };
    const seen = await serverFor(asked, holder, host.now, config.proxy).look();
    if (isHeld(new SlotStore(config.stateDir, host.say).look(), lock)) return HELD;
    if (seen.kind === "unknown") return seen;
    const finalizations = new RecordStore(config.stateDir).ids();
    return inWords(seen, holder, { host: record.host, finalizations });
  });
  return {
    ...state,
    why: `group ${lock.group}${state.kind === "unknown" ? ":" : ","} ${state.why}`,
  };
}

const HELD: GateState = { kind: "open", why: "this host already holds a slot" };

/** From the record on disk; not for etcd, where a slot may have ended with its lease. */
function isHeld(own: SlotSeen, lock: LockConfig): boolean {
  if (lock.backend === "etcd") return false;
  return own.kind === "slot" && own.slot.state === "held" && isSameLock(own.slot.lock, lock);
}

function inWords(
  { slots, holders }: Extract<Occupancy, { kind: "known" }>,
  holder: string,
  self: Ownership,
): GateState {
  const own = holders.filter(({ id }) => id === holder);
  const clone = own.find((slot) => !isOwn(slot, self));
  if (clone !== undefined) return { kind: "closed", why: whyCloned(clone) };
  if (own.length > 0) return HELD;
  const free = Math.max(0, slots - holders.length);
  const why = `${free} of ${slots} ${slots === 1 ? "slot" : "slots"} free`;
  if (free > 0) return { kind: "open", why };
  return { kind: "closed", why: `${why}: held by ${holders.map(({ host }) => host).join(", ")}` };
}
