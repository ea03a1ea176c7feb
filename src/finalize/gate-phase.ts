import type { RunnerConfig } from "../core/config/config.ts";
import { isPassed } from "../core/gate-names.ts";
import { actionToAwait, type Plan } from "../core/decision/decision.ts";
import { policyOf, rebootsNow } from "../core/machine/policy.ts";
import { runsAnother } from "../core/machine/overtaken.ts";
import type { Event, Facts } from "../core/machine/types.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { firstClosed, type Gate, type GateContext, onlyLooks, runnersOf } from "../gates/gate.ts";
import { CI_JOB } from "../gates/ci-job.ts";
import { stoppedBy } from "../gates/runners/stopped-by-switch.ts";
import { gatesFor } from "../gates/table.ts";
import { lookAtOtherWindow } from "../gates/window.ts";
import { UnitsAhead } from "../checks/units-ahead.ts";
import { type LeftOut, waitForGates, type Waiting } from "../gates/wait.ts";
import { nextChange } from "../host/process/watch.ts";
import { momentIn, rearmTimer, tellEnding } from "../host/systemd/systemd.ts";
import { tellLate } from "../state-dir/waiting-note.ts";
import {
  type FinalizationContext,
  observe,
  SUSPENDED,
  type Suspended,
  tellerOf,
} from "./context.ts";
import { DefaultBeforeAct } from "./patience/default-before-act.ts";
import type { HeldUp } from "./patience/held-up.ts";
import { lookAgain, whyClosed } from "./patience/last-look.ts";
import { hasNews, isCancelledOrSuperseded } from "./patience/news.ts";
import type { RunnerDrain } from "./runners/runner-drain.ts";
import { startAgain } from "./runners/stop.ts";

/** What this finalization would do now, and the system that runs now. */
interface Act {
  readonly action: Plan["action"];
  readonly current: string | null;
}

/** The way of one finalization through its gates to its turn. */
export class GatePhase {
  readonly #context: FinalizationContext;
  /** The act that was waited for, and its gates without the skipped ones; null in a process that takes up an act. */
  #waited: (Act & { readonly gates: readonly Gate[] }) | null = null;
  #mayDefer: NonNullable<Waiting["defer"]> = "far";
  /** A gate that closes later has its time, however long a slot or the turn was waited for. */
  readonly #leftOut: LeftOut = { ms: 0 };
  readonly #heldUp: HeldUp;
  readonly #drain: RunnerDrain;
  readonly #default: DefaultBeforeAct;
  readonly #ahead = new UnitsAhead();
  /** Whether hooks have run since the gates of a reboot were open. */
  #hooksSince = false;

  /** @param heldUp how often the act was held up so far */
  constructor(context: FinalizationContext, heldUp: HeldUp, drain: RunnerDrain) {
    this.#context = context;
    this.#heldUp = heldUp;
    this.#drain = drain;
    this.#default = new DefaultBeforeAct(context.host, (of) => hasNews(context, of));
  }

  /** Waits for the gates of the act as the facts of now make it. */
  async awaitGates(record: FinalizationRecord): Promise<Event | Suspended> {
    const { turn, slots, rollout } = this.#context;
    await turn.release();
    slots.letGo();
    rollout.letGo();
    const late = await this.#heldUp.pause("act", this.#untilNews(record));
    if (late !== null) return late;
    const act = await this.#actNow(record);
    // To take the turn is to look at all gates again.
    return await this.#wait(record, act, { defer: this.#mayDefer, lastLook: "by-caller" });
  }

  /**
   * For a switch that turned out to need a reboot, or a reboot that is taken up again; null once
   * the gates of a reboot are open.
   */
  async awaitRebootGates(record: FinalizationRecord): Promise<Event | Suspended | null> {
    if (this.#waited?.action === "reboot") {
      return this.#hooksSince ? await this.#lookAfterHooks(record, this.#waited.gates) : null;
    }
    const act = await this.#actNow(record);
    const obstacle = this.#waited === null ? await this.#obstacleTo(record, act) : null;
    if (obstacle !== null) {
      return this.#context.stop.aborted ? SUSPENDED : { kind: "held-up", why: obstacle };
    }
    const reboot = { ...act, action: "reboot" } as const;
    const end = await this.#wait(record, reboot, { defer: "never", lastLook: "in-wait" });
    if (end.kind === "gates-opened") return null;
    if (end.kind === "suspended") return end;
    if (end.kind === "gates-timed-out") return { kind: "reboot-refused", why: end.why };
    return { kind: "held-up", why: "it was cancelled or superseded" };
  }

