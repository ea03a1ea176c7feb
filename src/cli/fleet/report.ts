import { groupOfFleet } from "../../core/config/fleet/group.ts";
import type { Rollout } from "../../core/fleet/rollout.ts";
import type { Services } from "../../finalize/undo-deploy.ts";
import { seenByOperator } from "../../fleet/rollouts/seen.ts";

/** Reports what an operator has done to the rollout, if it is that of this host's group. Never rejects. */
export function reportingOf(
  { host, store, config: { fleet, lock } }: Services,
  group: string,
): (rollout: Rollout) => Promise<void> {
  return async (rollout) => {
    if (fleet === null || lock === null || group !== groupOfFleet(fleet, lock)) return;
    // Its configuration says whom to report to.
    const newest = await store.readNewest().catch(() => null);
    if (newest !== null) await host.report?.rollout(newest, seenByOperator(group, rollout));
  };
}
