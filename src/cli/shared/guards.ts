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
 * Checks the windows before the timer starts: the finalization would wait for ever.
 *
 * @throws Refusal (usage) if systemd does not understand a window, or if those of the act never open again
 */
export async function requireWindows(host: Host, config: Config, { action }: Plan): Promise<void> {
  for (const act of ["reboot", "switch"] as const) {
    const { window: windows } = config[act];
    if (windows === null) continue;
    // Loaded only if there is a window, to keep scheduling quick.
    const { lookAtWindow } = await import("../../host/systemd/calendar.ts");
    const where = `${act}.window.start`;
    const seen = await Promise.all(
      windows.map(async (window) => {
        const view = await lookAtWindow(host, { ...window, offset: 0 });
        if (view.kind !== "unknown") return view.kind;
        throw new Refusal(
          `${where} (${window.start}) cannot be used: ${view.why}. Try it: systemd-analyze calendar ${JSON.stringify(window.start)}`,
          EXIT.usage,
        );
      }),
    );
    if (action !== act || seen.some((kind) => kind !== "over")) continue;
    const starts = windows.map(({ start }) => start).join(", ");
    throw new Refusal(
      `${where} (${starts}) never comes again, so the host would never ${act}.`,
      EXIT.usage,
    );
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