  /** The same before the hooks of the reboot begin. They may take long, so the reboot looks again. */
  async awaitRebootGatesForHooks(record: FinalizationRecord): Promise<Event | Suspended | null> {
    const kept = await this.awaitRebootGates(record);
    this.#hooksSince = kept === null;
    return kept;
  }

  async #lookAfterHooks(
    record: FinalizationRecord,
    gates: readonly Gate[],
  ): Promise<Event | Suspended | null> {
    this.#hooksSince = false;
    const why = await whyClosed(this.#context, record, gates);
    if (this.#context.stop.aborted) return SUSPENDED;
    return why === null ? null : { kind: "held-up", why };
  }

  /**
   * For a specialisation that is activated after a boot: null once the gates of a switch are open, or
   * if that is interrupted.
   */
  async awaitSwitchGates(
    record: FinalizationRecord,
    interrupted: () => boolean,
  ): Promise<Event | Suspended | null> {
    const { stop } = this.#context;
    const act = await this.#actNow(record);
    const end = await waitForGates(this.#gateContext(record), {
      gates: this.#gatesFor(record, "switch"),
      defer: "never",
      since: "now",
      stop,
      interrupted,
      tell: tellerOf(this.#context, record),
    });
    if (end.kind === "gates-interrupted") return null;
    if (end.kind !== "gates-opened") return end;
    this.#waited = { ...act, action: "switch", gates: end.gates };
    return null;
  }

  /**
   * Why a reboot that is taken up again must not come at once. It then waits for its gates like any
   * other reboot: its runners work meanwhile, and it can be cancelled.
   */
  async #obstacleTo(record: FinalizationRecord, { action }: Act): Promise<string | null> {
    await startAgain(this.#context.host, record.id, record.stoppedRunners);
    if (action !== "reboot") return null;
    const gates = this.#gatesFor(record, action).filter(onlyLooks);
    const closed = await firstClosed(gates, this.#gateContext(record), this.#context.stop);
    return closed === null ? null : `the ${closed.gate.name}: ${closed.why}`;
  }

  async #wait(
    record: FinalizationRecord,
    act: Act,
    how: Pick<Waiting, "defer" | "lastLook">,
  ): Promise<Event | Suspended> {
    const { host, store, slots, rollout, stop } = this.#context;
    this.#leftOut.ms += await rollout.formerWaitMs();
    const gates = this.#gatesFor(record, act.action);
    const interrupted = (): boolean => hasNews(this.#context, record);
    const end = await waitForGates(this.#gateContext(record), {
      gates,
      ...how,
      since: "in-record",
      leftOut: this.#leftOut,
      stop,
      interrupted,
      round: async (signal, mostMs) => {
        await nextChange(store.folder, interrupted, signal, mostMs);
      },
      nearlyOpen: () => {
        this.#ahead.begin(host);
        runnersOf(gates).then(this.#drain.lookAhead, () => {});
      },
      tell: tellerOf(this.#context, record),
    });
    if (end.kind === "gates-opened") {
      this.#waited = { ...act, gates: end.gates };
      return { kind: end.kind, waitedFor: end.waitedFor };
    }
    this.#waited = { ...act, gates };
    if (end.kind !== "gates-deferred") return end;
    // This process is to end, so it gives the slot back now.
    await slots.hasLetGo();
    await rollout.hasLetGo();
    return { ...end, ...(await lookAtOtherWindow(this.#gateContext(record), act.action)) };
  }

  /** Another process continues at the moment; if no timer can be armed, this one waits. */
  async defer(record: FinalizationRecord, until: string): Promise<Event | Suspended> {
    const { host } = this.#context;
    const then = momentIn(host, Date.parse(until) - host.now().getTime());
    const problem =
      (await rearmTimer(host, record.id, then)) ?? (await tellEnding(host, record.id));
    if (problem === null) return SUSPENDED;
    host.say(`cannot leave it to a timer, so this process keeps waiting: ${problem}`);
    this.#mayDefer = "never";
    return await this.awaitGates(record);
  }

  /**
   * One finalization acts at a time. While another one had its turn a gate may have closed, and the
   * system that it has brought live changes what this act would stop.
   */
  async takeTurn(record: FinalizationRecord): Promise<Event | Suspended> {
    const { host, stop, turn } = this.#context;
    const why = "another finalization is acting";
    const note = tellLate(tellerOf(this.#context, record), { for: "turn", why, now: host.now() });
    const begin = host.elapsedMs();
    const isMine = await turn.waitUnless(this.#untilNews(record)).finally(note.end);
    this.#leftOut.ms += host.elapsedMs() - begin;
    if (stop.aborted) return await this.#suspend(record);
    if (!isMine) return { kind: "gates-interrupted", waitedFor: [] };
    const { action, current, facts } = await this.#actNow(record);
    // The noted previous system may have been rejected since: it ran while the gates opened.
    const isOther = this.#waited?.current !== current || runsAnother(record, current);
    if (isOther || this.#waited?.action !== action) {
      return { kind: "held-up", why: "another system was brought live" };
    }
    const late = await this.#default.set(record, { action, facts });
    if (late !== null) return late;
    const last = { gates: this.#waited.gates, drain: this.#drain, ahead: this.#ahead };
    const looked = await lookAgain(this.#context, record, last);
    // The look takes a while, and nothing has been done yet.
    if (stop.aborted) return await this.#suspend(record);
    return looked;
  }

  /** Nobody takes the record up before the next boot, perhaps, so no runner stays stopped. */
  async #suspend({ id, stoppedRunners }: FinalizationRecord): Promise<Suspended> {
    await startAgain(this.#context.host, id, stoppedRunners);
    return SUSPENDED;
  }

  /** With the turn taken. The other gates are open, and the runners finish their jobs. */
  async drain(record: FinalizationRecord): Promise<Event | Suspended> {
    const begin = (): void => {
      this.#ahead.begin(this.#context.host);
    };
    return await this.#drain.perform(record, this.#untilNews(record), begin);
  }

  async startRunners(record: FinalizationRecord): Promise<Event> {
    return await this.#drain.startAgain(record);
  }

  /** Ends when the finalization is no longer to act, or with the signal. */
  untilUnwanted(record: FinalizationRecord): (signal: AbortSignal) => Promise<void> {
    return this.#until(() => isCancelledOrSuperseded(this.#context, record));
  }

  /** Before the act: also when somebody asks to act now. */
  #untilNews(record: FinalizationRecord): (signal: AbortSignal) => Promise<void> {
    return this.#until(() => hasNews(this.#context, record));
  }

  #until(isOver: () => boolean): (signal: AbortSignal) => Promise<void> {
    return async (signal) => {
      while (!signal.aborted && !isOver()) {
        await nextChange(this.#context.store.folder, isOver, signal);
      }
    };
  }

  /**
   * The runners to stop for the act: a switch has waited only for those that it would stop. A switch
   * that another process has begun has waited for none here: jobs may have come since.
   */
  async runners(record: FinalizationRecord): Promise<readonly RunnerConfig[]> {
    if (this.#waited !== null) return await runnersOf(this.#waited.gates);
    if (isPassed(record.hurried?.past ?? [], CI_JOB)) return [];
    return await stoppedBy(this.#gateContext(record), { action: "switch" }).runners();
  }

  async #actNow(record: FinalizationRecord): Promise<Act & { readonly facts: Facts }> {
    const { host, store, config } = this.#context;
    const facts = await observe(host, store, config, record);
    const action = actionToAwait(facts.decision, rebootsNow(record, policyOf(config)), record.plan);
    return { action, current: facts.current, facts };
  }

  #gatesFor(record: FinalizationRecord, action: Plan["action"]): readonly Gate[] {
    const { slots, turn, rollout: part } = this.#context;
    return gatesFor(this.#gateContext(record), { action, seat: { slots, turn, part } });
  }

  #gateContext(record: FinalizationRecord): GateContext {
    const { host, config } = this.#context;
    return { host, config, record };
  }
}
