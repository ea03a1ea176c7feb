import { isRolloutName } from "../core/config/fleet/rollout-name.ts";
import { commitOfRun } from "../core/config/receivers.ts";
import type { DraftInput, Weighed } from "../finalize/schedule.ts";
import type { Host } from "../host/process/host.ts";
import type { Warning } from "./warnings.ts";

interface Named {
  /** Null if this host takes part in none, or if it has no name. */
  readonly rollout: string | null;
  readonly warnings: readonly Warning[];
}

/** The rollout of the deploy, if nobody names another one. */
export async function explainRollout(
  host: Host,
  { config, forgeRun = null }: Pick<DraftInput, "config" | "forgeRun">,
  { target }: Pick<Weighed, "target">,
): Promise<Named> {
  if (config.fleet === null) return { rollout: null, warnings: [] };
  const { revisionOfTarget } = await import("../host/nixos/revision.ts");
  const name = commitOfRun(config.report, forgeRun) ?? (await revisionOfTarget(host, target));
  if (name !== null && isRolloutName(name)) return { rollout: name, warnings: [] };
  const text =
    "this host takes part in rollouts, and the revision of the target names none: schedule would refuse without --rollout NAME";
  return { rollout: null, warnings: [{ kind: "no-rollout-name", text, at: null }] };
}
