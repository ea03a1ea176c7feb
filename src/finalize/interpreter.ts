import type { Ports } from "../core/machine/loop.ts";
import { isPassed } from "../core/gate-names.ts";
import { stateEntry } from "../core/record/journal-entry.ts";
import type { Effect, Event, Facts, Policy } from "../core/machine/types.ts";
import { policyOf } from "../core/machine/policy.ts";
import { owedHook } from "../core/record/hooks.ts";
import { type FinalizationRecord, hasSwitchedBefore, isUnfinished } from "../core/record/record.ts";
import { type AskForReboot, rebootInto, switchTo } from "./apply.ts";
import { bootPlanOf } from "../boot/boot-default.ts";
import { type FinalizationContext, observe, SUSPENDED, type Suspended } from "./context.ts";
import { updateNotice } from "../state-dir/notice.ts";
import { finish } from "./finish.ts";
import { GatePhase } from "./gate-phase.ts";
import { runAfter } from "./hooks/after.ts";
import { runBefore } from "./hooks/before.ts";
import { InhibitedRollback } from "./patience/inhibited-rollback.ts";
import { looked } from "../gates/gate.ts";
import { INHIBITORS, lookAtBlocks } from "../gates/inhibitors.ts";
import type { OnInhibitors } from "../host/systemd/logind/inhibitors.ts";
import { HeldUp, type Purpose, purposeOf } from "./patience/held-up.ts";
import { pinPrevious } from "../state-dir/pins.ts";
import {
  type AwaitSwitchLock,
  commitBootDefault,
  regainToActivate,
  regainTurn,
  restoreDefaults,
  restoreProfileOnce,
} from "./restore.ts";
import { ActRunners } from "./runners/act-runners.ts";
import { RunnerDrain } from "./runners/runner-drain.ts";
import { watchOf } from "./patience/watch-switch.ts";
import { awaitBoot, checksOf, confirmBefore, verifyNow } from "./verify.ts";

/** Carries out the effects of one finalization on the host. */
export class Interpreter implements Ports {
  readonly policy: Policy;
  readonly #context: FinalizationContext;
  readonly #heldUp: HeldUp;
  readonly #gatePhase: GatePhase;
  readonly #actRunners: ActRunners;
  /** The length of the timeline that was announced last. */
  #announced = 0;

  constructor(context: FinalizationContext) {
    this.#context = context;
    this.#heldUp = new HeldUp(context);
    const drain = new RunnerDrain(context);
    this.#gatePhase = new GatePhase(context, this.#heldUp, drain);
    this.#actRunners = new ActRunners(context, this.#gatePhase, drain);
    this.policy = policyOf(context.config);
  }

  now = (): Date => this.#context.host.now();

  observe = async (record: FinalizationRecord): Promise<Facts> => {
    const { host, store, config } = this.#context;
    return await observe(host, store, config, record);
  };

