import type { FinalizationRecord } from "../core/record.ts";
import { findOwnSession } from "../host/logind.ts";
import type { Context } from "./context.ts";

/** Who calls, as far as the environment tells. */
export function requesterOf({ env, paths }: Context): FinalizationRecord["requester"] {
  return {
    user: env["SUDO_USER"] ?? env["USER"] ?? null,
    sshClient: env["SSH_CLIENT"]?.split(" ")[0] ?? null,
    sessionId: findOwnSession(paths),
  };
}
