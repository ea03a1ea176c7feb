import type { Config } from "../config/config.ts";
import type { Policy } from "./types.ts";

/** What the configuration allows. */
export function policyOf({ reboot, rollback, lock, verify: { confirm } }: Config): Policy {
  return {
    reboot: reboot.allow ? "allowed" : "forbidden",
    rollback: rollback.enable ? "enabled" : "disabled",
    confirmWithin: confirm?.within ?? null,
    slotOnRollback: lock?.onRollback ?? "keep",
  };
}
