import type { LockConfig } from "./lock-config.ts";
import { isSameLock } from "./lock-config.ts";
import type { SlotAtEnd } from "./slot-at-end.ts";
import { type Slot, tokenOf } from "./slot.ts";

// Taking and giving back, so that a crash between any two steps neither forgets a slot nor gives back
// one that is needed. Only one process does any of this at a time: see src/lock/keeper.ts.

/** Who asks for a slot. */
export interface Holder {
  /** The name of the host with the lock server. */
  readonly id: string;
  /** Its name for people. */
  readonly host: string;
}

/** What a lock server is asked with. */
export interface Claim extends Holder {
  readonly finalization: string;
  readonly token: string;
  readonly lease: string | null;
}

export type Taking =
  | { readonly kind: "held" }
  /** Another answer may come later. */
  | { readonly kind: "refused"; readonly why: string }
  /** The server cannot be asked, or what it did is not known: the slot may be held. */
  | { readonly kind: "unknown"; readonly why: string };

export type GivingBack =
  | { readonly kind: "given-back" }
  | { readonly kind: "unknown"; readonly why: string };

export type NewLease =
  | { readonly kind: "lease"; readonly id: string }
  | { readonly kind: "unknown"; readonly why: string };

export type Renewing =
  | { readonly kind: "renewed" }
  | { readonly kind: "gone" }
  | { readonly kind: "unknown"; readonly why: string };

/** Who holds the slots of a group. */
export type Occupancy =
  | { readonly kind: "known"; readonly slots: number; readonly holders: readonly SlotHolder[] }
  | { readonly kind: "unknown"; readonly why: string };

export interface SlotHolder extends Holder {
  readonly slot: number;
  readonly finalization: string;
  readonly takenAt: string;
}

/** A lock server. Every question may be asked twice; none rejects. */
export interface SlotServer {
  readonly take: (claim: Claim) => Promise<Taking>;
  readonly giveBack: (holder: string) => Promise<GivingBack>;
  /** A lease for the next taking; asked for only where one is configured. */
  readonly newLease: () => Promise<NewLease>;
  readonly renew: (lease: string) => Promise<Renewing>;
  readonly look: () => Promise<Occupancy>;
}

/** The parts of the world that a slot is kept with. */
export interface SlotPorts {
  readonly now: () => Date;
  readonly read: () => Slot | null;
  /** Durable when it returns. */
  readonly write: (slot: Slot) => void;
  readonly remove: () => void;
  readonly server: (lock: LockConfig) => SlotServer;
  /** False while something may still be done for the finalization. */
  readonly hasEnded: (finalization: string) => Promise<boolean>;
}

/** Asks for a slot for a finalization; that it may be held is on disk before the server knows of it. */
export async function takeSlot(
  ports: SlotPorts,
  lock: LockConfig,
  finalization: string,
  holder: Holder,
): Promise<Taking> {
  const former = await leaveFormerLock(ports, lock, holder);
  if (former.kind === "unknown") return former;
  const server = ports.server(lock);
  const before = ports.read();
  const leasing = await withLease(server, claim(ports.now(), before, lock, finalization, holder));
  if (leasing.kind === "unknown") return leasing;
  const { slot } = leasing;
  if (slot !== before) ports.write(slot);
  const { lease } = slot;
  const taking = await server.take({ ...holder, finalization, token: tokenOf(slot), lease });
  const state = taking.kind === "held" ? "held" : "asked";
  if (slot.state !== state) {
    const takenAt = state === "held" ? ports.now().toISOString() : null;
    ports.write({ ...slot, state, takenAt });
  }
  return taking;
}

/** A slot that was taken elsewhere, or by another name, goes back first: the host remembers only one. */
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
  return { kind: "unknown", why: `the slot of the former lock cannot be given back: ${given.why}` };
}

/** The slot as it is to be asked for: the one of before, or a taking of its own. */
function claim(
  now: Date,
  before: Slot | null,
  lock: LockConfig,
  finalization: string,
  { id }: Holder,
): Slot {
  const own = before?.finalization === finalization ? before : null;
  if (own !== null && own.state !== "giving-back") {
    return JSON.stringify(own.lock) === JSON.stringify(lock) ? own : { ...own, lock };
  }
  return {
    schemaVersion: 1,
    finalization,
    holder: id,
    attempt: (own?.attempt ?? 0) + 1,
    state: "asked",
    askedAt: now.toISOString(),
    takenAt: null,
    lease: before?.lease ?? null,
    lock,
    keptBecause: before?.keptBecause ?? null,
  };
}

type Leasing =
  | { readonly kind: "leased"; readonly slot: Slot }
  | Extract<Taking, { kind: "unknown" }>;

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
  // The keys hang on the old lease, so the slot is to be taken anew.
  const renewed: Slot = { ...slot, lease: made.id, attempt: attempt + 1, state: "asked" };
  return { kind: "leased", slot: renewed };
}

/** Gives back what this host may hold; asked for again, it takes a new token. */
export async function giveSlotBack(ports: SlotPorts): Promise<GivingBack> {
  const slot = ports.read();
  if (slot === null) return { kind: "given-back" };
  if (slot.state !== "giving-back") ports.write({ ...slot, state: "giving-back" });
  const given = await ports.server(slot.lock).giveBack(slot.holder);
  if (given.kind === "given-back") ports.remove();
  return given;
}

/** Gives back what a finalization took for itself: it waits again, or has not acted. */
export async function letSlotGo(ports: SlotPorts, finalization: string): Promise<GivingBack> {
  const slot = ports.read();
  const isItsOwn = slot?.finalization === finalization && slot.keptBecause === null;
  return isItsOwn ? await giveSlotBack(ports) : { kind: "given-back" };
}

/** Does with the slot what the end of a finalization means for it. */
export async function settleSlot(
  ports: SlotPorts,
  finalization: string,
  atEnd: SlotAtEnd,
  why: string,
): Promise<GivingBack> {
  const slot = ports.read();
  if (slot === null) return { kind: "given-back" };
  const isItsOwn = slot.finalization === finalization;
  // One that is still driven needs its slot, and gives it back itself.
  if (!isItsOwn && !(await ports.hasEnded(slot.finalization))) return { kind: "given-back" };
  if (atEnd === "keep") {
    if (isItsOwn && slot.keptBecause === null) ports.write({ ...slot, keptBecause: why });
    return { kind: "given-back" };
  }
  if (atEnd === "give-back-own" && slot.keptBecause !== null) return { kind: "given-back" };
  return await giveSlotBack(ports);
}

/** Keeps the lease of a slot that is held from running out. */
export async function renewSlot(ports: SlotPorts, finalization: string): Promise<Renewing> {
  const slot = ports.read();
  if (slot?.finalization !== finalization || slot.lease === null) return { kind: "renewed" };
  return await ports.server(slot.lock).renew(slot.lease);
}
