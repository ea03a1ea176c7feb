import { correctBootDefault, SWITCH_LOCK_TAKEN } from "../../boot/boot-default.ts";
import type { Event, Facts } from "../../core/machine/types.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { whoHoldsSwitchLock } from "../../gates/host/switch-lock.ts";
import type { Host } from "../../host/process/host.ts";

/**
 * Makes the target the boot default, with the turn taken, before the record says that it acts. Its deploy
 * has done that, but another deployer may have set its own default since: then a power cut in the act would
 * bring up a system that is neither target nor previous, and a good deploy would end as failed.
 *
 * @returns why the act has to wait; null if it may come
 */
export async function setDefaultBeforeAct(
  host: Host,
  { profile, target, previous }: FinalizationRecord,
  facts: Pick<Facts, "profile" | "bootDefault" | "specialisation">,
): Promise<Event<"held-up"> | null> {
  if (facts.profile !== target || facts.bootDefault === target) return null;
  // A loader that cannot be read is set by the act; but not by that of a specialisation.
  const isSetByAct = (facts.specialisation?.toplevel ?? null) === null;
  if (facts.bootDefault === null && isSetByAct) return null;
  const problem = await correctBootDefault(host, { profile, toplevel: target, other: previous });
  if (problem === SWITCH_LOCK_TAKEN) {
    return { kind: "held-up", why: whoHoldsSwitchLock(host.paths) };
  }
  if (problem !== null) host.say(`a power cut may bring up another system: ${problem}`);
  return null;
}
