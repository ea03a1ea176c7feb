import * as v from "valibot";
import type { EtcdLockConfig } from "../core/lock-config.ts";
import { messageOf } from "../core/refusal.ts";
import type { Claim, GivingBack, SlotServer, Taking } from "../core/slot-keeping.ts";
import { EtcdGateway } from "./etcd-gateway.ts";
import {
  freeSlot,
  givingBack,
  type Group,
  ownSlot,
  rangeOf,
  readGroup,
  taking,
} from "./etcd-group.ts";

/** More tries than this only keep others from theirs: the next one comes after a pause. */
const TRIES = 3;

// Zero and false are left out of etcd's answers.
const transactionAnswer = v.object({ succeeded: v.optional(v.boolean(), false) });
const leaseAnswer = v.object({ ID: v.string() });
const keptAlive = v.object({ result: v.object({ TTL: v.optional(v.string(), "0") }) });

type Unknown = { readonly kind: "unknown"; readonly why: string };

/** What a group as it was read calls for. */
type Next<End> =
  | { readonly kind: "end"; readonly end: End }
  /** It ends as `done` where the transaction holds. */
  | { readonly kind: "try"; readonly transaction: object; readonly done: End };

/**
 * The slots of a group in etcd itself. A transaction that did not answer is unknown:
 * the group is read again before anything else is done.
 */
export class EtcdSlots implements SlotServer {
  readonly #config: EtcdLockConfig;
  readonly #gateway: EtcdGateway;
  readonly #now: () => Date;

  /** @param first see EtcdGateway */
  constructor(config: EtcdLockConfig, now: () => Date, first: number) {
    this.#config = config;
    this.#gateway = new EtcdGateway(config, first);
    this.#now = now;
  }

  take = async (claim: Claim): Promise<Taking> =>
    await this.#until<Taking>((group) => {
      const own = ownSlot(group, claim.id);
      if (own !== null && group.holders.get(claim.id)?.token === claim.token) {
        return { kind: "end", end: { kind: "held" } };
      }
      const slot = own ?? freeSlot(group, this.#config.slots);
      if (slot === null) {
        return { kind: "end", end: { kind: "refused", why: this.#describeFull(group) } };
      }
      return {
        kind: "try",
        transaction: taking(this.#config, group, claim, slot, this.#now()),
        done: { kind: "held" },
      };
    });

  giveBack = async (holder: string): Promise<GivingBack> =>
    await this.#until<GivingBack>((group) => ({
      kind: "try",
      transaction: givingBack(this.#config, group, holder),
      done: { kind: "given-back" },
    }));

  look: SlotServer["look"] = async () =>
    await this.#guarded(async () => {
      const { slots } = await this.#read();
      const holders = [...slots].map(([slot, holder]) => ({ ...holder, slot }));
      return { kind: "known", slots: this.#config.slots, holders } as const;
    });

  newLease: SlotServer["newLease"] = async () =>
    await this.#guarded(async () => {
      const answer = await this.#gateway.ask("v3/lease/grant", { TTL: this.#config.lease ?? 0 });
      return { kind: "lease", id: v.parse(leaseAnswer, answer).ID } as const;
    });

  renew: SlotServer["renew"] = async (lease) =>
    await this.#guarded(async () => {
      const answer = await this.#gateway.ask("v3/lease/keepalive", { ID: lease });
      const { TTL } = v.parse(keptAlive, answer).result;
      return { kind: Number(TTL) > 0 ? "renewed" : "gone" } as const;
    });

  /** Reads, decides, and tries; reads again where that did not hold or nobody answered. */
  async #until<End>(decide: (group: Group) => Next<End>): Promise<End | Unknown> {
    return await this.#guarded<End>(async () => {
      let why = "other hosts were faster";
      for (let tries = 0; tries < TRIES; tries++) {
        const next = decide(await this.#read());
        if (next.kind === "end") return next.end;
        try {
          if (await this.#commit(next.transaction)) return next.done;
        } catch (error) {
          why = messageOf(error);
        }
      }
      throw new Error(why);
    });
  }

  async #read(): Promise<Group> {
    const answer = await this.#gateway.ask("v3/kv/range", rangeOf(this.#config));
    return readGroup(this.#config, answer);
  }

  async #commit(transaction: object): Promise<boolean> {
    const answer = await this.#gateway.askOnce("v3/kv/txn", transaction);
    return v.parse(transactionAnswer, answer).succeeded;
  }

  async #guarded<T>(ask: () => Promise<T>): Promise<T | Unknown> {
    try {
      return await ask();
    } catch (error) {
      const why = v.isValiError(error) ? "answers what etcd does not" : messageOf(error);
      return { kind: "unknown", why: `the lock server ${why}` };
    }
  }

  #describeFull({ slots }: Group): string {
    const all = slots.size === 1 ? "the slot" : `all ${slots.size} slots`;
    return `${all} of group ${this.#config.group} ${slots.size === 1 ? "is" : "are"} taken`;
  }
}
