import { isSameLock, type LockConfig } from "../core/config/lock-config.ts";
import type { SlotAtEnd } from "../core/record/slot-at-end.ts";
import type { ClockReading } from "../core/record/clock.ts";
import { type Slot, tokenOf } from "../core/record/slot.ts";
import type { Ownership } from "./ownership.ts";

// Takes and gives back slots, so that a crash between any two steps neither loses a slot nor gives back
// a slot that is needed. Only one process does this at a time: see src/fleet/slot-access.ts.

/** The host that asks for a slot. */
export interface Holder {
  /** The name of the host with the lock server. */
  readonly id: string;
  /** Its name for people. */
  readonly host: string;
}

/** A request for a slot. */
export interface Claim extends Holder {
  readonly finalization: string;
  /** The other finalizations of the host that are known. */
  readonly earlier?: readonly string[];
  readonly token: string;
  readonly lease: string | null;
}

/** The server did not answer, so it is unknown whether it did what was asked. */
export type Unknown = { readonly kind: "unknown"; readonly why: string };

export type Taking =
  | { readonly kind: "held" }
  /** The answer may be different later. */
  | { readonly kind: "refused"; readonly why: string }
  /** The slot may be held. */
  | Unknown;

export type GivingBack = { readonly kind: "given-back" } | Unknown;

export type NewLease = { readonly kind: "lease"; readonly id: string } | Unknown;

export type Renewing = { readonly kind: "renewed" | "gone" } | Unknown;

/** The holders of a group's slots. */
export type Occupancy =
  | { readonly kind: "known"; readonly slots: number; readonly holders: readonly SlotHolder[] }
  | Unknown;

export interface SlotHolder extends Holder {
  readonly slot: number;
  readonly finalization: string;
  readonly takenAt: string;
}

/** A lock server. Every request may be repeated; none rejects. */
export interface SlotServer {
  readonly take: (claim: Claim) => Promise<Taking>;
  /** @param self gives back only what is its own; without it, whatever is held under the id */
  readonly giveBack: (holder: string, self?: Ownership) => Promise<GivingBack>;
  /** A lease for the next claim; requested only if leases are configured. */
  readonly newLease: () => Promise<NewLease>;
  readonly renew: (lease: string) => Promise<Renewing>;
  readonly look: () => Promise<Occupancy>;
}

/** The services that keeping a slot needs. */
export interface SlotPorts {
  readonly clock: () => ClockReading;
  readonly read: () => Slot | null;
  /** Durable when it returns. */
  readonly write: (slot: Slot) => void;
  readonly remove: () => void;
  readonly server: (lock: LockConfig) => SlotServer;
  readonly self: () => Ownership;
  readonly standing: (finalization: string) => Promise<Standing>;
}

/** What a finalization still needs of a slot that it has taken. */
export type Standing =
  | { readonly kind: "unfinished" }
  /** Its outcome is known, and a hook of it has still to end. `keepsBecause` as below. */
  | { readonly kind: "ending"; readonly keepsBecause: string | null }
  /** `keepsBecause`: why its end keeps the slot, or null. It may not have noted that at the slot yet. */
  | { readonly kind: "ended"; readonly keepsBecause: string | null };

/** Asks for a slot for a finalization; the disk says that it may be held before the server is asked. */
export async function takeSlot(
  ports: SlotPorts,
  lock: LockConfig,
  finalization: string,
  holder: Holder,
): Promise<Taking> {
  const former = await leaveFormerLock(ports, lock, holder);
  if (former.kind === "unknown") return former;
  const server = ports.server(lock);
  const read = ports.read();
  const before =
    read === null || read.finalization === finalization
      ? read
      : withKeep(read, await ports.standing(read.finalization));
  const leasing = await withLease(server, claim(ports.clock(), before, lock, finalization, holder));
  if (leasing.kind === "unknown") return leasing;
  const { slot } = leasing;
  if (slot !== before) ports.write(slot);
  const { lease } = slot;
  const earlier = ports.self().finalizations;
  const claimed = { ...holder, finalization, earlier, token: tokenOf(slot), lease };
  const taking = await server.take(claimed);
  const state = taking.kind === "held" ? "held" : "asked";
  if (slot.state !== state) {
    const takenAt = state === "held" ? ports.clock().at : null;
    ports.write({ ...slot, state, takenAt });
  }
  return taking;
}

/** The slot of a finalization that has ended and may not have noted yet that it keeps the slot. */
function withKeep(slot: Slot, standing: Standing): Slot {
  const isUnnoted = slot.keptBecause === null && slot.state === "held";
  if (!isUnnoted || standing.kind === "unfinished") return slot;
  return { ...slot, keptBecause: standing.keepsBecause };
}

