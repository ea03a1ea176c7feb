import type { EtcdLockConfig } from "../../../src/core/config/lock-config.ts";
import { EtcdSlots } from "../../../src/fleet/etcd.ts";
import { fractionOf } from "../../../src/fleet/holder.ts";

/** The slots of a group: an act needs one. */
export interface SlotDesk {
  readonly has: (id: string) => boolean;
  /** False if there is none, or no answer. */
  readonly take: (id: string) => Promise<boolean>;
  readonly giveBack: (id: string) => Promise<void>;
}

/** The real slots of a group in etcd. */
export function etcdSlotDesk(lock: EtcdLockConfig, pause: () => Promise<void>): SlotDesk {
  const held = new Set<string>();
  const server = (id: string): EtcdSlots => new EtcdSlots(lock, () => new Date(), fractionOf(id));
  return {
    has: (id) => held.has(id),
    take: async (id) => {
      const claim = { id, host: id, finalization: id, token: id, lease: null };
      const { kind } = await server(id).take(claim);
      if (kind === "held") held.add(id);
      return kind === "held";
    },
    giveBack: async (id) => {
      if (!held.has(id)) return;
      while ((await server(id).giveBack(id)).kind !== "given-back") await pause();
      held.delete(id);
    },
  };
}
