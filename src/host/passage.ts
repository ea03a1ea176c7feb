import type { RunnerConfig } from "../core/config.ts";
import type { Plan } from "../core/decision.ts";
import type { Event } from "../core/machine-types.ts";
import { policyOf } from "../core/policy.ts";
import type { FinalizationRecord } from "../core/record.ts";
import type { Shut } from "../gates/gate.ts";
import { lastGates } from "../gates/last.ts";
import { gatesThatMatter } from "../gates/table.ts";
import { firstShut, type Waiting } from "../gates/wait.ts";
import { startAgain, SUSPENDED, type Suspended } from "./acting.ts";
import { observe } from "./facts.ts";
import { type Means, tellerOf } from "./means.ts";
import { rearmTimer } from "./systemd.ts";
import { tellLate } from "./waiting-note.ts";
import { awaitGates, lookOnceMore, untilUnwanted, type WaitedRound } from "./waiting.ts";

/** What would be done now, to the system that runs now. */
interface Act {
  readonly action: Plan["action"];
  readonly current: string | null;
}

/** The way of one finalization past its gates, to its turn. */
export class Passage {
  readonly #means: Means;
  /** Null in a process that takes up an act: its runners have been stopped before. */
  #round: (WaitedRound & Act) | null = null;
  #mayDefer: NonNullable<Waiting["defer"]> = "far";

  constructor(means: Means) {
    this.#means = means;
  }

  /** Waits for the gates of what would be done now. */
  async awaitGates(record: FinalizationRecord): Promise<Event | Suspended> {
    const { turn, slots } = this.#means;
    await turn.release();
    slots.letGo();
    return await this.#pass(record, await this.#actNow(record), this.#mayDefer);
  }

  /**
   * For an act that turned out to be a reboot, or that is taken up again; null where the gates of
   * a reboot have been passed.
   */
  async awaitRebootGates(record: FinalizationRecord): Promise<Event | Suspended | null> {
    if (this.#round?.action === "reboot") return null;
    const act = await this.#actNow(record);
    const shut = this.#round === null ? await this.#shutMeanwhile(record, act) : null;
    if (shut !== null) return { kind: "held-up", why: `the ${shut.gate.name}: ${shut.why}` };
    const passed = await this.#pass(record, { ...act, action: "reboot" }, "never");
    if (passed.kind === "gates-opened") return null;
    if (passed.kind === "suspended") return passed;
    if (passed.kind === "gates-timed-out") return { kind: "reboot-refused", why: passed.why };
    return { kind: "held-up", why: "not wanted any more" };
  }

  /**
   * What keeps a reboot that is taken up again from coming at once. It is waited for like any
   * other then: with the runners at work, and it can be cancelled.
   */
  async #shutMeanwhile(record: FinalizationRecord, { action }: Act): Promise<Shut | null> {
    await startAgain(this.#means.host, record.stoppedRunners);
    if (action !== "reboot") return null;
    const context = this.#context(record);
    return await firstShut(gatesThatMatter(context, action).gates, context);
  }

  async #pass(
    record: FinalizationRecord,
    act: Act,
    defer: NonNullable<Waiting["defer"]>,
  ): Promise<Event | Suspended> {
    const { config, store, slots, stop, turn } = this.#means;
    const last = lastGates(config, act.action, slots, turn);
    const waiting = { last, defer, stop, tell: tellerOf(this.#means, record) };
    const { event, round } = await awaitGates(this.#context(record), store, act.action, waiting);
    this.#round = { ...round, ...act };
    // This process is to end: the slot must not wait for the next one.
    if (event.kind === "gates-deferred") await slots.hasLetGo();
    return event;
  }

  /** Another process goes on then; where none can be had, this one waits itself. */
  async defer(record: FinalizationRecord, until: string): Promise<Event | Suspended> {
    const { host } = this.#means;
    const problem = await rearmTimer(host, record.id, new Date(until));
    if (problem === null) return SUSPENDED;
    host.say(`waits itself, as no timer can be armed: ${problem}`);
    this.#mayDefer = "never";
    return await this.awaitGates(record);
  }

  /**
   * One activation at a time. A gate may have shut while another finalization had its turn, and
   * what that has brought live changes what this act would stop.
   */
  async takeTurn(record: FinalizationRecord): Promise<Event | Suspended> {
    const { host, store, stop, turn } = this.#means;
    const why = "another finalization is acting";
    const tell = tellerOf(this.#means, record);
    const told = tellLate(tell, { for: "turn", why, now: host.now() });
    const isMine = await turn.waitUnless(untilUnwanted(store, record)).finally(told.end);
    if (stop.aborted) return SUSPENDED;
    if (!isMine) return { kind: "gates-interrupted", waitedFor: [] };
    const { action, current } = await this.#actNow(record);
    if (this.#round?.action !== action || this.#round.current !== current) {
      return await this.awaitGates(record);
    }
    const looked = await lookOnceMore(this.#context(record), this.#round);
    // That took a while, and nothing has begun yet.
    if (stop.aborted) return SUSPENDED;
    return looked ?? (await this.awaitGates(record));
  }

  /** The runners to stop for the act: a switch has waited only for those that it would stop. */
  async runners(): Promise<readonly RunnerConfig[]> {
    return (await this.#round?.runners()) ?? [];
  }

  /** A target that would be refused keeps the action of its plan. */
  async #actNow(record: FinalizationRecord): Promise<Act> {
    const { host, store, config } = this.#means;
    const { decision, current } = await observe(host, store, config.rebootWhenChanged, record);
    if (policyOf(config).reboot === "forbidden") return { action: "switch", current };
    const action = decision.action === "refuse" ? record.plan.action : decision.action;
    return { action, current };
  }

  #context(record: FinalizationRecord) {
    const { host, config } = this.#means;
    return { host, config, record };
  }
}
