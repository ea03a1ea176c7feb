import { verify } from "../checks/verify.ts";
import type { Config } from "../core/config.ts";
import type { Plan } from "../core/decision.ts";
import type { Ports } from "../core/drive.ts";
import { stateEntry } from "../core/journal-entry.ts";
import type { Effect, Event, Facts, Policy } from "../core/machine-types.ts";
import { policyOf } from "../core/policy.ts";
import { isUnfinished, type FinalizationRecord } from "../core/record.ts";
import { rebootInto, type Runners, startAgain, type Suspended, switchTo } from "./acting.ts";
import { lastGates } from "../gates/last.ts";
import { switchLock } from "../gates/switch-lock.ts";
import { type Waiting, waitForGates } from "../gates/wait.ts";
import { nextBootOf, setForGood } from "./boot-default.ts";
import { awaitConfirmation, awaitRequest } from "./confirmation.ts";
import { observe } from "./facts.ts";
import { takeBaseline } from "./failed-units.ts";
import type { Host } from "./host.ts";
import { SlotKeeper } from "../lock/keeper.ts";
import { updateNotice } from "./notice.ts";
import { pinnedIds, pinPrevious, unpin } from "./pins.ts";
import { restoreProfile } from "./profile.ts";
import type { RecordStore } from "./store.ts";
import { rearmTimer } from "./systemd.ts";
import { Turn } from "./turn.ts";
import { awaitGates, lookOnceMore, untilUnwanted, type WaitedRound } from "./waiting.ts";
import { unlessEnded } from "./unless-ended.ts";
import { tellLate, type TellWaiting, writeWaitingNote } from "./waiting-note.ts";

const SUSPENDED: Suspended = { kind: "suspended" };

/** Carries out the effects of one finalization on the real host. */
export class Interpreter implements Ports {
  readonly policy: Policy;
  readonly #host: Host;
  readonly #store: RecordStore;
  readonly #config: Config;
  readonly #stop: AbortSignal;
  readonly #turn: Turn;
  #keeper: SlotKeeper | null = null;
  /** Null in a process that takes up an act: its runners have been stopped before. */
  #round: WaitedRound | null = null;
  #mayDefer: Waiting["defer"] = "far";

  /** @param stop aborted when systemd asks this process to end; an act that has begun is finished first */
  constructor(host: Host, store: RecordStore, config: Config, stop: AbortSignal) {
    this.#host = host;
    this.#store = store;
    this.#config = config;
    this.#stop = stop;
    this.#turn = new Turn(host, store.lockPath("turn"), stop);
    this.policy = policyOf(config);
  }

  now = (): Date => this.#host.now();

