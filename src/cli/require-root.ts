import { Refusal } from "../core/refusal.ts";
import type { Context } from "./context.ts";

/**
 * @param what is to be done, as the subject of the message
 * @param instead what another user can do
 */
export function requireRoot(
  context: Context,
  what: string,
  instead = "ask somebody who is root",
): void {
  if (context.userId === 0) return;
  throw new Refusal(
    `${what} needs root: units and records are the system's. Run it with sudo, or ${instead}.`,
  );
}
