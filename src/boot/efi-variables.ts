import { accessSync, constants, readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../core/refusal.ts";
import type { Paths } from "../host/files/paths.ts";

/** The vendor UUID of the interface between boot loaders and systemd: systemd.io/BOOT_LOADER_INTERFACE. */
const LOADER = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

/** The UUID of the variables that the UEFI specification names (Globally Defined Variables). */
const FIRMWARE = "8be4df61-93ca-11d2-aa0d-00e098032b8c";

/** Every variable's value is preceded by its attributes. */
const ATTRIBUTES_BYTES = 4;

/** A text variable of the boot loader; null if there is none. */
export function readLoaderVariable(paths: Paths, name: string): string | null {
  const bytes = readVariable(paths, `${name}-${LOADER}`);
  return bytes === null ? null : textOfVariable(bytes);
}

/**
 * The name of the firmware's boot entry that a variable holds, such as `Boot0003`; null if there is none.
 * `BootCurrent` has started this boot, and `BootNext` starts the next one, once.
 */
export function readBootEntry(paths: Paths, name: "BootCurrent" | "BootNext"): string | null {
  const bytes = readVariable(paths, `${name}-${FIRMWARE}`);
  return bytes === null ? null : entryOfVariable(bytes);
}

/** The boot entry in the bytes of a variable; null if it holds none. */
export function entryOfVariable(bytes: Buffer): string | null {
  if (bytes.length < ATTRIBUTES_BYTES + 2) return null;
  const number = bytes.readUInt16LE(ATTRIBUTES_BYTES);
  return `Boot${number.toString(16).toUpperCase().padStart(4, "0")}`;
}

function readVariable(paths: Paths, name: string): Buffer | null {
  try {
    return readFileSync(join(paths.efiVariables, name));
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return null;
    throw error;
  }
}

/** The text in the bytes of a variable, which NUL characters may end; null if it is empty. */
export function textOfVariable(bytes: Buffer): string | null {
  const text = bytes.subarray(ATTRIBUTES_BYTES).toString("utf16le");
  let length = text.length;
  while (text[length - 1] === "\0") length--;
  return text.slice(0, length) || null;
}

/** Why the variables cannot be written; null if they can be. */
export function variablesObstacle({ efiVariables }: Paths): string | null {
  try {
    accessSync(efiVariables, constants.W_OK);
    return null;
  } catch (error) {
    return codeOf(error) === "ENOENT"
      ? "there are no EFI variables"
      : "cannot write the EFI variables";
  }
}
