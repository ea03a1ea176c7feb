import { messageOf } from "../core/refusal.ts";
import { readBootId } from "../host/facts.ts";
import { sessionState } from "../host/logind.ts";
import { type Gate, type GateContext, type GateState, OPEN } from "./gate.ts";
import { nextChange } from "./watch.ts";

/**
 * The login session that scheduled it has closed: the deployer's SSH connection
 * carries deploy-rs' handshake, and a switch or reboot may cut it.
 *
 * Unknown waits: the deadline bounds it. So it does for somebody who stays logged
 * in, though a session at a terminal is not recorded in the first place.
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

function look({ host: { paths }, record, config }: GateContext): GateState {
  const id = record.requester.sessionId;
  if (id === null || !config.waitFor.session) return OPEN;
  try {
    // The ids begin anew with each boot.
    if (record.bootId !== readBootId(paths)) return OPEN;
    const isOpen = sessionState(paths, id) === "open";
    return isOpen ? { kind: "closed", why: `login session ${id} is open` } : OPEN;
  } catch (error) {
    return { kind: "unknown", why: messageOf(error) };
  }
}