  observe = async (record: FinalizationRecord): Promise<Facts> =>
    await observe(this.#host, this.#store, this.#config.rebootWhenChanged, record);

  save = async (record: FinalizationRecord): Promise<void> => {
    if (isUnfinished(record)) pinPrevious(this.#host.paths, record);
    this.#store.save(record);
    updateNotice(this.#host, this.#store, record);
    await this.#host.journal.announce(stateEntry(record));
    await this.#host.report?.changed(record);
  };

  perform = async (effect: Effect, record: FinalizationRecord): Promise<Event | Suspended> => {
    switch (effect.kind) {
      case "await-gates":
        return await this.#awaitGates(record);
      case "defer":
        return await this.#defer(record, effect.until);
      case "take-turn":
        return await this.#takeTurn(record);
      case "switch":
        if (!(await this.#turn.wait())) return SUSPENDED;
        return await switchTo(this.#host, effect.toplevel, await this.#runners(record));
      case "reboot":
        return await this.#reboot(record, effect.toplevel);
      case "verify":
        return await this.#verify(record, checksOf(record));
      case "verify-way-back":
        return await this.#verify(record, "units");
      case "await-confirmation":
        return await this.#awaitConfirmation(record, effect.until);
      case "restore-profile": {
        if (!(await this.#turn.wait()) || !(await this.#switchLockFree(record))) return SUSPENDED;
        const { profile, target } = record;
        const problem = await restoreProfile(this.#host, profile, target, effect.toplevel);
        return { kind: "profile-restored", problem };
      }
      case "restore-boot-default": {
        if (!(await this.#turn.wait()) || !(await this.#switchLockFree(record))) return SUSPENDED;
        const { toplevel } = effect;
        const problem = await setForGood(this.#host, toplevel, record.target);
        return { kind: "boot-default-restored", toplevel, problem };
      }
      case "finish":
        return await this.#finish(record);
    }
  };

  async #awaitGates(record: FinalizationRecord): Promise<Event | Suspended> {
    await this.releaseTurn();
    this.#slots(record).letGo();
    return await this.#passGates(record, await this.#actionNow(record), this.#mayDefer);
  }

  async #passGates(
    record: FinalizationRecord,
    action: Plan["action"],
    defer: Waiting["defer"] = "never",
  ): Promise<Event | Suspended> {
    const last = lastGates(this.#config, action, this.#slots(record), this.#turn);
    const waiting = { last, defer, stop: this.#stop };
    const context = this.#context(record);
    const { event, round } = await awaitGates(context, this.#store, action, waiting);
    this.#round = round;
    // This process is to end: the slot must not wait for the next one.
    if (event.kind === "gates-deferred") await this.#slots(record).hasLetGo();
    return event;
  }

  /** Another process goes on then; where none can be had, this one waits itself. */
  async #defer(record: FinalizationRecord, until: string): Promise<Event | Suspended> {
    const problem = await rearmTimer(this.#host, record.id, new Date(until));
    if (problem === null) return SUSPENDED;
    this.#host.say(`waits itself, as no timer can be armed: ${problem}`);
    this.#mayDefer = "never";
    return await this.#awaitGates(record);
  }

  /** One activation at a time. A gate may have shut while another finalization had its turn. */
  async #takeTurn(record: FinalizationRecord): Promise<Event | Suspended> {
    const why = "another finalization is acting";
    const told = tellLate(this.#tell(record), { for: "turn", why, now: this.now() });
    const unwanted = untilUnwanted(this.#store, record);
    const isMine = await this.#turn.waitUnless(unwanted).finally(told.end);
    if (this.#stop.aborted) return SUSPENDED;
    if (!isMine) return { kind: "gates-interrupted", waitedFor: [] };
    if (this.#round?.action !== (await this.#actionNow(record))) {
      return await this.#awaitGates(record);
    }
    const looked = await lookOnceMore(this.#context(record), this.#round);
    return looked ?? (await this.#awaitGates(record));
  }

  /** What would be done now; a target that would be refused keeps the action of its plan. */
  async #actionNow(record: FinalizationRecord): Promise<Plan["action"]> {
    if (this.policy.reboot === "forbidden") return "switch";
    const { decision } = await this.observe(record);
    return decision.action === "refuse" ? record.plan.action : decision.action;
  }

  /** A switch that turned out to need a reboot has waited only for the runners that it would stop. */
  async #reboot(record: FinalizationRecord, toplevel: string): Promise<Event | Suspended> {
    if (!(await this.#turn.wait())) return SUSPENDED;
    if (record.state === "rebooting" && this.#round?.action !== "reboot") {
      const passed = await this.#passGates(record, "reboot");
      if (passed.kind === "suspended") return passed;
      if (passed.kind === "gates-timed-out") return { kind: "reboot-refused", why: passed.why };
      if (passed.kind !== "gates-opened") return { kind: "held-up", why: "not wanted any more" };
    }
    if (record.state === "rolling-back") await this.#slots(record).takeForWayBack();
    // The way back is the surest one.
    const method = record.state === "rolling-back" ? "reboot" : this.#config.reboot.method;
    const how = { runners: await this.#runners(record), method };
    return await rebootInto(
      this.#host,
      nextBootOf(record, toplevel, this.#config),
      how,
      this.#stop,
    );
  }

  async #runners(record: FinalizationRecord): Promise<Runners> {
    const isWayBack = record.state === "rolling-back";
    const stop = isWayBack ? [] : ((await this.#round?.runners()) ?? []);
    return { stop, start: record.stoppedRunners };
  }

  async #verify(record: FinalizationRecord, which: WhichChecks): Promise<Event | Suspended> {
    if (!(await this.#turn.wait())) return SUSPENDED;
    this.#slots(record).keepLease();
    const before = record.failedBefore ?? (await takeBaseline(this.#host));
    const all = this.#config.verify;
    const wanted = which === "all" ? all : { ...all, checks: [] };
    // The way back goes on whatever is asked for. Cut short, the machine does not look at the checks.
    const heeded = record.state === "verifying" ? (["rollback"] as const) : [];
    const checks = await unlessEnded(
      this.#stop,
      async (signal) => await verify(this.#host, wanted, before, signal, this.#tell(record)),
      async (signal) => await awaitRequest(this.#store, record.id, heeded, signal),
    );
    return this.#stop.aborted ? SUSPENDED : { kind: "verified", checks };
  }

  async #awaitConfirmation(record: FinalizationRecord, until: string): Promise<Event | Suspended> {
    const remainingMs = Date.parse(until) - this.now().getTime();
    this.#slots(record).keepLease();
    await awaitConfirmation(this.#store, record.id, remainingMs, this.#stop);
    return this.#stop.aborted ? SUSPENDED : { kind: "confirmation-ended" };
  }

  async #finish(record: FinalizationRecord): Promise<Suspended> {
    if (!isUnfinished(record)) {
      await startAgain(this.#host, record.stoppedRunners);
      // Others may act now. The pins stay until the slot is settled: the next boot comes back to it.
      await this.releaseTurn();
      if (!(await this.#slots(record).settle(record))) return SUSPENDED;
      // Noted again, if that failed before: without pins nobody comes back to it.
      await this.#host.report?.changed(record);
      unpin(this.#host.paths, record.id);
      this.#store.prune(pinnedIds(this.#host.paths));
    }
    return SUSPENDED;
  }

  #slots(record: FinalizationRecord): SlotKeeper {
    const { lock } = this.#config;
    this.#keeper ??= new SlotKeeper(this.#host, this.#store, lock, record, this.#stop);
    return this.#keeper;
  }

  /** For those who ask meanwhile what it waits for. */
  #tell(record: FinalizationRecord): TellWaiting {
    return (note) => {
      writeWaitingNote(this.#store, record.id, note);
      void this.#host.report?.measured(record);
    };
  }

  #context(record: FinalizationRecord) {
    return { host: this.#host, config: this.#config, record };
  }

  /** The way back must not fail because somebody else is activating at the moment. */
  async #switchLockFree(record: FinalizationRecord): Promise<boolean> {
    const waiting = { gates: [switchLock], since: this.now(), stop: this.#stop };
    const tell = this.#tell(record);
    await waitForGates(this.#context(record), { ...waiting, tell, interrupted: () => false });
    return !this.#stop.aborted;
  }

  /** Lets others act; called at the end in any case, because what holds the lock keeps us alive. */
  async releaseTurn(): Promise<void> {
    await this.#turn.release();
  }
}

/** The checks belong to a deploy's target: a system that is gone back to may never have passed them. */
type WhichChecks = "all" | "units";

function checksOf({ rollbackOf }: FinalizationRecord): WhichChecks {
  return rollbackOf === null ? "all" : "units";
}
