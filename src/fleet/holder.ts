import { createHash, createHmac } from "node:crypto";
import type { LockConfig } from "../core/config/lock-config.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { readFileSync } from "node:fs";
import { messageOf, Refusal } from "../core/refusal.ts";

/** Generated once for this program; another value would give every host another name. */
export const APPLICATION_ID = "5e7b1f0c94a84f2d8c1d3a6e90b7425f";

/** Zincati's: a lock server that drains nodes looks for them by it (notes/fleetlock.md). */
export const ZINCATI_ID = "de35106b6ec24688b63afddaa156679b";

/**
 * The name of a host with its lock server: derived from the machine id as
 * sd_id128_get_machine_app_specific(3) does, because the machine id itself must not leave the host
 * (notes/machine-id.md). `systemd-id128 machine-id --app-specific=…` prints the same.
 *
 * @returns 32 hexadecimal digits
 */
export function holderId(machineId: string, application: string): string {
  const bytes = createHmac("sha256", Buffer.from(machineId, "hex"))
    .update(Buffer.from(application, "hex"))
    .digest()
    .subarray(0, 16);
  // The version and variant bits of a random UUID: RFC 9562.
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex");
}

/**
 * The name of this host with a lock server, as configured.
 *
 * @throws Refusal if it comes from the machine id, and this host has none
 */
export function holderOf({ id }: Pick<LockConfig, "id">, machineIdFile: string): string {
  if (id === null) return holderId(readMachineId(machineIdFile), APPLICATION_ID);
  return id === "zincati" ? holderId(readMachineId(machineIdFile), ZINCATI_ID) : id;
}

function readMachineId(machineIdFile: string): string {
  let text: string;
  try {
    text = readFileSync(machineIdFile, "utf8").trim();
  } catch (error) {
    throw new Refusal(`cannot name this host to the lock server: ${messageOf(error)}`);
  }
  if (/^[0-9a-f]{32}$/.test(text)) return text;
  throw new Refusal(
    `cannot name this host to the lock server: ${machineIdFile} holds no machine id. ` +
      `Create one with systemd-machine-id-setup.`,
  );
}

/** A fraction derived from a text, from 0 up to but not including 1. */
export function fractionOf(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0) / 2 ** 32;
}

/** The longest pause, as a multiple of the first. */
const MOST_FACTOR = 10;

/**
 * The pause before the next try, in milliseconds: half to one and a half times the interval,
 * different for each host and try, so that the hosts of a fleet do not ask at the same moment.
 * Consecutive failures double it, up to ten times the interval.
 *
 * @param interval seconds
 * @param failures failed requests since the server's last answer
 */
export function pauseMs(
  { host, id }: Pick<FinalizationRecord, "host" | "id">,
  interval: number,
  tries: number,
  failures: number,
): number {
  const factor = Math.min(2 ** Math.max(0, failures - 1), MOST_FACTOR);
  return interval * 1000 * factor * (0.5 + fractionOf(`${host} ${id} ${tries}`));
}
