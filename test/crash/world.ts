import { actionToAwait, type Decision } from "../../src/core/decision/decision.ts";
import { newWish } from "../../src/core/machine/moment/hurry.ts";
import { rebootsNow } from "../../src/core/machine/policy.ts";
import type { Ports } from "../../src/core/machine/loop.ts";
import type { Effect, Event, Facts } from "../../src/core/machine/types.ts";
import {
  type FinalizationRecord,
  hasBooted,
  hasBootedSinceAct,
  putsRebootOff,
} from "../../src/core/record/record.ts";
import { isTerminal } from "../../src/core/states.ts";
import { aRecord, PREVIOUS, TARGET } from "../support/records.ts";
import { letSlotGo, settleSlot, type SlotPorts, takeSlot } from "../../src/fleet/slot-keeping.ts";
import { LOCK, LockWorld } from "./lock-world.ts";
import { RunnerWorld } from "./runner-world.ts";
import { HookWorld } from "./hook-world.ts";
import type { Scenario } from "./scenarios.ts";

/** Thrown where the power goes or the process is killed. */
export class Crash extends Error {}

/** What a crash leaves: the same boot goes on, or the host comes up with one of the two systems. */
export type Aftermath = "same boot" | "booted target" | "booted previous" | "booted by the loader";

const SWITCH: Decision = { action: "switch", reason: "services only", changed: [] };
const REBOOT = { action: "reboot", reason: "kernel changed", changed: ["kernel"] } as const;

export interface Systems {
  readonly booted: string;
  readonly current: string;
  readonly profile: string;
  readonly bootDefault: string;
  readonly oneShot: string | null;
}

/** A specialisation of the previous system, or a system that was only tried: in no generation. */
export const RAN_BEFORE = "/nix/store/ran-before";
export const SPECIAL = "/nix/store/target-special";

const NOW = (): Date => new Date("2026-11-22T21:31:00Z");

/**
 * A host as far as the machine can see it, which may crash at a given point. What changes in a run is in public
 * fields, also of its parts, so that `state` finds all of it.
 */
