import type { FinalizationRecord } from "./record.ts";

/**
 * What whoever logs in next should know of the newest finalization; null where there is
 * nothing to do. Everybody on the host may read it, so no reason and no output is in it,
 * only words of ours.
 *
 * @param bootId of the running boot
 */
export function noticeOf(record: FinalizationRecord, bootId: string): string | null {
  const news = newsOf(record, bootId);
  if (news === null) return null;
  return `deploy-finalize: ${news}\n  See: deploy-finalize status ${record.id}\n`;
}

function newsOf(record: FinalizationRecord, bootId: string): string | null {
  const { state, plan, timeline } = record;
  const [day, time = ""] = (timeline.at(-1)?.at ?? "").split("T");
  const at = `${day} ${time.slice(0, 5)} UTC`;
  if (state === "failed") return `the last deploy FAILED to go live (${at}).`;
  if (state === "rolled-back") return `the last deploy was ROLLED BACK (${at}).`;
  if (state === "waiting" && plan.action === "reboot") {
    return `a REBOOT into the deployed system is waiting (since ${at}).`;
  }
  // Live by a switch where no reboot is allowed; any boot since has brought up the rest.
  const isPartly = state === "live" && plan.action === "switch" && plan.changed.length > 0;
  if (isPartly && record.switchedInBoot === bootId) {
    return `the deployed system runs, but parts of it wait for a REBOOT (since ${at}).`;
  }
  return null;
}
