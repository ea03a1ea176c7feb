import {
  countedFailures,
  type Done,
  type Failure,
  type Halt,
  type Member,
  type PastRollout,
  type Rollout,
} from "../../../../src/core/fleet/rollout.ts";
import type {
  Admission,
  GroupView,
  OperatorAct,
  RolloutServer,
  Self,
  Told,
} from "../../../../src/fleet/rollouts/rollout-server.ts";
import { Changes } from "./changes.ts";
import { progressOf, viewOf } from "./group-view.ts";

type Known<T extends { readonly kind: string }> = Exclude<T, { kind: "unknown" }>;

/**
 * What the rollouts of a group are meant to do, each request in one step: the reference that the engine
 * on etcd is compared with, and the server of simulations with thousands of schedules.
 */
export class ModelGroup {
  readonly #now: () => Date;
  #rollout: Rollout | null = null;
  readonly #members = new Map<string, Member>();
  readonly #done = new Map<string, Done>();
  readonly #past: PastRollout[] = [];
  /** The waves that have hosts, or had some since the rollout began. */
  readonly #waves = new Set<number>();
  readonly changes = new Changes();

  constructor(now: () => Date) {
    this.#now = now;
  }

  admit(self: Self, waitedSeconds: number): Known<Admission> {
    const superseded = this.#settleRollout(self);
    if (superseded !== null) return superseded;
    // A host that has just joined has not waited for anybody.
    const waited = this.hasJoined(self) ? waitedSeconds : -1;
    this.#join(self);
    const decided = this.#decide(self, waited);
    const state = decided.kind === "admitted" ? "acting" : "waiting";
    this.#change(self.id, { state, why: decided.kind === "held" ? decided.why : null });
    return decided;
  }

