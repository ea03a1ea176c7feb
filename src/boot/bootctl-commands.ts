import type { Argv } from "../host/systemd/commands.ts";

/** Makes systemd-boot boot an entry once; an empty name clears it. */
export function setOneShotEntry(entry: string): Argv {
  return ["bootctl", "set-oneshot", entry];
}
