import type { RunnerConfig } from "../core/config.ts";
import type { Plan } from "../core/decision.ts";
import type { Event } from "../core/machine-types.ts";
import { policyOf } from "../core/policy.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { lastGates } from "../gates/last.ts";
import type { Waiting } from "../gates/wait.ts";
import { SUSPENDED, type Suspended } from "./acting.ts";
import { observe } from "./facts.ts";
import { type Means, tellerOf } from "./means.ts";
import { rearmTimer } from "./systemd.ts";
import { tellLate } from "./waiting-note.ts";
import { awaitGates, lookOnceMore, untilUnwanted, type WaitedRound } from "./waiting.ts";

/** The way of one finalization past its gates, to its turn. */
export class Passage {
  readonly #means: Means;
  /** Null in a process that takes up an act: its runners have been stopped before. */
  #round: WaitedRound | null = null;
  #mayDefer: NonNullable<Waiting["defer"]> = "far";

  constructor(means: Means) {
    this.#means = means;
  }

  /** Waits for the gates of what would be done now. */
  async awaitGates(record: FinalizationRecord): Promise<Event | Suspended> {
    const { turn, slots } = this.#means;
    await turn.release();
    slots.letGo();
    return await this.#pass(record, await this.#actionNow(record), this.#mayDefer);
  }

  /** For an act that turned out to be a reboot; null where its gates have been passed. */
  async awaitRebootGates(record: FinalizationRecord): Promise<Event | Suspended | null> {
    if (this.#round?.action === "reboot") return null;
    const passed = await this.#pass(record, "reboot", "never");
    if (passed.kind === "gates-opened") return null;
    if (passed.kind === "suspended") return passed;
    if (passed.kind === "gates-timed-out") return { kind: "reboot-refused", why: passed.why };
    return { kind: "held-up", why: "not wanted any more" };
  }

  async #pass(
    record: FinalizationRecord,
    action: Plan["action"],
    defer: NonNullable<Waiting["defer"]>,
  ): Promise<Event | Suspended> {
    const { config, store, slots, stop, turn } = this.#means;
    const last = lastGates(config, action, slots, turn);
    const waiting = { last, defer, stop };
    const { event, round } = await awaitGates(this.#context(record), store, action, waiting);
    this.#round = round;
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

  /** One activation at a time. A gate may have shut while another finalization had its turn. */
  async takeTurn(record: FinalizationRecord): Promise<Event | Suspended> {
    const { host, store, stop, turn } = this.#means;
    const why = "another finalization is acting";
    const tell = tellerOf(this.#means, record);
    const told = tellLate(tell, { for: "turn", why, now: host.now() });
    const isMine = await turn.waitUnless(untilUnwanted(store, record)).finally(told.end);
    if (stop.aborted) return SUSPENDED;
    if (!isMine) return { kind: "gates-interrupted", waitedFor: [] };
    if (this.#round?.action !== (await this.#actionNow(record))) {
      return await this.awaitGates(record);
    }
    const looked = await lookOnceMore(this.#context(record), this.#round);
    return looked ?? (await this.awaitGates(record));
  }

  /** The runners to stop for the act: a switch has waited only for those that it would stop. */
  async runners(): Promise<readonly RunnerConfig[]> {
    return (await this.#round?.runners()) ?? [];
  }

  /** What would be done now; a target that would be refused keeps the action of its plan. */
  async #actionNow(record: FinalizationRecord): Promise<Plan["action"]> {
    const { host, store, config } = this.#means;
    if (policyOf(config).reboot === "forbidden") return "switch";
    const { decision } = await observe(host, store, config.rebootWhenChanged, record);
    return decision.action === "refuse" ? record.plan.action : decision.action;
  }

  #context(record: FinalizationRecord) {
    const { host, config } = this.#means;
    return { host, config, record };
  }
}
