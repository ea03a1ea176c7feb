import { messageOf } from "../core/refusal.ts";
import { sessionState } from "../host/systemd/logind/sessions.ts";
import { type Gate, type GateContext, type GateState, OPEN } from "./gate.ts";
import { nextChange } from "../host/process/watch.ts";
import { readBootId } from "../host/nixos/systems.ts";

/**
 * The login session that scheduled the finalization has closed: the deployer's SSH connection
 * carries deploy-rs' handshake, and a switch or reboot may cut it. A session at a terminal is not
 * recorded, so it does not count.
 *
 * Unknown waits, at most until the deadline.
 */
export const session: Gate = {
  name: "session",
  whenUnknown: "wait",
  atDeadline: "as-configured",
  look: async (context) => look(context),
  change: async (context, signal) => {
    const closed = () => look(context).kind !== "closed";
    await nextChange(context.host.paths.loginSessions, closed, signal);
  },
};

function look({ host: { paths }, record }: GateContext): GateState {
  const id = record.requester.sessionId;
  if (id === null) return OPEN;
  try {
    // Each boot numbers its sessions from the start.
    if (record.bootId !== readBootId(paths)) return OPEN;
    const isOpen = sessionState(paths, id) === "open";
    return isOpen ? { kind: "closed", why: `login session ${id} is open` } : OPEN;
  } catch (error) {
    return { kind: "unknown", why: messageOf(error) };
  }
}
