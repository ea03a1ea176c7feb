import type { FleetConfig } from "../../../src/core/config/fleet/fleet-config.ts";
import {
  countedFailures,
  type Done,
  type Halt,
  type Member,
  type MemberState,
  type PastRollout,
  type Rollout,
} from "../../../src/core/fleet/rollout.ts";
import type { RolloutServerFor } from "../../../src/fleet/part/terms.ts";
import { pause } from "../../../src/host/process/time.ts";
import type {
  Admission,
  GroupView,
  OperatorAct,
  Progress,
  RolloutServer,
  Self,
  Told,
} from "../../../src/fleet/rollouts/rollout-server.ts";

type Unknown = { readonly kind: "unknown"; readonly why: string };

/** What the group answers to the next requests: `lost` heeds the request, `away` does not. */
export type Weather = "fine" | "away" | "lost";

export type RequestName = "admit" | "withdraw" | "soaks" | "live" | "failed" | "leaves";

const AT = "2026-11-22T21:31:00.000Z";
const SILENCE: Unknown = { kind: "unknown", why: "no etcd answers" };
const RETRY_MS = 50;
const PAST: Told = { kind: "past" };

/** The rollouts of one group in memory, by the rules of those in etcd. */
export class RolloutsStandIn {
  control: Rollout | null = null;
  readonly members = new Map<string, Member>();
  readonly done = new Map<string, Done>();
  readonly past: PastRollout[] = [];
  weather: Weather = "fine";
  /** Called before each request is heeded: the moment to halt, or to send the etcd away. */
  onRequest: (name: RequestName, self: Self) => void = () => {};
  /** All requests, in their order. */
  readonly asked: string[] = [];
  /** The requests that were heeded. */
  readonly heeded: string[] = [];
  readonly waited: number[] = [];
  #watchers: (() => void)[] = [];
  #changes = 0;

  /** As the configuration of a host would make it. */
  readonly serverFor: RolloutServerFor = (_lock, fleet, holder) => this.server(fleet, holder);

