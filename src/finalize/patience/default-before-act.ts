import { correctBootDefault, SWITCH_LOCK_TAKEN } from "../../boot/boot-default.ts";
import type { Plan } from "../../core/decision/decision.ts";
import type { Event, Facts } from "../../core/machine/types.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { whoHoldsSwitchLock } from "../../gates/host/switch-lock.ts";
import type { Host } from "../../host/process/host.ts";

/** What the act of now is, and what it finds. */
export interface BeforeAct {
  readonly action: Plan["action"];
  readonly facts: Pick<Facts, "bootDefault" | "specialisation">;
}

/** Before one act, which may be tried several times. */
export class DefaultBeforeAct {
  readonly #host: Host;
  readonly #isUnwanted: (record: FinalizationRecord) => boolean;
  /** A default that nobody can read is not read back. */
  #isInstalledUnread = false;

  /** @param isUnwanted asked last: whether the profile has moved, or it is cancelled or superseded */
  constructor(host: Host, isUnwanted: (record: FinalizationRecord) => boolean) {
    this.#host = host;
    this.#isUnwanted = isUnwanted;
  }

  /**
   * Makes the target the boot default, with the turn taken, before the record says that it acts. The deploy
   * has done that, but another deployer may have set its own default since. A power cut in the act would then
   * boot the system of that deployer, and a good deploy would end as failed.
   *
   * @returns why the act has to wait; null if it may come
   */
  async set(record: FinalizationRecord, before: BeforeAct): Promise<Event<"held-up"> | null> {
    const host = this.#host;
    const { profile, target, previous } = record;
    const { bootDefault } = before.facts;
    if (bootDefault === target) return null;
    if (bootDefault === null && (this.#isInstalledUnread || isSetByAct(before))) return null;
    if (this.#isUnwanted(record)) return null;
    const wanted = { profile, toplevel: target, other: previous };
    const corrected = await correctBootDefault(host, wanted);
    if (corrected.kind === "problem" && corrected.why === SWITCH_LOCK_TAKEN) {
      return { kind: "held-up", why: whoHoldsSwitchLock(host.paths) };
    }
    this.#isInstalledUnread = bootDefault === null;
    if (corrected.kind === "problem") {
      host.say(`a power cut may bring up another system: ${corrected.why}`);
    }
    if (corrected.kind === "set" && bootDefault !== null) {
      host.say(`the boot default was ${bootDefault}; it is ${target} again`);
    }
    return null;
  }
}

/** A loader that cannot be read is set by the act; but not by that of a specialisation. */
function isSetByAct({ action, facts: { specialisation } }: BeforeAct): boolean {
  return action === "reboot" || (specialisation?.toplevel ?? null) === null;
}
