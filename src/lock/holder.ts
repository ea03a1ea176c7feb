import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { messageOf, Refusal } from "../core/refusal.ts";

/** Ours alone, made once; another one would give every host another name. */
export const APPLICATION_ID = "5e7b1f0c94a84f2d8c1d3a6e90b7425f";

/**
 * The name of a host with its lock server: derived from the machine id the way
 * sd_id128_get_machine_app_specific(3) does it, as the machine id itself is not to
 * leave the host (notes/machine-id.md). `systemd-id128 machine-id
 * --app-specific=…` prints the same.
 *
 * @returns 32 hexadecimal digits
 */
export function holderId(machineId: string): string {
  const bytes = createHmac("sha256", Buffer.from(machineId, "hex"))
    .update(Buffer.from(APPLICATION_ID, "hex"))
    .digest()
    .subarray(0, 16);
  // The marks of a random UUID: RFC 9562.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex");
}

/** @throws Refusal where this host has no machine id */
export function readHolderId(machineIdFile: string): string {
  let text: string;
  try {
    text = readFileSync(machineIdFile, "utf8").trim();
  } catch (error) {
    throw new Refusal(`cannot name this host to the lock server: ${messageOf(error)}`);
  }
  if (/^[0-9a-f]{32}$/.test(text)) return holderId(text);
  throw new Refusal(
    `cannot name this host to the lock server: ${machineIdFile} holds no machine id. ` +
      `systemd-machine-id-setup makes one.`,
  );
}
