import { verify } from "../checks/verify.ts";
import type { Config } from "../core/config.ts";
import type { Plan } from "../core/decision.ts";
import type { Ports } from "../core/drive.ts";
import type { Effect, Event, Facts, Policy } from "../core/machine-types.ts";
import { isUnfinished, type FinalizationRecord } from "../core/record.ts";
import {
  rebootInto,
  type Runners,
  setBootDefault,
  startAgain,
  type Suspended,
  switchTo,
} from "./acting.ts";
import { switchLock } from "../gates/switch-lock.ts";
import { waitForGates } from "../gates/wait.ts";
import { awaitConfirmation } from "./confirmation.ts";
import { observe } from "./facts.ts";
import { takeBaseline } from "./failed-units.ts";
import type { Host } from "./host.ts";
import { type Lock, waitForLock } from "./lock.ts";
import { pinnedIds, unpin } from "./pins.ts";
import { restoreProfile } from "./profile.ts";
import type { RecordStore } from "./store.ts";
import { awaitGates, lookOnceMore, type WaitedRound } from "./waiting.ts";

const SUSPENDED: Suspended = { kind: "suspended" };

/** Carries out the effects of one finalization on the real host. */
export class Interpreter implements Ports {
  readonly policy: Policy;
  readonly #host: Host;
  readonly #store: RecordStore;
  readonly #config: Config;
  readonly #stop: AbortSignal;
  #turn: Lock | null = null;
  /** Null in a process that takes up an act: its runners have been stopped before. */
  #round: WaitedRound | null = null;

  /** @param stop aborted when systemd asks this process to end; an act that has begun is finished first */
  constructor(host: Host, store: RecordStore, config: Config, stop: AbortSignal) {
    this.#host = host;
    this.#store = store;
    this.#config = config;
    this.#stop = stop;
    this.policy = policyOf(config);
  }

  now = (): Date => this.#host.now();

