import type { Config } from "../core/config.ts";
import type { Plan } from "../core/decision.ts";
import { fleetLock } from "./fleet-lock.ts";
import type { LastGate } from "./gate.ts";
import { loggedIn } from "./logged-in.ts";

type FleetLock = Parameters<typeof fleetLock>;

/** The gates that come last, before a reboot: the fleet lock, then the people who are logged in. */
export function lastGates(
  { lock, reboot }: Config,
  act: Plan["action"],
  slots: FleetLock[1],
  turn: FleetLock[2],
): LastGate[] {
  if (act === "switch") return [];
  const locks = lock === null ? [] : [fleetLock(lock, slots, turn)];
  return [...locks, loggedIn(reboot.sessions)];
}
