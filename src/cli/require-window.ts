import type { Config } from "../core/config.ts";
import type { Plan } from "../core/decision.ts";
import { EXIT } from "../core/outcome.ts";
import { Refusal } from "../core/refusal.ts";
import type { Host } from "../host/host.ts";

/**
 * Looks whether systemd understands the reboot window, before anything is armed: nobody would see
 * the finalization wait for ever.
 *
 * @throws Refusal (usage) that says what systemd said, or that the window never opens again
 */
export async function requireWindow(
  host: Host,
  { reboot: { window } }: Config,
  { action }: Plan,
): Promise<void> {
  if (window === null) return;
  // Loaded only where there is a window: scheduling is to be quick.
  const { lookAtWindow } = await import("../host/calendar.ts");
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
