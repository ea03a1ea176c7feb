import { jsonAs } from "../../../src/core/answer.ts";
import { afterFailure } from "../../../src/core/fleet/admission.ts";
import { type Member, type Rollout, rolloutSchema } from "../../../src/core/fleet/rollout.ts";
import { passing } from "../../../src/fleet/rollouts/etcd/member-writes.ts";
import { type Operation, put, transactionOf } from "../../../src/fleet/rollouts/etcd/requests.ts";
import { transactionIn } from "../../fleet/rollouts/simulated-etcd/requests.ts";
import { type Clocks, PLANNED } from "./clocks.ts";
import type { Etcd } from "./etcd.ts";

/** What the rest of the group does; times in milliseconds. */
export interface RestOfGroup {
  readonly canary: "none" | "live" | "fails" | "does not take part";
  /** After the begin of a rollout, and after its join. */
  readonly joinsAfter: number;
  readonly endsAfter: number;
  /** After the begin of the plan an operator halts the rollout; 0 for never. */
  readonly haltsAt: number;
  /** So long after a halt an operator resumes. */
  readonly resumesAfter: number;
}

const CANARY = "canary";
const WAVE = 0;

/** A canary, and an operator who lets no rollout be halted for ever. Each step of theirs is one transaction. */
export class OtherHosts {
  readonly #plan: RestOfGroup;
  readonly #etcd: Etcd;
  readonly #clocks: Clocks;
  /** The rollout that the canary knows of. */
  #seq = 0;
  #isToResume = false;

  constructor(plan: RestOfGroup, etcd: Etcd, clocks: Clocks) {
    this.#plan = plan;
    this.#etcd = etcd;
    this.#clocks = clocks;
  }

  begin(): void {
    const plan = this.#plan;
    if (plan.canary !== "none") this.#isKnown();
    this.#etcd.store.listen(this.#react);
    if (plan.haltsAt > 0) this.#after(plan.haltsAt, "an operator halts", this.#halt);
  }

  #after(ms: number, what: string, act: () => void): void {
    this.#clocks.after(ms, `${PLANNED}${what}`, act);
  }

  #write(operations: readonly Operation[]): void {
    this.#etcd.store.transact(transactionIn(JSON.stringify(transactionOf([], operations))));
  }

  #rollout(): Rollout | null {
    const { store, keys } = this.#etcd;
    return jsonAs(rolloutSchema, store.get(keys.control) ?? "");
  }

  #at(): string {
    return new Date(this.#clocks.wallMs).toISOString();
  }

  /** From an earlier rollout. */
  #isKnown(): void {
    const { keys } = this.#etcd;
    this.#write([
      put(keys.where(CANARY), { wave: WAVE }),
      put(keys.roster(WAVE), { id: CANARY }),
      put(keys.of("member", WAVE, CANARY), this.#member(0, "live")),
    ]);
  }

  #member(seq: number, state: Member["state"]): Member {
    const who = { schemaVersion: 1, id: CANARY, host: CANARY, wave: WAVE, seq } as const;
    const finalization = "20261122-000000-cana";
    return { ...who, finalization, generation: null, state, since: this.#at(), why: null };
  }

  readonly #react = (): void => {
    const rollout = this.#rollout();
    if (rollout === null) return;
    const { canary, joinsAfter, resumesAfter } = this.#plan;
    if (rollout.seq !== this.#seq) {
      this.#seq = rollout.seq;
      const takesPart = canary === "live" || canary === "fails";
      if (takesPart) this.#after(joinsAfter, "the canary joins", this.#join(rollout.seq));
    }
    if (rollout.halt === null || this.#isToResume) return;
    this.#isToResume = true;
    this.#after(resumesAfter, "an operator resumes", this.#resume);
  };

  #join(seq: number): () => void {
    return () => {
      if (this.#rollout()?.seq !== seq) return;
      const { keys } = this.#etcd;
      const member = put(keys.of("member", WAVE, CANARY), this.#member(seq, "acting"));
      this.#write([member, put(keys.of("seen", WAVE, CANARY), {})]);
      this.#after(this.#plan.endsAfter, "the canary ends", () => {
        this.#end(seq);
      });
    };
  }

  #end(seq: number): void {
    const rollout = this.#rollout();
    if (rollout?.seq !== seq) return;
    const { keys } = this.#etcd;
    const state = this.#plan.canary === "fails" ? "failed" : "live";
    const { finalization } = this.#member(seq, state);
    const who = { id: CANARY, host: CANARY, wave: WAVE, finalization };
    const failure = { ...who, why: "it failed", at: this.#at() };
    this.#write([
      put(keys.of("member", WAVE, CANARY), this.#member(seq, state)),
      put(keys.of("done", WAVE, CANARY), { done: state }),
      ...(state === "live" ? [put(keys.of("live", WAVE, CANARY), {})] : []),
      ...(state === "failed" && rollout.halt === null
        ? [put(keys.control, afterFailure(rollout, failure, 1))]
        : []),
      passing(keys, rollout, WAVE),
    ]);
  }

  readonly #halt = (): void => {
    const rollout = this.#rollout();
    if (rollout === null || rollout.halt !== null) return;
    const halt = { at: this.#at(), by: "ann", why: "it looks bad", kind: "operator" } as const;
    this.#write([put(this.#etcd.keys.control, { ...rollout, halt })]);
  };

  readonly #resume = (): void => {
    this.#isToResume = false;
    const rollout = this.#rollout();
    if (rollout === null || rollout.halt === null) return;
    const resumed = { at: this.#at(), by: "ann" };
    const { failures } = rollout;
    const goesOn = { ...rollout, halt: null, forgiven: failures.length, resumed };
    this.#write([put(this.#etcd.keys.control, goesOn)]);
  };
}
