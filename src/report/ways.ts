import type { ReceiverConfig } from "../core/config/report-config.ts";
import type { LockName } from "../state-dir/locks.ts";

/**
 * How a report reaches its receiver: over the network, from a process in a sandbox, or through a
 * command, which may need anything.
 */
export const WAYS = ["servers", "commands"] as const;

export type Way = (typeof WAYS)[number];

export function wayOf({ kind }: Pick<ReceiverConfig, "kind">): Way {
  return kind === "command" ? "commands" : "servers";
}

/** The lock of the process that delivers this way. */
export const LOCK_OF: Readonly<Record<Way, LockName>> = {
  servers: "deliver",
  commands: "deliver-commands",
};