  server(_fleet: FleetConfig, _holder: string): RolloutServer {
    let seen = 0;
    /** When another look is worthwhile without a change: it goes on without a host, or etcd may answer again. */
    let dueMs = Infinity;
    const act = async <T>(name: RequestName, self: Self, heed: () => T): Promise<T | Unknown> => {
      this.asked.push(`${name} ${self.host}`);
      this.onRequest(name, self);
      const { weather } = this;
      dueMs = weather === "fine" ? Infinity : RETRY_MS;
      if (weather === "away") return SILENCE;
      this.heeded.push(`${name} ${self.host}`);
      const answer = heed();
      seen = this.#changes;
      return weather === "lost" ? SILENCE : answer;
    };
    return {
      admit: async (self, waited) =>
        await act("admit", self, () => {
          this.waited.push(waited);
          const left = self.joinWithin - waited;
          if (left > 0) dueMs = Math.min(dueMs, left * 1000);
          return this.#admit(self, waited);
        }),
      preview: async (self) => (this.weather === "fine" ? this.#preview(self) : SILENCE),
      withdraw: async (self) =>
        await act("withdraw", self, () => this.#own(self, ["acting"], "waiting", null)),
      soaks: async (self) =>
        await act("soaks", self, () => this.#own(self, ["waiting", "acting"], "soaking", null)),
      ends: async (self, end) => await act(end.kind, self, () => this.#ends(self, end)),
      leaves: async (self, why) =>
        await act("leaves", self, () =>
          this.#own(self, ["waiting", "acting", "soaking"], "left", why),
        ),
      look: async () => (this.weather === "fine" ? this.view() : SILENCE),
      history: async () =>
        this.weather === "fine" ? { kind: "known", past: this.past.toReversed() } : SILENCE,
      halt: async (by, why) => this.halt({ at: AT, by, why, kind: "operator" }),
      resume: async () => this.resume(),
      forget: async (host) => this.forget(host),
      change: async (signal) => {
        if (seen !== this.#changes || signal.aborted) return;
        await new Promise<void>((resolve) => {
          this.#watchers.push(resolve);
          signal.addEventListener("abort", () => {
            resolve();
          });
          void pause(dueMs, signal).then(resolve);
        });
      },
    };
  }

  halt(halt: Halt): OperatorAct {
    if (this.control === null) return { kind: "refused", why: "there is no rollout" };
    this.control = { ...this.control, halt };
    this.#changed();
    return { kind: "done", rollout: this.control };
  }

  resume(): OperatorAct {
    if (this.control?.halt == null) return { kind: "refused", why: "it is not halted" };
    this.control = { ...this.control, halt: null, forgiven: this.control.failures.length };
    this.#changed();
    return { kind: "done", rollout: this.control };
  }

  forget(host: string): OperatorAct {
    const member = [...this.members.values()].find((one) => one.host === host);
    if (member === undefined || this.control === null)
      return { kind: "refused", why: `no host ${host}` };
    this.members.delete(member.id);
    this.done.delete(member.id);
    this.#changed();
    return { kind: "done", rollout: this.control };
  }

  /** Another host of the group, in the rollout of now unless another number is given. */
  knows(host: string, wave: number, state: MemberState, seq = this.control?.seq ?? 0): void {
    const id = `id-of-${host}`;
    const known = { schemaVersion: 1, id, host, wave, seq, finalization: "f", state } as const;
    this.members.set(id, { ...known, generation: null, since: AT, why: null });
    if (state === "live" || state === "failed") this.done.set(id, state);
    this.#changed();
  }

  stateOf(host: string): MemberState | null {
    return [...this.members.values()].find((one) => one.host === host)?.state ?? null;
  }

  doneOf(host: string): Done | null {
    const id = [...this.members.values()].find((one) => one.host === host)?.id;
    return id === undefined ? null : (this.done.get(id) ?? null);
  }

  view(): GroupView {
    const waves = [...new Set([...this.members.values()].map(({ wave }) => wave))];
    return {
      kind: "known",
      group: "default",
      rollout: this.control,
      waves: waves
        .toSorted((one, other) => one - other)
        .map((wave) => ({
          wave,
          members: [...this.members.values()]
            .filter((member) => member.wave === wave)
            .map((member) => ({
              ...member,
              done: this.done.get(member.id) ?? null,
              hasJoined: member.seq === this.control?.seq,
            })),
        })),
    };
  }

  #changed(): void {
    this.#changes++;
    for (const resolve of this.#watchers.splice(0)) resolve();
  }

  #admit(self: Self, waited: number): Admission {
    const replaced = this.#start(self);
    if (replaced !== null) return replaced;
    this.#join(self);
    const admission = this.#decide(self, waited);
    if (admission.kind === "admitted") this.#put(self, "acting", null);
    return admission;
  }

  #preview(self: Self): Admission {
    const { control } = this;
    const members = [...this.members.values()];
    if (control?.name === self.rollout) return this.#decideFor(self, control, members, 0);
    return this.#decideFor(self, this.#new(self), members, 0, new Map());
  }

  /** Null if the rollout of this host is the current one now. */
  #start(self: Self): Admission | null {
    const { control } = this;
    if (control?.name === self.rollout) return null;
    const hasJoined = control !== null && this.members.get(self.id)?.seq === control.seq;
    const { startedFor = "" } = control ?? {};
    const isPast = this.past.some(({ name }) => name === self.rollout);
    if (control !== null && !hasJoined && (isPast || self.finalization < startedFor)) {
      const why = `rollout ${self.rollout} was replaced by ${control.name}`;
      return { kind: "held", because: "superseded", why, rollout: control };
    }
    if (control !== null) this.past.push({ ...control, endedAt: AT, live: 0, members: 0 });
    this.done.clear();
    this.control = this.#new(self);
    this.#changed();
    return null;
  }

  #new({ rollout: name, host, finalization }: Self): Rollout {
    const seq = (this.control?.seq ?? 0) + 1;
    const begun = { schemaVersion: 1, seq, name, startedAt: AT, startedBy: host } as const;
    return { ...begun, startedFor: finalization, halt: null, failures: [], forgiven: 0 };
  }

  #join(self: Self): void {
    const before = this.members.get(self.id);
    const isKnown = before?.seq === this.control?.seq && before?.finalization === self.finalization;
    if (!isKnown || before?.state === "left") this.#put(self, "waiting", null);
    if (before?.wave !== self.wave) this.#changed();
  }