  save = async (record: FinalizationRecord): Promise<void> => {
    const { host, store, requireLocks } = this.#context;
    requireLocks();
    if (isUnfinished(record)) pinPrevious(host.paths, record);
    store.save(record);
    updateNotice(host, store, record);
    // A step within a state changes the record, but is no news.
    if (record.timeline.length === this.#announced) return;
    this.#announced = record.timeline.length;
    await host.journal.announce(stateEntry(record));
    await host.report?.changed(record);
  };

  perform = async (effect: Effect, record: FinalizationRecord): Promise<Event | Suspended> => {
    this.#context.requireLocks();
    switch (effect.kind) {
      case "await-gates":
        return await this.#gatePhase.awaitGates(record);
      case "defer":
        return await this.#gatePhase.defer(record, effect.until);
      case "await-reboot-gates":
      case "take-turn":
      case "drain":
        return await this.#approach(record, effect.kind);
      case "start-runners":
        return await this.#gatePhase.startRunners(record);
      case "run-before":
      case "run-after":
        return await this.#runHook(record, effect);
      case "switch":
        return this.#heldUp.note(await this.#switch(record, effect));
      case "reboot":
        return this.#heldUp.note(await this.#reboot(record, effect.toplevel));
      case "verify":
      case "verify-rollback":
        return await this.#verify(record, effect);
      case "await-confirmation":
        return await confirmBefore(this.#context, record);
      case "restore-profile":
        return await restoreProfileOnce(
          this.#context,
          record,
          effect.toplevel,
          this.#patience("rollback"),
        );
      case "commit-boot-default":
        return await commitBootDefault(
          this.#context,
          record,
          effect.toplevel,
          this.#patience("act"),
        );
      case "restore-defaults":
        return await restoreDefaults(
          this.#context,
          record,
          effect.toplevel,
          this.#patience("rollback"),
        );
      case "finish":
        return await finish(this.#context, record);
    }
  };

  async #verify(record: FinalizationRecord, { kind }: Effect): Promise<Event | Suspended> {
    const which = kind === "verify" ? checksOf(record) : "units";
    return await verifyNow(this.#context, record, which);
  }

  async #runHook(
    record: FinalizationRecord,
    { kind, hook }: Effect & { kind: "run-before" | "run-after" },
  ): Promise<Event | Suspended> {
    return kind === "run-after"
      ? await runAfter(this.#context, record, hook)
      : await runBefore(this.#context, record, hook, this.#gatePhase.untilUnwanted(record));
  }

  #patience(purpose: Purpose): AwaitSwitchLock {
    return async (record) => {
      await this.#heldUp.awaitSwitchLock(record, purpose);
    };
  }

  /**
   * What comes right before the act. That it could be done says nothing of the act, which may still be held
   * up. A hook may close a gate itself: a turn with hooks that have begun pauses before they begin anew.
   */
  async #approach(
    record: FinalizationRecord,
    kind: "await-reboot-gates" | "take-turn" | "drain",
  ): Promise<Event | Suspended> {
    const end = await this.#approachOnce(record, kind);
    const isFree = kind === "take-turn" && owedHook(record) === null;
    return end.kind === "held-up" && !isFree ? this.#heldUp.note(end) : end;
  }

  async #approachOnce(
    record: FinalizationRecord,
    kind: "await-reboot-gates" | "take-turn" | "drain",
  ): Promise<Event | Suspended> {
    switch (kind) {
      case "await-reboot-gates":
        return await this.#awaitRebootGates(record);
      case "take-turn":
        return await this.#gatePhase.takeTurn(record);
      case "drain":
        return await this.#gatePhase.drain(record);
    }
  }

  async #awaitRebootGates(record: FinalizationRecord): Promise<Event | Suspended> {
    const obstacle = await regainTurn(this.#context, record);
    const kept = obstacle ?? (await this.#gatePhase.awaitRebootGatesForHooks(record));
    return kept ?? { kind: "gates-opened", waitedFor: [] };
  }

  async #switch(
    record: FinalizationRecord,
    effect: Effect & { kind: "switch" },
  ): Promise<Event | Suspended> {
    // One that has not begun has paused before its gates.
    const late = hasBegun(record) ? await this.#heldUp.pause(purposeOf(record)) : null;
    if (late !== null) return late;
    // A switch that goes on waits for the lock: it must not go back to its gates.
    const obstacle = hasSwitchedBefore(record)
      ? await regainToActivate(this.#context, record, this.#patience(purposeOf(record)))
      : await regainTurn(this.#context, record);
    if (obstacle !== null) return obstacle;
    const kept = (await this.#awaitBootOnce(record)) ?? (await this.#awaitSpecialisation(record));
    if (kept !== null) return kept;
    const runners = await this.#actRunners.of(record, "switch");
    if ("kind" in runners) return runners;
    this.#context.slots.keepLease();
    return await switchTo(this.#context, effect, runners, watchOf(this.#context, record));
  }

  /**
   * Waits for the boot before a switch, and judges it: no gate bounds that wait if the boot ended in
   * emergency mode. A second switch back in one process does not wait, because no reboot is possible.
   */
  async #awaitBootOnce(record: FinalizationRecord): Promise<Event | Suspended | null> {
    if (record.state !== "verifying" && record.state !== "rolling-back") return null;
    if (record.state === "rolling-back" && this.#hasJudgedBoot) return null;
    this.#hasJudgedBoot = record.state === "rolling-back";
    return await awaitBoot(this.#context, record);
  }
  #hasJudgedBoot = false;

  /** Null if the specialisation may be activated: somebody may ask for a rollback until then. */
  async #awaitSpecialisation(record: FinalizationRecord): Promise<Event | Suspended | null> {
    if (record.state !== "verifying") return null;
    const { store } = this.#context;
    const isAsked = (): boolean => store.requests(record.id).rollback !== null;
    const kept = await this.#gatePhase.awaitSwitchGates(record, isAsked);
    return kept === null && isAsked() ? NOT_VERIFIED : kept;
  }

  /** A switch that became a reboot has waited only for the runners that the switch would stop. */
  async #reboot(record: FinalizationRecord, toplevel: string): Promise<Event | Suspended> {
    const { host, config, slots, stop, requireLocks } = this.#context;
    const isRollback = record.state === "rolling-back";
    const late = hasBegun(record) ? await this.#heldUp.pause(purposeOf(record)) : null;
    const obstacle = late ?? (await regainTurn(this.#context, record));
    if (obstacle !== null) return obstacle;
    const inhibited = new InhibitedRollback(this.#context, record);
    if (isRollback) {
      await slots.takeForRollback();
      // The runners work meanwhile.
      await inhibited.wait();
      if (stop.aborted) return SUSPENDED;
    } else {
      const kept = await this.#gatePhase.awaitRebootGates(record);
      if (kept !== null) return kept;
    }
    // A rollback uses the safest method.
    const method = isRollback ? "reboot" : config.reboot.method;
    const runners = await this.#actRunners.of(record, "reboot");
    if ("kind" in runners) return runners;
    const ask: AskForReboot = async (request) => {
      requireLocks();
      return isRollback ? await inhibited.ask(request) : await request(inhibitorsFor(record));
    };
    const plan = bootPlanOf(host.paths, record, toplevel, config);
    const end = await rebootInto(host, plan, { runners, method, ask }, stop);
    const isRefused = end.kind === "reboot-refused" && !isRollback;
    return isRefused ? ((await this.#whyBlocked()) ?? end) : end;
  }

  /** A program that has begun to block the shutdown since the gates were open: they wait for it. */
  async #whyBlocked(): Promise<Event | null> {
    const { host } = this.#context;
    const seen = await looked(async () => await lookAtBlocks(host));
    return seen.kind === "closed" ? { kind: "held-up", why: seen.why } : null;
  }
}

/** A rollback is asked for: nothing is checked, and the machine does not use the checks. */
const NOT_VERIFIED: Event = { kind: "verified", checks: [] };

function inhibitorsFor({ hurried }: FinalizationRecord): OnInhibitors {
  return isPassed(hurried?.past ?? [], INHIBITORS) ? "overridden" : "respected";
}

/** Whether something of the act is done already. */
function hasBegun(record: FinalizationRecord): boolean {
  const isFirst = record.state === "switching" || record.state === "rebooting";
  return !isFirst || hasSwitchedBefore(record);
}
