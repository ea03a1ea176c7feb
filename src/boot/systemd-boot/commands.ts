import type { Argv } from "../../host/systemd/commands.ts";

/** Every argument list for bootctl(1) is made here. */

/** Boots an entry once; an empty name clears it. */
export function setOneShotEntry(entry: string): Argv {
  return ["bootctl", "set-oneshot", entry];
}

/** Boots an entry by default, whatever loader.conf says; an empty name clears it. */
export function setDefaultEntry(entry: string): Argv {
  return ["bootctl", "set-default", entry];
}

/** The entries in the order of the menu. */
export function listEntries(): Argv {
  return ["bootctl", "--json=short", "list"];
}

/** Where the EFI system partition is mounted. */
export function printEspPath(): Argv {
  return ["bootctl", "--print-esp-path"];
}
