import { accessSync, constants, statSync } from "node:fs";
import type { Config } from "../core/config.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { codeOf, Refusal } from "../core/refusal.ts";
import type { RecordStore } from "../host/store.ts";
import { configOf } from "./load-config.ts";

/** Whether this user may look at the records. */
export type Access =
  | { readonly kind: "granted" }
  | { readonly kind: "denied"; readonly why: string };

const GRANTED: Access = { kind: "granted" };

/** What is no folder, or is not there, is no matter of access: whoever reads in it tells. */
export function accessTo({ folder }: RecordStore): Access {
  try {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return GRANTED;
    accessSync(folder, constants.R_OK | constants.X_OK);
  } catch (error) {
    const code = codeOf(error);
    if (code === "EACCES" || code === "EPERM") {
      return { kind: "denied", why: `only root may read ${folder}` };
    }
  }
  return GRANTED;
}

/** @throws Refusal where this user may not look at them */
export function requireAccess(store: RecordStore): void {
  const access = accessTo(store);
  if (access.kind === "denied") throw new Refusal(`${access.why}. Run it with sudo.`);
}

/** The configuration of a finalization for those who only look: where it cannot be read, that of the call. */
export async function configFor(record: FinalizationRecord, called: Config): Promise<Config> {
  try {
    return await configOf(record, called);
  } catch {
    return called;
  }
}