/** Gives back a slot of another lock or another name first: the host remembers only one slot. */
async function leaveFormerLock(
  ports: SlotPorts,
  lock: LockConfig,
  { id }: Holder,
): Promise<GivingBack> {
  const slot = ports.read();
  if (slot === null) return { kind: "given-back" };
  if (isSameLock(slot.lock, lock) && slot.holder === id) return { kind: "given-back" };
  const given = await giveSlotBack(ports);
  if (given.kind === "given-back") return given;
  return { kind: "unknown", why: `cannot give back the slot of the former lock: ${given.why}` };
}

/** The slot to ask for: the earlier claim of this finalization, or a new one. */
function claim(
  clock: ClockReading,
  before: Slot | null,
  lock: LockConfig,
  finalization: string,
  { id }: Holder,
): Slot {
  const own = before?.finalization === finalization ? before : null;
  if (own !== null && own.state !== "giving-back") {
    return isSameSetting(own.lock, lock) ? own : { ...own, lock };
  }
  return {
    schemaVersion: 1,
    finalization,
    holder: id,
    attempt: (own?.attempt ?? 0) + 1,
    state: "asked",
    askedAt: clock.at,
    clock,
    takenAt: null,
    lease: before?.lease ?? null,
    lock,
    keptBecause: before?.keptBecause ?? null,
  };
}

/** Which acts need a slot is not kept with it. */
function isSameSetting(one: LockConfig, other: LockConfig): boolean {
  return JSON.stringify({ ...one, for: [] }) === JSON.stringify({ ...other, for: [] });
}

type Leasing = { readonly kind: "leased"; readonly slot: Slot } | Unknown;

async function withLease(server: SlotServer, slot: Slot): Promise<Leasing> {
  const { lease, lock, attempt } = slot;
  if (lock.backend !== "etcd" || lock.lease === null) {
    return { kind: "leased", slot: lease === null ? slot : { ...slot, lease: null } };
  }
  const renewing: Renewing = lease === null ? { kind: "gone" } : await server.renew(lease);
  if (renewing.kind === "unknown") return renewing;
  if (renewing.kind === "renewed") return { kind: "leased", slot };
  const made = await server.newLease();
  if (made.kind === "unknown") return made;
  // The keys depend on the old lease, so the slot has to be taken again.
  const renewed: Slot = { ...slot, lease: made.id, attempt: attempt + 1, state: "asked" };
  return { kind: "leased", slot: renewed };
}

/** Gives back the slot that this host may hold; the next claim has a new token. */
export async function giveSlotBack(ports: SlotPorts): Promise<GivingBack> {
  const slot = ports.read();
  if (slot === null) return { kind: "given-back" };
  if (slot.state !== "giving-back") ports.write({ ...slot, state: "giving-back" });
  const { host, finalizations } = ports.self();
  const self = { host, finalizations: [slot.finalization, ...finalizations] };
  const given = await ports.server(slot.lock).giveBack(slot.holder, self);
  if (given.kind === "given-back") ports.remove();
  return given;
}

/** Gives back the slot that a finalization took for itself: it waits again, or did not act. */
export async function letSlotGo(ports: SlotPorts, finalization: string): Promise<GivingBack> {
  const slot = ports.read();
  const isItsOwn = slot?.finalization === finalization && slot.keptBecause === null;
  return isItsOwn ? await giveSlotBack(ports) : { kind: "given-back" };
}

/** Keeps the slot or gives it back, as the end of a finalization requires. */
export async function settleSlot(
  ports: SlotPorts,
  finalization: string,
  atEnd: SlotAtEnd,
  why: string,
): Promise<GivingBack> {
  const read = ports.read();
  if (read === null) return { kind: "given-back" };
  const isItsOwn = read.finalization === finalization;
  const standing = isItsOwn ? null : await ports.standing(read.finalization);
  // One that is not through needs its slot, and gives it back itself.
  if (standing !== null && standing.kind !== "ended") return { kind: "given-back" };
  const slot = standing === null ? read : withKeep(read, standing);
  // A slot that the server never granted stops nobody.
  const wasNeverGranted = isItsOwn && slot.keptBecause === null && slot.state === "asked";
  // One that was replaced while it had the slot has ended, and does not give it back any more.
  const mayBeKept = isItsOwn || slot.keptBecause !== null;
  if (atEnd === "keep" && mayBeKept && !wasNeverGranted) {
    if (isItsOwn && slot.keptBecause === null) ports.write({ ...slot, keptBecause: why });
    else if (slot !== read) ports.write(slot);
    return { kind: "given-back" };
  }
  if (atEnd === "give-back-own" && slot.keptBecause !== null) {
    if (slot !== read) ports.write(slot);
    return { kind: "given-back" };
  }
  return await giveSlotBack(ports);
}

/** Renews the lease of a held slot. */
export async function renewSlot(ports: SlotPorts, finalization: string): Promise<Renewing> {
  const slot = ports.read();
  if (slot?.finalization !== finalization || slot.lease === null) return { kind: "renewed" };
  return await ports.server(slot.lock).renew(slot.lease);
}
