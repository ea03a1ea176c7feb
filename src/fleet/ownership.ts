/** What tells the slots of a host from those of another one with the same id. */
export interface Ownership {
  /** Its name for people, which a deploy may change. */
  readonly host: string;
  /** Its finalizations, from which its slots are. */
  readonly finalizations: readonly string[];
}

interface Held {
  /** The name of its holder with the lock server. */
  readonly id: string;
  readonly host: string;
  readonly finalization: string;
}

/** Whether a slot under the id of a host is its own, not that of a clone. */
export function isOwn(slot: Omit<Held, "id">, self: Ownership): boolean {
  return slot.host === self.host || self.finalizations.includes(slot.finalization);
}

/** Why a host does not get a slot while its clone holds one. */
export function whyCloned({ host, id }: Omit<Held, "finalization">): string {
  return (
    `${host} holds a slot under the id of this host (${id}). If the two were cloned with one ` +
    `machine id, set lock.id on each of them. If ${host} is a former name of this host, give ` +
    `the slot back: deploy-finalize lock release --holder ${id}`
  );
}
