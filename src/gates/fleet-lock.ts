import type { LockConfig } from "../core/lock-config.ts";
import type { Taking } from "../core/slot-keeping.ts";
import { pause } from "../host/pause.ts";
import type { Turn } from "../host/turn.ts";
import type { SlotKeeper } from "../lock/keeper.ts";
import { pauseMs } from "../lock/spread.ts";
import { type Gate, type GateState, type LastGate, OPEN } from "./gate.ts";

/** What the gate needs of those who keep slot and turn. */
type Slots = Pick<SlotKeeper, "take" | "letGo" | "askedSince">;
type TurnToAct = Pick<Turn, "isMine" | "try" | "release">;

/**
 * A slot of the fleet lock. To look is to take, so it is looked at last, once every
 * other gate is open, and left when one of them shuts.
 *
 * Unknown waits: a server that is down is no leave to reboot. `lock.deadline` bounds
 * it, and says what happens then.
 */
export function fleetLock(lock: LockConfig, slots: Slots, turn: TurnToAct): LastGate {
  let tries = 0;
  let failures = 0;
  const gate: Gate = {
    name: "fleet lock",
    whenUnknown: "wait",
    atDeadline: "as-configured",
    look: async () => {
      const taking = await takeInTurn(slots, turn);
      tries++;
      failures = taking.kind === "unknown" ? failures + 1 : 0;
      return stateOf(taking);
    },
    change: async ({ record }, signal) => {
      await pause(pauseMs(record, lock.retry, tries, failures), signal);
    },
    limit: ({ host }) => {
      const since = slots.askedSince() ?? host.now();
      const at = since.getTime() + lock.deadline * 1000;
      return { at, seconds: lock.deadline, next: lock.onDeadline };
    },
  };
  const leave = (): void => {
    slots.letGo();
  };
  return { gate, leave };
}

/** A slot belongs to the finalization whose turn it is, so a host has never two that ask. */
async function takeInTurn(slots: Slots, turn: TurnToAct): Promise<Taking> {
  const hadTurn = turn.isMine();
  if (!(await turn.try())) return { kind: "refused", why: "another finalization is acting" };
  const taking = await slots.take();
  if (taking.kind !== "held" && !hadTurn) await turn.release();
  return taking;
}

function stateOf(taking: Taking): GateState {
  switch (taking.kind) {
    case "held":
      return OPEN;
    case "refused":
      return { kind: "closed", why: taking.why };
    case "unknown":
      return taking;
  }
}
