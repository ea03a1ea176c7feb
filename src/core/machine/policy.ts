import type { Config } from "../config/config.ts";
import { inOrder } from "../config/hooks/hooks-config.ts";
import { type Reboots, underPolicy } from "../decision/decision.ts";
import type { FinalizationRecord } from "../record/record.ts";
import type { Policy, Situation } from "./types.ts";

/** Whether a finalization may reboot now. */
export function rebootsNow(
  { whilePutOff }: Pick<FinalizationRecord, "whilePutOff">,
  { reboot }: Pick<Policy, "reboot">,
): Reboots {
  return reboot === "allowed" && whilePutOff === "switch" ? "put-off" : reboot;
}

/** The setting that forbids reboots into the target, and why; null if they are allowed. */
export function whyNoReboot({ reboot }: Pick<Config, "reboot">): string | null {
  if (!reboot.allow) return "reboot.allow";
  const { unattended, passphrases } = reboot;
  return unattended === "require" && passphrases.length > 0
    ? `reboot.unattended: it would wait for the passphrase of ${passphrases.join(", ")}`
    : null;
}

/** What the configuration allows. */
export function policyOf({ reboot, rollback, lock, hooks, verify: { confirm } }: Config): Policy {
  return {
    reboot: whyNoReboot({ reboot }) === null ? "allowed" : "forbidden",
    rebootBack: reboot.allow ? "allowed" : "forbidden",
    whilePutOff: reboot.whilePutOff,
    rollback: rollback.enable ? "enabled" : "disabled",
    confirmWithin: confirm?.within ?? null,
    slotOnRollback: lock?.onRollback ?? "keep",
    hooks: inOrder(hooks),
  };
}

/** No reboot is put off any more, so nothing is switched to before it. */
export function wholeOf(
  record: FinalizationRecord,
  { facts, policy }: Pick<Situation, "facts" | "policy">,
): FinalizationRecord {
  if (record.whilePutOff !== "switch") return record;
  const permitted = underPolicy(facts.decision, policy.reboot);
  if (permitted.action !== "switch" && permitted.action !== "reboot") return record;
  const plan = { ...permitted, changed: [...permitted.changed] };
  return { ...record, plan, whilePutOff: null };
}
