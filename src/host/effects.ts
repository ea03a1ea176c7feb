import type { Ports } from "../core/drive.ts";
import { stateEntry } from "../core/journal-entry.ts";
import type { Effect, Event, Facts, Policy } from "../core/machine-types.ts";
import { whyOvertaken } from "../core/overtaken.ts";
import { policyOf } from "../core/policy.ts";
import { isUnfinished, type FinalizationRecord } from "../core/record.ts";
import { switchLock } from "../gates/switch-lock.ts";
import { waitForGates } from "../gates/wait.ts";
import {
  rebootInto,
  type Runners,
  startAgain,
  SUSPENDED,
  type Suspended,
  switchTo,
} from "./acting.ts";
import { nextBootOf, setForGood, SWITCH_LOCK_TAKEN } from "./boot-default.ts";
import { observe } from "./facts.ts";
import { type Means, tellerOf } from "./means.ts";
import { updateNotice } from "./notice.ts";
import { Passage } from "./passage.ts";
import { pause } from "./pause.ts";
import { pinnedIds, pinPrevious, unpin } from "./pins.ts";
import { restoreProfile } from "./profile.ts";
import { toplevelAt } from "./toplevel.ts";
import { checksOf, confirmBefore, verifyNow } from "./verifying.ts";

/** Carries out the effects of one finalization on the real host. */
export class Interpreter implements Ports {
  readonly policy: Policy;
  readonly #means: Means;
  readonly #passage: Passage;

  constructor(means: Means) {
    this.#means = means;
    this.#passage = new Passage(means);
    this.policy = policyOf(means.config);
  }

  now = (): Date => this.#means.host.now();

  observe = async (record: FinalizationRecord): Promise<Facts> => {
    const { host, store, config } = this.#means;
    return await observe(host, store, config.rebootWhenChanged, record);
  };

  save = async (record: FinalizationRecord): Promise<void> => {
    const { host, store } = this.#means;
    if (isUnfinished(record)) pinPrevious(host.paths, record);
    store.save(record);
    updateNotice(host, store, record);
    await host.journal.announce(stateEntry(record));
    await host.report?.changed(record);
  };

  perform = async (effect: Effect, record: FinalizationRecord): Promise<Event | Suspended> => {
    switch (effect.kind) {
      case "await-gates":
        return await this.#passage.awaitGates(record);
      case "defer":
        return await this.#passage.defer(record, effect.until);
      case "take-turn":
        return await this.#passage.takeTurn(record);
      case "switch":
        return await this.#switch(record, effect.toplevel);
      case "reboot":
        return await this.#reboot(record, effect.toplevel);
      case "verify":
        return await verifyNow(this.#means, record, checksOf(record));
      case "verify-way-back":
        return await verifyNow(this.#means, record, "units");
      case "await-confirmation":
        return await confirmBefore(this.#means, record, effect.until);
      case "restore-profile":
        return await restoreProfileTo(this.#means, record, effect.toplevel);
      case "restore-boot-default":
        return await restoreBootDefaultTo(this.#means, record, effect.toplevel);
      case "finish":
        return await finish(this.#means, record);
    }
  };

  async #switch(record: FinalizationRecord, toplevel: string): Promise<Event | Suspended> {
    const { host } = this.#means;
    const obstacle = await goOn(this.#means, record);
    if (obstacle !== null) return obstacle;
    return await switchTo(host, toplevel, await this.#runners(record));
  }

  /** A switch that turned out to need a reboot has waited only for the runners that it would stop. */
  async #reboot(record: FinalizationRecord, toplevel: string): Promise<Event | Suspended> {
    const { host, config, slots, stop } = this.#means;
    const isWayBack = record.state === "rolling-back";
    const obstacle = await goOn(this.#means, record);
    if (obstacle !== null) return obstacle;
    if (isWayBack) await slots.takeForWayBack();
    else {
      const kept = await this.#passage.awaitRebootGates(record);
      if (kept !== null) return kept;
    }
    // The way back is the surest one.
    const method = isWayBack ? "reboot" : config.reboot.method;
    const how = { runners: await this.#runners(record), method };
    return await rebootInto(host, nextBootOf(record, toplevel, config), how, stop);
  }

  async #runners(record: FinalizationRecord): Promise<Runners> {
    const stop = record.state === "rolling-back" ? [] : await this.#passage.runners();
    return { stop, start: record.stoppedRunners };
  }
}

async function restoreProfileTo(
  means: Means,
  record: FinalizationRecord,
  toplevel: string,
): Promise<Event | Suspended> {
  const obstacle = await goOnActivating(means, record);
  if (obstacle !== null) return obstacle;
  const { profile, target } = record;
  const problem = await restoreProfile(means.host, profile, target, toplevel);
  return { kind: "profile-restored", problem };
}

/** Somebody may be quicker to take the switch lock. That must not make a good target a rejected one. */
const TRIES = 20;
const BETWEEN_TRIES_MS = 500;

async function restoreBootDefaultTo(
  means: Means,
  record: FinalizationRecord,
  toplevel: string,
): Promise<Event | Suspended> {
  for (let left = TRIES; ; left--) {
    const obstacle = await goOnActivating(means, record);
    if (obstacle !== null) return obstacle;
    const problem = await setForGood(means.host, toplevel, record.target);
    if (problem !== SWITCH_LOCK_TAKEN || left === 0) {
      return { kind: "boot-default-restored", toplevel, problem };
    }
    await pause(BETWEEN_TRIES_MS, means.stop);
  }
}

/** Waits to go on with an act; null where it may. Who had the turn meanwhile may have overtaken it. */
async function goOn(means: Means, record: FinalizationRecord): Promise<Event | Suspended | null> {
  const { host, store, turn } = means;
  if (turn.isMine()) return null;
  if (!(await turn.wait())) return SUSPENDED;
  const current = toplevelAt(host.paths.currentSystem);
  const why = whyOvertaken(record, { current, actedSince: await store.actedSince(record.id) });
  return why === null ? null : { kind: "overtaken" };
}

/** The way back must not fail because somebody else is activating at the moment. */
async function goOnActivating(
  means: Means,
  record: FinalizationRecord,
): Promise<Event | Suspended | null> {
  const { host, config, stop } = means;
  const obstacle = await goOn(means, record);
  if (obstacle !== null) return obstacle;
  const waiting = { gates: [switchLock], since: host.now(), stop, tell: tellerOf(means, record) };
  await waitForGates({ host, config, record }, { ...waiting, interrupted: () => false });
  return stop.aborted ? SUSPENDED : null;
}

async function finish(
  { host, store, turn, slots }: Means,
  record: FinalizationRecord,
): Promise<Suspended> {
  if (isUnfinished(record)) return SUSPENDED;
  await startAgain(host, record.stoppedRunners);
  // Others may act now. The pins stay until the slot is settled: the next boot comes back to it.
  await turn.release();
  if (!(await slots.settle(record))) return SUSPENDED;
  // Noted again, if that failed before: without pins nobody comes back to it.
  await host.report?.changed(record);
  unpin(host.paths, record.id);
  store.prune(pinnedIds(host.paths));
  return SUSPENDED;
}
