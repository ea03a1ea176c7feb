import type { Config } from "../core/config.ts";
import type { Host } from "../host/host.ts";

/** The commit that a target names. That costs a process, so it is asked only where it is to be reported. */
export async function revisionToReport(
  host: Host,
  { report }: Config,
  target: string,
): Promise<string | null> {
  if (report.receivers.length === 0) return null;
  const { revisionOfTarget } = await import("../report/revision.ts");
  return await revisionOfTarget(host, target);
}
