import { accessSync, constants, statSync } from "node:fs";
import { configOf } from "./load-config.ts";
import type { Config } from "../../core/config/config.ts";
import type { Plan } from "../../core/decision/decision.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import type { Host } from "../../host/process/host.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../../core/outcome.ts";
import { codeOf, Refusal } from "../../core/refusal.ts";
import type { RecordStore } from "../../state-dir/store.ts";

/**
 * @param what the subject of the message
 * @param instead what another user can do
 */
export function requireRoot(
  context: Context,
  what: string,
  instead = "ask an administrator",
): void {
  if (context.userId === 0) return;
  throw new Refusal(`${what} needs root. Run it with sudo, or ${instead}.`);
}

/**
 * Checks the reboot window before the timer starts: the finalization would wait for ever.
 *
 * @throws Refusal (usage) if systemd does not understand the window, or if it never opens again
 */
export async function requireWindow(
  host: Host,
  { reboot: { window } }: Config,
  { action }: Plan,
): Promise<void> {
  if (window === null) return;
  // Loaded only if there is a window, to keep scheduling quick.
  const { lookAtWindow } = await import("../../host/systemd/calendar.ts");
  const seen = await lookAtWindow(host, window);
  const where = `reboot.window.start (${window.start})`;
  if (seen.kind === "unknown") {
    throw new Refusal(
      `${where} cannot be used: ${seen.why}. Try it: systemd-analyze calendar ${JSON.stringify(window.start)}`,
      EXIT.usage,
    );
  }
  if (seen.kind === "over" && action === "reboot") {
    throw new Refusal(`${where} never comes again, so the host would never reboot.`, EXIT.usage);
  }
}

export type Access =
  | { readonly kind: "granted" }
  | { readonly kind: "denied"; readonly why: string };

const GRANTED: Access = { kind: "granted" };

/** If the folder is missing or not a folder, the error comes from the code that reads it. */
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

/** @throws Refusal if this user may not read the records */
export function requireAccess(store: RecordStore): void {
  const access = accessTo(store);
  if (access.kind === "denied") throw new Refusal(`${access.why}. Run it with sudo.`);
}

/** The configuration of a finalization, for showing it; if it cannot be read, that of the call. */
export async function configFor(record: FinalizationRecord, called: Config): Promise<Config> {
  try {
    return await configOf(record, called);
  } catch {
    return called;
  }
}