  /** After how long another look is worthwhile without any news, because a host of a lower wave is absent. */
  lookAgainMs(self: Self, waitedSeconds: number): number {
    const rollout = this.#current();
    const absent = [...this.#members.values()].filter(
      (member) =>
        member.wave < self.wave && !this.#done.has(member.id) && isAbsent(member, rollout),
    );
    const isAbsentBelow = this.knowsNobodyBelow(self.wave) || absent.length > 0;
    const leftMs = (self.joinWithin - waitedSeconds) * 1000;
    if (isAbsentBelow && leftMs > 0) return leftMs;
    const graces = absent.map((member) => this.#graceMs(member, self)).filter((ms) => ms > 0);
    return Math.min(Number.POSITIVE_INFINITY, ...graces);
  }

  /** In its first rollout a group knows no host: a wave above the first one does not begin by itself. */
  knowsNobodyBelow(wave: number): boolean {
    return wave > 0 && [...this.#waves].every((known) => known >= wave);
  }

  withdraw(self: Self): Known<Told> {
    if (!this.hasJoined(self)) return { kind: "past" };
    const { state } = this.#members.get(self.id) ?? {};
    if (state === "acting") this.#change(self.id, { state: "waiting" });
    return this.#told();
  }

  soaks(self: Self): Known<Told> {
    if (!this.hasJoined(self)) return { kind: "past" };
    this.#change(self.id, { state: "soaking", why: null });
    return this.#told();
  }

  ends(self: Self, end: Parameters<RolloutServer["ends"]>[1]): Known<Told> {
    if (!this.#isCurrent(self)) return { kind: "past" };
    const why = end.kind === "failed" ? end.why : null;
    const before = this.#members.get(self.id);
    const isKnown = before?.state === "failed" && before.finalization === self.finalization;
    // What is told again counts no second time, also after it was forgiven.
    if (why !== null && !isKnown) this.#fails(self, why);
    const { generation, finalization } = self;
    this.#change(self.id, { state: end.kind, why, finalization, generation });
    this.#mark(self.id, end.kind);
    return this.#told();
  }

  leaves(self: Self, why: string): Known<Told> {
    if (!this.hasJoined(self)) return { kind: "past" };
    const { state } = this.#members.get(self.id) ?? {};
    if (state !== "left") this.#change(self.id, { state: "left", why });
    return this.#told();
  }

  look(group: string): GroupView {
    return viewOf(group, this.#rollout, [...this.#members.values()], this.#done);
  }

  history(): readonly PastRollout[] {
    return this.#past.toReversed();
  }

  halt(by: string, why: string): Known<OperatorAct> {
    if (this.#rollout === null) return { kind: "refused", why: "there is no rollout" };
    if (this.#rollout.halt !== null) return { kind: "refused", why: "it is halted already" };
    return { kind: "done", rollout: this.#halts(this.#rollout, { by, why, kind: "operator" }) };
  }

  resume(): Known<OperatorAct> {
    if (this.#rollout === null) return { kind: "refused", why: "there is no rollout" };
    const { halt, failures } = this.#rollout;
    if (halt === null && countedFailures(this.#rollout).length === 0) {
      return { kind: "refused", why: "it is not halted" };
    }
    const rollout = { ...this.#rollout, halt: null, forgiven: failures.length };
    // Otherwise the next host that looks halts it again.
    for (const id of halt?.missing ?? []) {
      const member = this.#members.get(id);
      if (member !== undefined && isAbsent(member, rollout)) this.#mark(id, "without");
    }
    this.#put(rollout);
    return { kind: "done", rollout };
  }

  forget(host: string): Known<OperatorAct> {
    const member = [...this.#members.values()].find(
      (each) => each.id === host || each.host === host,
    );
    if (member === undefined) return { kind: "refused", why: `there is no host ${host}` };
    this.#members.delete(member.id);
    this.#done.delete(member.id);
    this.changes.note();
    if (this.#rollout === null) return { kind: "refused", why: "there is no rollout" };
    return { kind: "done", rollout: this.#rollout };
  }

  /** Starts a rollout if that is due. The answer is null if the host takes part in the current one now. */
  #settleRollout(self: Self): Known<Admission> | null {
    const current = this.#rollout;
    if (current?.name === self.rollout) return null;
    const hasJoined = current !== null && this.#members.get(self.id)?.seq === current.seq;
    const { startedFor = "" } = current ?? {};
    const isPast = this.#past.some(({ name }) => name === self.rollout);
    if (current !== null && !hasJoined && (isPast || self.finalization < startedFor)) {
      const why = `rollout ${current.name} has superseded ${self.rollout}`;
      return { kind: "held", because: "superseded", why, rollout: current };
    }
    if (current !== null) {
      const live = [...this.#done.values()].filter((done) => done === "live").length;
      const members = this.#members.size;
      const isOver = this.#done.size === members;
      this.#past.push({ ...current, endedAt: this.#at(), live, members, isOver });
    }
    this.#done.clear();
    this.#waves.clear();
    for (const { wave } of this.#members.values()) this.#waves.add(wave);
    this.#put({
      schemaVersion: 1,
      seq: (current?.seq ?? 0) + 1,
      name: self.rollout,
      startedAt: this.#at(),
      startedBy: self.host,
      startedFor: self.finalization,
      halt: null,
      failures: [],
      forgiven: 0,
    });
    return null;
  }

  #join({ id, host, wave, finalization, generation }: Self): void {
    const { seq } = this.#current();
    const before = this.#members.get(id);
    const hasJoined = before?.seq === seq && before.finalization === finalization;
    if (hasJoined && before.wave === wave) return;
    // A mark under another wave is no mark.
    if (before !== undefined && before.wave !== wave) this.#done.delete(id);
    this.#waves.add(wave);
    const own = { schemaVersion: 1, id, host, wave, seq, finalization, generation } as const;
    this.#members.set(id, { ...own, state: "waiting", since: this.#at(), why: null });
  }

  #decide(self: Self, waitedSeconds: number): Known<Admission> {
    const rollout = this.#current();
    if (rollout.halt !== null) {
      return { kind: "held", because: "halted", why: rollout.halt.why, rollout };
    }
    if (countedFailures(rollout).length >= self.maxFailures) {
      return { kind: "held", because: "halted", why: "too many hosts have failed", rollout };
    }
    if (this.knowsNobodyBelow(self.wave)) {
      const isLate = waitedSeconds >= self.joinWithin;
      if (isLate && self.onMissing === "go-on-without") return { kind: "admitted", rollout };
      const why = `waits for the first host of a wave below ${self.wave}`;
      return { kind: "held", because: "missing", why, rollout };
    }
    const lacking = [...this.#members.values()].filter(
      ({ id, wave }) => wave < self.wave && !this.#done.has(id),
    );
    if (lacking.length === 0) return { kind: "admitted", rollout };
    const missing = lacking.filter((member) => isAbsent(member, rollout));
    const late = missing.filter((member) => this.#graceMs(member, self) === 0);
    if (late.length > 0 && waitedSeconds >= self.joinWithin) return this.#missing(self, late);
    const why = `waits for ${lacking.map(({ host }) => host).join(", ")}`;
    const because = missing.length === lacking.length ? "missing" : "wave";
    return { kind: "held", because, why, rollout };
  }

  #missing(self: Self, missing: readonly Member[]): Known<Admission> {
    const names = missing.map(({ host }) => host).join(", ");
    switch (self.onMissing) {
      case "halt": {
        const why = `${names} does not take part`;
        const ids = missing.map(({ id }) => id);
        const halt = { by: self.host, why, kind: "missing", missing: ids } as const;
        const rollout = this.#halts(this.#current(), halt);
        return { kind: "held", because: "halted", why, rollout };
      }
      case "go-on-without":
        for (const { id } of missing) this.#mark(id, "without");
        return this.#decide(self, 0);
      default:
        return self.onMissing satisfies never;
    }
  }

  /** How long a host that has left this rollout may still come back. */
  #graceMs({ seq, state, since }: Member, { joinWithin }: Self): number {
    if (state !== "left" || seq !== this.#current().seq) return 0;
    const passedMs = this.#now().getTime() - Date.parse(since);
    return Math.max(0, joinWithin * 1000 - passedMs);
  }

  #fails(self: Self, why: string): void {
    const current = this.#current();
    if (current.halt !== null) return;
    const { finalization, id, host, wave } = self;
    const failure: Failure = { id, host, wave, finalization, why, at: this.#at() };
    // A host that fails again counts once.
    const counted = countedFailures(current).filter((each) => each.id !== id);
    const forgiven = current.failures.slice(0, current.forgiven);
    const rollout = { ...current, failures: [...forgiven, ...counted, failure] };
    if (countedFailures(rollout).length < self.maxFailures) return this.#put(rollout);
    this.#halts(rollout, { by: host, why: `${host} failed: ${why}`, kind: "failures" });
  }

  #halts(current: Rollout, halt: Omit<Halt, "at">): Rollout {
    const rollout = { ...current, halt: { ...halt, at: this.#at() } };
    this.#put(rollout);
    return rollout;
  }

  /** The host is in the current rollout, and not for a newer finalization. */
  #isCurrent({ id, rollout, finalization }: Self): boolean {
    const member = this.#members.get(id);
    if (this.#rollout === null || member === undefined) return false;
    const { seq, name } = this.#rollout;
    return name === rollout && member.seq === seq && member.finalization <= finalization;
  }

  /** It is in the current rollout for this very finalization. */
  hasJoined(self: Self): boolean {
    return this.#isCurrent(self) && this.#members.get(self.id)?.finalization === self.finalization;
  }

  #mark(id: string, done: Done): void {
    this.#done.set(id, done);
    this.changes.note();
  }

  #change(id: string, change: Partial<Member>): void {
    const member = this.#members.get(id);
    if (member !== undefined) this.#members.set(id, { ...member, ...change, since: this.#at() });
  }

  #put(rollout: Rollout): void {
    this.#rollout = rollout;
    this.changes.note();
  }

  #current(): Rollout {
    if (this.#rollout === null) throw new Error("there is no rollout");
    return this.#rollout;
  }

  #told(): Known<Told> {
    const members = [...this.#members.values()];
    return { kind: "told", progress: progressOf(this.#current(), members, this.#done) };
  }

  #at(): string {
    return this.#now().toISOString();
  }
}

function isAbsent({ seq, state }: Member, rollout: Rollout): boolean {
  return seq < rollout.seq || state === "left";
}
