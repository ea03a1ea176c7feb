import * as v from "valibot";
import type { EtcdLockConfig, Reached } from "../core/config/lock-config.ts";
import { messageOf } from "../core/refusal.ts";
import type { Claim, GivingBack, SlotServer, Taking, Unknown } from "./slot-keeping.ts";
import { isOwn, whyCloned } from "./ownership.ts";
import { EtcdGateway, guarded } from "./etcd-gateway.ts";
import { header } from "./etcd-values.ts";
import {
  freeSlot,
  givingBack,
  type Group,
  ownSlot,
  rangeOf,
  readGroup,
  slotsUnder,
  taking,
} from "./etcd-group.ts";

/** More tries would only block other hosts: the next round follows after a pause. */
const TRIES = 3;

// etcd leaves zero and false out of its answers.
const transactionAnswer = v.object({ header, succeeded: v.optional(v.boolean(), false) });
const leaseAnswer = v.object({ header, ID: v.pipe(v.string(), v.regex(/^-?\d{1,20}$/)) });
const keptAlive = v.object({ result: v.object({ header, TTL: v.optional(v.string(), "0") }) });

/** The lease that etcd grants. @throws ValiError */
export function leaseIn(answer: unknown): string {
  return v.parse(leaseAnswer, answer).ID;
}

/** What a request to keep a lease alive came to. @throws ValiError */
export function renewalIn(answer: unknown): "renewed" | "gone" {
  return Number(v.parse(keptAlive, answer).result.TTL) > 0 ? "renewed" : "gone";
}

/** Whether a transaction has changed the group. @throws ValiError */
export function hasSucceeded(answer: unknown): boolean {
  return v.parse(transactionAnswer, answer).succeeded;
}

/** The next step for a group as it was read. */
type Next<End> =
  | { readonly kind: "end"; readonly end: End }
  /** The result is `done` if the transaction succeeds. */
  | { readonly kind: "try"; readonly transaction: object; readonly done: End };

/**
 * The slots of a group in etcd itself. If a transaction gets no answer, its result is unknown, and
 * the group is read again before anything else.
 */
export class EtcdSlots implements SlotServer {
  readonly #config: Reached<EtcdLockConfig>;
  readonly #gateway: EtcdGateway;
  readonly #now: () => Date;

  /** @param first see EtcdGateway */
  constructor(config: Reached<EtcdLockConfig>, now: () => Date, first: number) {
    this.#config = config;
    this.#gateway = new EtcdGateway(config, first);
    this.#now = now;
  }

  take = async (claim: Claim): Promise<Taking> =>
    await this.#until<Taking>((group) => {
      const self = {
        host: claim.host,
        finalizations: [claim.finalization, ...(claim.earlier ?? [])],
      };
      const clone = slotsUnder(group, claim.id).find((slot) => !isOwn(slot, self));
      if (clone !== undefined) {
        return { kind: "end", end: { kind: "refused", why: whyCloned(clone) } };
      }
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

  giveBack: SlotServer["giveBack"] = async (holder, self) =>
    await this.#until<GivingBack>((group) => ({
      kind: "try",
      transaction: givingBack(this.#config, group, holder, self ?? null),
      done: { kind: "given-back" },
    }));

  look: SlotServer["look"] = async () =>
    await guarded(async () => {
      const { slots } = await this.#read();
      const holders = [...slots].map(([slot, holder]) => ({ ...holder, slot }));
      return { kind: "known", slots: this.#config.slots, holders } as const;
    });

  newLease: SlotServer["newLease"] = async () =>
    await guarded(async () => {
      const answer = await this.#gateway.ask("v3/lease/grant", { TTL: this.#config.lease ?? 0 });
      return { kind: "lease", id: leaseIn(answer) } as const;
    });

  renew: SlotServer["renew"] = async (lease) =>
    await guarded(async () => {
      const answer = await this.#gateway.ask("v3/lease/keepalive", { ID: lease });
      return { kind: renewalIn(answer) } as const;
    });

  /** Reads, decides and tries; reads again if the transaction failed or got no answer. */
  async #until<End>(decide: (group: Group) => Next<End>): Promise<End | Unknown> {
    return await guarded<End>(async () => {
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
    return hasSucceeded(answer);
  }

  #describeFull({ slots }: Group): string {
    const all = slots.size === 1 ? "the slot" : `all ${slots.size} slots`;
    return `${all} of group ${this.#config.group} ${slots.size === 1 ? "is" : "are"} taken`;
  }
}
