import { fractionOf } from "../../fleet/holder.ts";
import { readIfThere } from "../../host/files/durable.ts";
import type { Paths } from "../../host/files/paths.ts";

/** Generated once for the windows: with another value, every host would have another offset. */
const APPLICATION = "c2b0a7d4f1e34b6c9a58d0e7316f92ab";

/**
 * A fraction of this host, from 0 up to but not including 1: always the same, from its machine id, as
 * `FixedRandomDelay=` of systemd.timer(5) has it. Without a machine id the host has no offset.
 */
export function fractionOfHost(paths: Pick<Paths, "machineId">): number {
  const machineId = readIfThere(paths.machineId)?.trim() ?? "";
  return machineId === "" ? 0 : fractionOf(`${APPLICATION} ${machineId}`);
}
