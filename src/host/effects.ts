import { setTimeout as sleep } from "node:timers/promises";
import type { Ports } from "../core/drive.ts";
import type { Effect, Event, Policy } from "../core/machine-types.ts";
import { isUnfinished, type FinalizationRecord } from "../core/record.ts";
import type { Config } from "../core/config.ts";
import { gatesFor } from "../gates/table.ts";
import { firstShut, waitForGates } from "../gates/wait.ts";
import { activate, foundLockTaken } from "./activation.ts";
import { observe } from "./facts.ts";
import type { Host } from "./host.ts";
import { type Lock, waitForLock } from "./lock.ts";
import { unpin } from "./pins.ts";
import { restoreProfile } from "./profile.ts";
import type { RecordStore } from "./store.ts";
import * as systemd from "./systemd.ts";

/** A shutdown that hangs for longer than this does not come any more. */
const REBOOT_DEADLINE_MS = 600_000;

type Suspended = { readonly kind: "suspended" };

/** Carries out the effects of one finalization on the real host. */
export class Interpreter implements Ports {
  readonly policy: Policy;
  readonly #host: Host;
  readonly #store: RecordStore;
  readonly #config: Config;
  readonly #stop: AbortSignal;
  #turn: Lock | null = null;

  /** @param stop aborted when systemd asks this process to end; an act that has begun is finished first */
  constructor(host: Host, store: RecordStore, config: Config, stop: AbortSignal) {
    this.#host = host;
    this.#store = store;
    this.#config = config;
    this.#stop = stop;
    this.policy = policyOf(config);
  }

  now = (): Date => this.#host.now();

  observe = async (record: FinalizationRecord) =>
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
        return await this.#switchTo(effect.toplevel);
      case "reboot":
        return await this.#rebootInto(effect.toplevel);
      case "verify":
      case "verify-way-back":
        return { kind: "verified", checks: [] };
      case "await-confirmation":
        return { kind: "confirmation-ended" };
      case "restore-profile":
        return { kind: "profile-restored", problem: await this.#restoreProfile(record, effect) };
      case "restore-boot-default":
        return {
          kind: "boot-default-restored",
          problem: await this.#setBootDefault(effect.toplevel),
        };
      case "finish":
        return await this.#finish(record);
    }
  };

  async #awaitGates(record: FinalizationRecord): Promise<Event | Suspended> {
    await this.releaseTurn();
    const context = { host: this.#host, record, config: this.#config };
    const waiting = { gates: gatesFor(this.#config.waitFor.runners), since: this.now(), stop: this.#stop, interrupted: () => false };
    await waitForGates(context, waiting);
    return this.#stop.aborted ? { kind: "suspended" } : { kind: "gates-opened", waitedFor: [] };
  }

  /** One activation at a time. A gate may have shut while another finalization had its turn. */
  async #takeTurn(record: FinalizationRecord): Promise<Event | Suspended> {
    await this.#haveTurn();
    if (this.#stop.aborted) return { kind: "suspended" };
    const shut = await firstShut(gatesFor(this.#config.waitFor.runners), {
      host: this.#host,
      record,
      config: this.#config,
    });
    return shut === null
      ? { kind: "turn-taken", failedUnits: [], idleRunners: [] }
      : await this.#awaitGates(record);
  }

  async #switchTo(toplevel: string): Promise<Event> {
    await this.#haveTurn();
    const activation = await activate(this.#host, toplevel, "switch");
    return foundLockTaken(activation)
      ? { kind: "held-up", why: SWITCH_LOCK_TAKEN }
      : { kind: "switched", ...activation };
  }

  /** Keeps its turn until the shutdown ends this process: nothing else may act in between. */
  async #rebootInto(toplevel: string): Promise<Event | Suspended> {
    await this.#haveTurn();
    const problem = await this.#setBootDefault(toplevel);
    if (problem === SWITCH_LOCK_TAKEN) return { kind: "held-up", why: problem };
    if (problem !== null) return { kind: "reboot-refused", why: problem };
    const refused = await systemd.reboot(this.#host);
    if (refused !== null) return { kind: "reboot-refused", why: refused };
    await sleep(REBOOT_DEADLINE_MS, undefined, { signal: this.#stop }).catch(() => {});
    if (this.#stop.aborted) return { kind: "suspended" };
    return { kind: "reboot-refused", why: "it was asked for ten minutes ago and did not come" };
  }

  /** Another finalization may have set another default since the deploy. */
  async #setBootDefault(toplevel: string): Promise<string | null> {
    const activation = await activate(this.#host, toplevel, "boot");
    if (activation.exitCode === 0) return null;
    if (foundLockTaken(activation)) return SWITCH_LOCK_TAKEN;
    const words = activation.tail.slice(-3).join("; ");
    return `the boot default was not set (exit code ${activation.exitCode}): ${words}`;
  }

  async #restoreProfile(
    { profile, target }: FinalizationRecord,
    { toplevel }: { readonly toplevel: string },
  ): Promise<string | null> {
    await this.#haveTurn();
    return await restoreProfile(this.#host, profile, target, toplevel);
  }

  async #finish(record: FinalizationRecord): Promise<Suspended> {
    if (!isUnfinished(record)) unpin(this.#host.paths, record.id);
    await this.releaseTurn();
    return { kind: "suspended" };
  }

  async #haveTurn(): Promise<void> {
    this.#turn ??= await waitForLock(this.#host, this.#store.lockPath("turn"));
  }

  /** Lets others act; called at the end in any case, because what holds the lock keeps us alive. */
  async releaseTurn(): Promise<void> {
    await this.#turn?.release();
    this.#turn = null;
  }
}

const SWITCH_LOCK_TAKEN = "another process holds the switch lock";

function policyOf(_config: Config): Policy {
  return { reboot: "allowed", rollback: "enabled", confirmWithin: null };
}