  #put(self: Self, state: MemberState, why: string | null): void {
    const { id, host, wave, finalization, generation } = self;
    const seq = this.control?.seq ?? 0;
    const own = { schemaVersion: 1, id, host, wave, seq, finalization, generation } as const;
    this.members.set(id, { ...own, state, since: AT, why });
  }

  #decide(self: Self, waited: number): Admission {
    const { control } = this;
    if (control === null) return SILENCE;
    const decided = this.#decideFor(self, control, [...this.members.values()], waited);
    if (decided.kind !== "held" || decided.because !== "missing") return decided;
    const late = this.#missing(control, [...this.members.values()], self);
    if (self.onMissing === "go-on-without") {
      for (const { id } of late) this.done.set(id, "without");
      this.#changed();
      return this.#decide(self, waited);
    }
    const why = `${late.map(({ host }) => host).join(", ")} did not take part`;
    this.halt({ at: AT, by: self.host, why, kind: "missing" });
    return this.#decideFor(self, this.control ?? control, [...this.members.values()], waited);
  }

  #decideFor(
    self: Self,
    rollout: Rollout,
    members: readonly Member[],
    waited: number,
    done: ReadonlyMap<string, Done> = this.done,
  ): Admission {
    const failures = countedFailures(rollout).length;
    if (rollout.halt !== null || failures >= self.maxFailures) {
      const why = `halted: ${rollout.halt?.why ?? `${failures} hosts have failed`}`;
      return { kind: "held", because: "halted", why, rollout };
    }
    const lower = members.filter(({ wave }) => wave < self.wave);
    const open = lower.filter(({ id }) => !done.has(id));
    if (open.length === 0) return { kind: "admitted", rollout };
    const isLate = waited >= self.joinWithin && this.#missing(rollout, lower, self).length > 0;
    const why = `waits for ${open.map(({ host }) => host).join(", ")}`;
    return { kind: "held", because: isLate ? "missing" : "wave", why, rollout };
  }

  #missing({ seq }: Rollout, members: readonly Member[], self: Self): Member[] {
    return members
      .filter(({ wave, id }) => wave < self.wave && !this.done.has(id))
      .filter((member) => member.seq < seq || member.state === "left");
  }

  /** Only for the finalization by which the group knows the host. */
  #own(self: Self, from: MemberState[], state: MemberState, why: string | null): Told {
    const member = this.members.get(self.id);
    if (member?.finalization !== self.finalization || member.seq !== this.control?.seq) return PAST;
    if (this.control.name !== self.rollout) return PAST;
    if (from.includes(member.state)) this.#put(self, state, why);
    if (state === "left") this.#changed();
    return { kind: "told", progress: this.progress() };
  }

  #ends(self: Self, end: { kind: "live" } | { kind: "failed"; why: string }): Told {
    const { control } = this;
    const member = this.members.get(self.id);
    if (control === null || member?.seq !== control.seq || control.name !== self.rollout) {
      return PAST;
    }
    if (member.finalization > self.finalization) return PAST;
    this.done.set(self.id, end.kind);
    this.#put(self, end.kind, end.kind === "failed" ? end.why : null);
    if (end.kind === "failed") this.#fails(control, self, end.why);
    this.#changed();
    return { kind: "told", progress: this.progress() };
  }

  #fails(control: Rollout, self: Self, why: string): void {
    const { id, host, wave, finalization } = self;
    const isKnown = control.failures.some(
      (failure) => failure.id === id && failure.finalization === finalization,
    );
    if (isKnown) return;
    const failures = [...control.failures, { id, host, wave, finalization, why, at: AT }];
    const failed = { ...control, failures };
    const isTooMany = countedFailures(failed).length >= self.maxFailures;
    const halt: Halt = { at: AT, by: host, why: `${host}: ${why}`, kind: "failures" };
    this.control = { ...failed, halt: control.halt ?? (isTooMany ? halt : null) };
  }

  progress(): Progress | null {
    if (this.control === null) return null;
    const waves = this.view().waves.map(({ members }) => members);
    const isComplete = (members: (typeof waves)[number]): boolean =>
      members.every(({ done }) => done !== null);
    return {
      rollout: this.control,
      waves: waves.length,
      complete: waves.filter(isComplete).length,
      members: this.members.size,
      live: [...this.done.values()].filter((done) => done === "live").length,
    };
  }
}
