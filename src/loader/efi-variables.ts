import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../core/refusal.ts";
import type { Paths } from "../host/paths.ts";

/** The vendor under which boot loaders and systemd speak to each other: systemd.io/BOOT_LOADER_INTERFACE. */
const LOADER = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/** The attributes in front of every variable's value. */
const ATTRIBUTES_BYTES = 4;

/** A text that the loader has left in the firmware or will find there; null where there is none. */
export function readLoaderVariable(paths: Paths, name: string): string | null {
  try {
    const bytes = readFileSync(join(paths.efiVariables, `${name}-${LOADER}`));
    const text = bytes.subarray(ATTRIBUTES_BYTES).toString("utf16le");
    return text.replace(/\0+$/, "") || null;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return null;
    throw error;
  }
}

/** Why the variables cannot be written; null where they can. */
export function variablesObstacle({ efiVariables }: Paths): string | null {
  try {
    accessSync(efiVariables, constants.W_OK);
    return null;
  } catch (error) {
    return codeOf(error) === "ENOENT"
      ? "there are no EFI variables"
      : "the EFI variables cannot be written";
  }
}