export class World {
  readonly #scenario: Scenario;
  boot = 1;
  booted = PREVIOUS;
  current = PREVIOUS;
  profile = TARGET;
  bootDefault = TARGET;
  /** What a loader that can fall back boots next, and only once. */
  oneShot: string | null = null;
  isRebootPending = false;
  /** The timer that it was deferred to: lives in systemd, so no longer than the boot. */
  isTimerArmed = false;
  /** How often the timer still has to fire until the reboot window is open. */
  closedFor: number;
  /** How often the switch to the target has died half-way. */
  halfway = 0;
  /** How often the switch back has reached its time limit. */
  hungBack = 0;
  rebootsOutsideWindow = 0;
  /** How often the reboot that was put off was scheduled as a finalization of its own. */
  scheduledReboots = 0;
  /** How often it was put off although somebody had asked it to act now. */
  putOffInSpite = 0;
  /** Slots of the fleet lock that were held although nothing was done for days. */
  slotsWhileDeferred = 0;
  hasTidiedUp = false;
  /** Reboots that were asked for and really happened, by the state that asked. */
  readonly reboots = { forward: 0, back: 0 };
  acts = 0;
  /** Switches back in a boot that did not get through. */
  switchesInStuckBoot = 0;
  /** Reboots that were asked for without a slot of the fleet lock. */
  rebootsWithoutSlot = 0;
  /** Switches to the target. */
  switches = 0;
  switchesWithoutSlot = 0;
  readonly lock: LockWorld;
  readonly #slots: SlotPorts;
  /** Null if the act would stop no runner. */
  readonly runner: RunnerWorld | null;
  readonly hooks: HookWorld;
  saved: FinalizationRecord;
  /** The host at the moment when the record ended: what somebody boots later is not its business. */
  atEnd: Systems | undefined;
  /** Points passed since the start, and the one at which to crash. */
  point = 0;
  crashAt = Number.POSITIVE_INFINITY;
  /** Called at each point. */
  atPoint: () => void = () => {};

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.closedFor = scenario.windowClosedFor ?? 0;
    const { rejected } = scenario;
    const previous = rejected === undefined ? {} : { previous: rejected };
    const ran = scenario.ranBefore === undefined ? PREVIOUS : RAN_BEFORE;
    this.current = rejected ?? ran;
    const before =
      scenario.ranBefore === undefined
        ? {}
        : {
            previous: RAN_BEFORE,
            previousProfile: PREVIOUS,
            specialisation: this.#specialisation(),
          };
    this.saved = aRecord({ bootId: "boot-1", ...previous, ...before, ...scenario.record });
    const pass = (): void => {
      this.#pass();
    };
    this.lock = new LockWorld(scenario.lock ?? {}, pass, () => isTerminal(this.saved.state));
    this.hooks = new HookWorld(scenario.policy.hooks, scenario.hooks ?? {}, pass);
    this.#slots = this.lock.ports(NOW);
    this.runner =
      scenario.runner === undefined
        ? null
        : new RunnerWorld(scenario.runner, pass, () => this.saved);
  }

  #specialisation(): { name: string; toplevel: string } | null {
    const isWanted = this.#scenario.ranBefore === "specialisation";
    return isWanted ? { name: "night", toplevel: SPECIAL } : null;
  }

  /** What is to run in the end. */
  get wanted(): string {
    return this.#specialisation()?.toplevel ?? TARGET;
  }

  /** What is to run after a rollback. */
  get ranBefore(): string {
    return this.#scenario.ranBefore === undefined ? this.previous : RAN_BEFORE;
  }

  /** What ran when it acted. One that was booted before its turn came knows what ran at scheduling only. */
  get previous(): string {
    const { timeline, previous } = this.saved;
    if (this.#scenario.ranBefore !== undefined) return PREVIOUS;
    const hasActed = timeline.some(({ state }) => state === "switching" || state === "rebooting");
    return hasActed ? PREVIOUS : (previous ?? PREVIOUS);
  }

  /** The reboot that was asked for comes. */
  reboot(): void {
    if (this.saved.state === "rolling-back") this.reboots.back++;
    else this.reboots.forward++;
    this.#bootByLoader();
  }

  /** A target that does not come up is reset: then the loader boots its default, unless that is the target too. */
  #bootByLoader(): void {
    const next = this.oneShot ?? this.bootDefault;
    const comesUp = next !== TARGET || this.#scenario.targetBoots !== false;
    this.#bootInto(comesUp ? next : this.previous);
  }

  /** The moment comes that it was deferred to. */
  fireTimer(): void {
    this.isTimerArmed = false;
    this.closedFor--;
  }

  suffer(aftermath: Aftermath): void {
    if (aftermath === "booted by the loader") this.#bootByLoader();
    if (aftermath === "booted target") this.#bootInto(TARGET);
    if (aftermath === "booted previous") this.#bootInto(this.previous);
  }

  #bootInto(toplevel: string): void {
    this.boot++;
    this.runner?.boot();
    this.booted = this.current = toplevel;
    this.isRebootPending = false;
    this.isTimerArmed = false;
    this.oneShot = null;
  }

  ports(): Ports {
    this.#hasLooked = false;
    return {
      now: NOW,
      policy: this.#scenario.policy,
      observe: async () => this.#facts(),
      save: async (record) => {
        this.#pass();
        this.saved = record;
        if (isTerminal(record.state)) this.atEnd ??= this.#systems();
        this.#pass();
      },
      perform: async (effect, record) => {
        this.#pass();
        await this.#keepSlot(effect, record);
        const event = this.#carryOut(effect, record);
        this.#pass();
        return event;
      },
    };
  }

  #systems(): Systems {
    const { booted, current, profile, bootDefault, oneShot } = this;
    return { booted, current, profile, bootDefault, oneShot };
  }

  #pass(): void {
    this.point++;
    this.atPoint();
    if (this.point === this.crashAt) throw new Crash(`at point ${this.point}`);
  }

  /** Everything on which the lives after a crash depend: the process and its memory are gone. */
  state(): string {
    const rest = JSON.stringify(this, (key, value: unknown) => (APART.has(key) ? null : value));
    return `${rest} ${textOf(this.saved)}`;
  }

  #facts(): Facts {
    const { kernelChanged, newest, movedTo, requests } = this.#scenario;
    const isOld = this.booted !== TARGET;
    return {
      bootId: `boot-${this.boot}`,
      uptime: 1000,
      booted: this.booted,
      current: this.current,
      currentGeneration: null,
      currentProfile: this.current === RAN_BEFORE ? PREVIOUS : null,
      specialisation: this.#specialisation(),
      profile: movedTo ?? this.profile,
      bootDefault: this.#scenario.loader === undefined ? null : this.bootDefault,
      isBootDefaultHeld: false,
      newest: newest ?? this.saved.id,
      actedSince: null,
      decision: kernelChanged === true && isOld ? REBOOT : SWITCH,
      rollbackDecision: kernelChanged === true && !isOld ? REBOOT : SWITCH,
      requests: {
        cancel: this.isCancelled ? "ann" : null,
        confirm: null,
        rollback: null,
        now: this.#wish(),
        ...requests,
      },
    };
  }

  #wish(): Facts["requests"]["now"] {
    const { now, windowClosedFor = 0 } = this.#scenario;
    const isPutOff = this.closedFor < windowClosedFor;
    const isAsked = now === "while put off" ? isPutOff : now !== undefined;
    return isAsked ? { by: "bob", past: [] } : null;
  }

  /** What the interpreter does about the fleet lock before the rest of an effect. */
  async #keepSlot({ kind }: Effect, record: FinalizationRecord): Promise<void> {
    if (this.#scenario.lock === undefined) return;
    const { id, state, slotAtEnd } = record;
    if (kind === "await-gates") await letSlotGo(this.#slots, id);
    const isWaiting = kind === "await-gates" || kind === "take-turn";
    const isOpen = this.closedFor <= 0 || record.hurried !== null;
    const isReboot = this.#facts().decision.action === "reboot";
    const needsSlot = isReboot || this.#scenario.lock.for === "all acts";
    if (isWaiting && isOpen && needsSlot) await this.#queueForSlot(id);
    if (kind === "await-reboot-gates") await this.#queueForSlot(id);
    if (kind === "reboot") {
      // A rollback does not queue.
      if (state === "rebooting") await this.#queueForSlot(id);
      else await this.#takeSlot(id);
      this.rebootsWithoutSlot += this.lock.isHeld ? 0 : 1;
    }
    if (kind === "switch" && state === "switching") {
      this.switches++;
      this.switchesWithoutSlot += this.lock.isHeld ? 0 : 1;
    }
    if (kind === "defer") this.slotsWhileDeferred += this.lock.isHeld ? 1 : 0;
    if (kind === "finish") {
      const atEnd = slotAtEnd ?? "give-back-own";
      while ((await settleSlot(this.#slots, id, atEnd, "it failed")).kind === "unknown");
    }
  }

  async #queueForSlot(id: string): Promise<void> {
    while (!(await this.#takeSlot(id)));
  }

  async #takeSlot(id: string): Promise<boolean> {
    return (await takeSlot(this.#slots, LOCK, id, { id: "a1", host: "web1" })).kind === "held";
  }

  #carryOut(effect: Effect, record: FinalizationRecord): Event | { kind: "suspended" } {
    switch (effect.kind) {
      case "await-gates":
        this.hooks.wait();
        this.runner?.waitForGates();
        return this.#lookAtWindow(record);
      case "await-reboot-gates":
        this.hooks.wait();
        return { kind: "gates-opened", waitedFor: [] };
      case "defer":
        this.putOffInSpite += newWish(record, { now: this.#wish() }) !== null ? 1 : 0;
        this.putOffInSpite += record.hurried === null ? 0 : 1;
        this.isTimerArmed = false;
        this.#pass();
        this.isTimerArmed = true;
        return { kind: "suspended" };
      case "take-turn":
        // Whoever had the turn before has gone back.
        if (this.current === this.#scenario.rejected) this.current = PREVIOUS;
        return (
          this.runner?.beforeAct() ??
          this.hooks.lookAgain() ?? {
            kind: "turn-taken",
            before: { failed: [], units: null },
            idleRunners: [],
          }
        );
      case "drain":
        return this.runner?.drain() ?? { kind: "drained", waitedFor: [] };
      case "start-runners":
        this.runner?.startNamed(record);
        return { kind: "runners-started", left: [] };
      case "run-before":
        return this.#runBefore(record, effect.hook);
      case "run-after":
        return this.hooks.after(record, effect.hook);
      case "switch":
        this.#noteAct(effect, record);
        // A specialisation is activated only in a boot that got through.
        if (record.state === "verifying" && this.#isStuck(record)) return BOOT_FAILED;
        if (record.state === "rolling-back" && this.#isFirstLook(record)) return BOOT_FAILED;
        return (
          this.runner?.atAct(record) ?? this.#actThenStart(record, () => this.#switchTo(effect))
        );
      case "reboot": {
        const closed = record.state === "rebooting" ? this.hooks.lookAgain() : null;
        if (closed !== null) return closed;
        this.#noteAct(effect, record);
        return (
          this.runner?.atAct(record) ??
          this.#actThenStart(record, () => this.#askForReboot(effect.toplevel))
        );
      }
      case "verify":
        return this.#isStuck(record) ? BOOT_FAILED : verified(this.#scenario.problem);
      case "verify-rollback":
        return this.#isStuck(record) ? BOOT_FAILED : verified(this.#scenario.problemBack);
      case "await-confirmation":
        return { kind: "confirmation-ended" };
      case "restore-profile":
        return { kind: "profile-restored", problem: this.#restoreProfile(effect.toplevel) };
      case "commit-boot-default":
        this.#bootAlways(effect.toplevel);
        return { kind: "boot-default-committed", problem: null };
      case "restore-defaults":
        return this.#restoreDefaults(effect.toplevel);
      case "finish":
        if (!isTerminal(record.state)) throw new Error("finished before the end");
        this.runner?.startNamed(record);
        this.hasTidiedUp = !putsRebootOff(record) || this.booted === TARGET;
        if (!this.hasTidiedUp) this.#scheduleReboot(record);
        return { kind: "suspended" };
    }
  }

  isCancelled = false;

  #runBefore(record: FinalizationRecord, name: string): Event {
    const end = this.hooks.before(record, name);
    if (this.#scenario.cancelledAtTurn !== true) return end;
    this.isCancelled = true;
    return { kind: "gates-interrupted", waitedFor: [] };
  }

  /** What goes back, or activates a specialisation after a boot, needs no hook. */
  #noteAct(effect: Effect, { state }: FinalizationRecord): void {
    if (state === "switching" || state === "rebooting") this.hooks.act(effect);
  }

  /** As the finish of the interpreter does it, unless another life has. */
  #scheduleReboot({ id, target }: FinalizationRecord): void {
    this.#pass();
    this.scheduledReboots++;
    this.atEnd = undefined;
    this.saved = aRecord({
      id: `${id}-reboot`,
      bootId: `boot-${this.boot}`,
      previous: this.booted,
      target,
      plan: { ...REBOOT, changed: ["kernel"] },
      rebootOf: id,
    });
  }

  #actThenStart(record: FinalizationRecord, act: () => Event | { kind: "suspended" }) {
    this.runner?.act();
    const end = act();
    if (end.kind !== "suspended") this.runner?.startNamed(record);
    return end;
  }

  /** Whether the boot that brought the system up did not get through. */
  #isStuck(record: FinalizationRecord): boolean {
    return this.#isStuckNow() && hasBooted(record, `boot-${this.boot}`);
  }

  /** Each process looks once whether the boot is through before it switches back. */
  #isFirstLook(record: FinalizationRecord): boolean {
    const isOne = this.#isStuckNow() && hasBootedSinceAct(record, `boot-${this.boot}`);
    const isFirst = isOne && !this.#hasLooked;
    this.#hasLooked ||= isOne;
    return isFirst;
  }
  #hasLooked = false;

  #isStuckNow(): boolean {
    const { stuckBoots } = this.#scenario;
    const isOne = stuckBoots === "both" || (stuckBoots === "target" && this.booted === TARGET);
    return isOne && this.boot > 1;
  }

  #lookAtWindow(record: FinalizationRecord): Event {
    const isSeen = this.#scenario.now !== "as it is put off";
    if (isSeen && newWish(record, { now: this.#wish() }) !== null) {
      return { kind: "gates-interrupted", waitedFor: [] };
    }
    if (record.hurried !== null) return { kind: "gates-opened", waitedFor: [] };
    const reboots = rebootsNow(record, this.#scenario.policy);
    const action = actionToAwait(this.#facts().decision, reboots, record.plan);
    if (action === "switch" || this.closedFor <= 0) return { kind: "gates-opened", waitedFor: [] };
    const until = `2026-11-${28 - this.closedFor}T02:00:00.000Z`;
    return { kind: "gates-deferred", waitedFor: [], until, why: "waits for the reboot window" };
  }

  #switchTo({ toplevel, mode }: Effect & { kind: "switch" }): Event {
    this.acts++;
    const { switchEnds, switchBackEnds, diesHalfway, bootIsReadOnly } = this.#scenario;
    const isForward = toplevel === TARGET || toplevel === SPECIAL;
    // What waits for its gates acts all the same: the deploy may repair the boot.
    if (this.saved.state === "rolling-back" && this.#isStuckNow()) this.switchesInStuckBoot++;
    const end = { kind: "switched", mode, tail: [], failedJobs: [], reason: "named" } as const;
    if (isForward && diesHalfway !== undefined && this.halfway < diesHalfway) {
      this.halfway++;
      this.bootDefault = toplevel;
      return { ...end, exitCode: 1, progress: "begun" };
    }
    if (this.#hangs(isForward)) {
      this.bootDefault = mode === "switch" ? toplevel : this.bootDefault;
      return { ...end, exitCode: 255, progress: "begun", cut: { seconds: 600, why: "it waits" } };
    }
    const isRefused = !isForward && bootIsReadOnly === true && mode === "switch";
    const exitCode = isRefused ? 1 : ((isForward ? switchEnds : switchBackEnds) ?? 0);
    if (exitCode !== 1 && mode === "switch") this.bootDefault = toplevel;
    if (exitCode !== 1 && exitCode !== 100) this.current = toplevel;
    const progress = exitCode === 1 || exitCode === 100 ? "nothing-changed" : "begun";
    return { ...end, exitCode, progress };
  }

  #hangs(isForward: boolean): boolean {
    const { hangs, hangsBack = 0 } = this.#scenario;
    if (isForward || this.hungBack === hangsBack) return isForward && hangs === true;
    this.hungBack++;
    return true;
  }

  #restoreProfile(toplevel: string): string | null {
    const problem = this.#scenario.profileProblem ?? null;
    if (problem === null) this.profile = toplevel;
    return problem;
  }

  #restoreDefaults(toplevel: string): Event {
    const { bootIsReadOnly } = this.#scenario;
    const profileProblem = this.#restoreProfile(toplevel);
    this.#pass();
    if (bootIsReadOnly !== true) this.#bootAlways(toplevel);
    const bootProblem = bootIsReadOnly === true ? "/boot is read-only" : null;
    const problems = [profileProblem, bootProblem].filter((problem) => problem !== null);
    return { kind: "defaults-restored", problems };
  }

  #isTooEarly(toplevel: string): boolean {
    return toplevel === TARGET && this.closedFor > 0 && this.saved.hurried === null;
  }

  #askForReboot(toplevel: string): Event | { kind: "suspended" } {
    this.acts++;
    this.rebootsOutsideWindow += this.#isTooEarly(toplevel) ? 1 : 0;
    if (this.#scenario.loader === undefined || toplevel === PREVIOUS) this.bootDefault = toplevel;
    else this.#bootOnce(toplevel);
    if (this.#scenario.rebootRefused === true) this.#bootAlways(toplevel);
    if (this.#scenario.rebootRefused === true) return { kind: "reboot-refused", why: "inhibited" };
    this.isRebootPending = true;
    return { kind: "suspended" };
  }

  /** Each write of the loader's state is a point at which the host may crash. */
  #bootOnce(toplevel: string): void {
    this.#pass();
    this.bootDefault = PREVIOUS;
    this.#pass();
    this.oneShot = toplevel;
    this.#pass();
  }

  #bootAlways(toplevel: string): void {
    this.bootDefault = toplevel;
    if (this.oneShot !== null) this.#pass();
    this.oneShot = null;
  }
}

const APART = new Set<string>(["point", "crashAt", "saved"] satisfies (keyof World)[]);

const texts = new WeakMap<FinalizationRecord, string>();

/** A record does not change, and is asked for at many points. */
function textOf(record: FinalizationRecord): string {
  const text = texts.get(record) ?? JSON.stringify(record);
  texts.set(record, text);
  return text;
}

const BOOT_FAILED: Event = {
  kind: "verified",
  checks: [
    { name: "boot", kind: "boot", result: "failed", detail: "did not get through", seconds: 0 },
  ],
};

function verified(problem: string | undefined): Event {
  const checks = problem === undefined ? [] : [problem];
  const failed = { kind: "unit", result: "failed", detail: "is failed", seconds: 0 } as const;
  return { kind: "verified", checks: checks.map((name) => ({ name, ...failed })) };
}