  observe = async (record: FinalizationRecord): Promise<Facts> =>
    await observe(this.#host.paths, this.#store, this.#config.rebootWhenChanged, record);

  save = async (record: FinalizationRecord): Promise<void> => {
    this.#store.save(record);
    const { state, detail } = record.timeline.at(-1) ?? { state: record.state, detail: "" };
    this.#host.say(`${state}: ${detail}`);
  };

  perform = async (effect: Effect, record: FinalizationRecord): Promise<Event | Suspended> => {
    switch (effect.kind) {
      case "await-gates":
        return await this.#awaitGates(record);
      case "take-turn":
        return await this.#takeTurn(record);
      case "switch":
        if (!(await this.#haveTurn())) return SUSPENDED;
        return await switchTo(this.#host, effect.toplevel, this.#runners(record));
      case "reboot":
        return await this.#reboot(record, effect.toplevel);
      case "verify":
        return await this.#verify(record, this.#config.verify);
      case "verify-way-back":
        // The checks belong to the target: the previous system may never have passed them.
        return await this.#verify(record, { ...this.#config.verify, checks: [] });
      case "await-confirmation":
        return await this.#awaitConfirmation(record, effect.until);
      case "restore-profile": {
        if (!(await this.#haveTurn()) || !(await this.#switchLockFree(record))) return SUSPENDED;
        const { profile, target } = record;
        const problem = await restoreProfile(this.#host, profile, target, effect.toplevel);
        return { kind: "profile-restored", problem };
      }
      case "restore-boot-default": {
        if (!(await this.#haveTurn())) return SUSPENDED;
        const problem = await setBootDefault(this.#host, effect.toplevel);
        return { kind: "boot-default-restored", problem };
      }
      case "finish":
        return await this.#finish(record);
    }
  };

  async #awaitGates(record: FinalizationRecord): Promise<Event | Suspended> {
    await this.releaseTurn();
    return await this.#passGates(record, await this.#actionNow(record));
  }

  async #passGates(record: FinalizationRecord, action: Plan["action"]): Promise<Event | Suspended> {
    const context = this.#context(record);
    const { event, round } = await awaitGates(context, this.#store, action, this.#stop);
    this.#round = round;
    return event;
  }

  /** One activation at a time. A gate may have shut while another finalization had its turn. */
  async #takeTurn(record: FinalizationRecord): Promise<Event | Suspended> {
    if (!(await this.#haveTurn()) || this.#stop.aborted) return SUSPENDED;
    if (this.#round?.action !== (await this.#actionNow(record))) {
      return await this.#awaitGates(record);
    }
    const looked = await lookOnceMore(this.#context(record), this.#round);
    return looked ?? (await this.#awaitGates(record));
  }

  /** What would be done now; a target that would be refused keeps the action of its plan. */
  async #actionNow(record: FinalizationRecord): Promise<Plan["action"]> {
    const { decision } = await this.observe(record);
    return decision.action === "refuse" ? record.plan.action : decision.action;
  }

  /** A switch that turned out to need a reboot has waited only for the runners that it would stop. */
  async #reboot(record: FinalizationRecord, toplevel: string): Promise<Event | Suspended> {
    if (!(await this.#haveTurn())) return SUSPENDED;
    if (record.state === "rebooting" && this.#round?.action !== "reboot") {
      const passed = await this.#passGates(record, "reboot");
      if (passed.kind === "suspended") return passed;
      if (passed.kind === "gates-timed-out") return { kind: "reboot-refused", why: passed.why };
      if (passed.kind !== "gates-opened") return { kind: "held-up", why: "not wanted any more" };
    }
    return await rebootInto(this.#host, toplevel, this.#runners(record), this.#stop);
  }

  #runners(record: FinalizationRecord): Runners {
    const stop = record.state === "rolling-back" ? [] : (this.#round?.runners ?? []);
    return { stop, start: record.stoppedRunners };
  }

  async #verify(record: FinalizationRecord, wanted: Config["verify"]): Promise<Event | Suspended> {
    if (!(await this.#haveTurn())) return SUSPENDED;
    const before = record.failedBefore ?? (await takeBaseline(this.#host));
    const checks = await verify(this.#host, wanted, before, this.#stop);
    return this.#stop.aborted ? SUSPENDED : { kind: "verified", checks };
  }

  async #awaitConfirmation(record: FinalizationRecord, until: string): Promise<Event | Suspended> {
    const remainingMs = Date.parse(until) - this.now().getTime();
    await awaitConfirmation(this.#store, record.id, remainingMs, this.#stop);
    return this.#stop.aborted ? SUSPENDED : { kind: "confirmation-ended" };
  }

  async #finish(record: FinalizationRecord): Promise<Suspended> {
    if (!isUnfinished(record)) {
      await startAgain(this.#host, record.stoppedRunners);
      unpin(this.#host.paths, record.id);
      this.#store.prune(pinnedIds(this.#host.paths));
    }
    return SUSPENDED;
  }

  #context(record: FinalizationRecord) {
    return { host: this.#host, config: this.#config, record };
  }

  /** False where this process is asked to end before its turn has come. */
  async #haveTurn(): Promise<boolean> {
    this.#turn ??= await waitForLock(this.#host, this.#store.lockPath("turn"), this.#stop);
    return this.#turn !== null;
  }

  /** The way back must not fail because somebody else is activating at the moment. */
  async #switchLockFree(record: FinalizationRecord): Promise<boolean> {
    const waiting = { gates: [switchLock], since: this.now(), stop: this.#stop };
    await waitForGates(this.#context(record), { ...waiting, interrupted: () => false });
    return !this.#stop.aborted;
  }

  /** Lets others act; called at the end in any case, because what holds the lock keeps us alive. */
  async releaseTurn(): Promise<void> {
    await this.#turn?.release();
    this.#turn = null;
  }
}

function policyOf({ reboot, rollback, verify: { confirm } }: Config): Policy {
  return {
    reboot: reboot.allow ? "allowed" : "forbidden",
    rollback: rollback.enable ? "enabled" : "disabled",
    confirmWithin: confirm?.within ?? null,
  };
}
