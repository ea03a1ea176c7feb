import { matchesGlob } from "../checks/glob.ts";
import { messageOf } from "../core/refusal.ts";
import type { Host } from "../host/host.ts";
import { pause } from "../host/pause.ts";
import { listRunning } from "../host/systemd-commands.ts";
import { askUnits } from "../host/unit-list.ts";
import type { Gate, GateState } from "./gate.ts";
import { OPEN } from "./gate.ts";

const POLL_MS = 1000;

/** Which running units the act would stop; `all` where that is not known. */
export type Stops = "all" | ((unit: string) => boolean);

/**
 * None of the units runs that must not be interrupted, such as a backup. Only those that the act
 * would stop count, but each time all that run then.
 *
 * Unknown waits, as for jobs: the timeout bounds it, or the reboot window.
 *
 * @param findStops asked only while one of them runs
 */
export function quietUnits(
  globs: readonly string[],
  findStops: () => Promise<Stops>,
  atDeadline: Gate["atDeadline"],
): Gate {
  return {
    name: "units",
    whenUnknown: "wait",
    atDeadline,
    look: async ({ host }) => await look(host, globs, findStops),
    // Nothing tells of it without a connection to the bus of our own, so it is polled.
    change: async (_context, signal) => {
      await pause(POLL_MS, signal);
    },
  };
}

async function look(
  host: Host,
  globs: readonly string[],
  findStops: () => Promise<Stops>,
): Promise<GateState> {
  try {
    const listed = await askUnits(host, listRunning());
    const running = listed.filter(({ unit }) => globs.some((glob) => matchesGlob(glob, unit)));
    if (running.length === 0) return OPEN;
    const stops = await findStops();
    const inTheWay = running.filter(({ unit }) => stops === "all" || stops(unit));
    if (inTheWay.length === 0) return OPEN;
    const words = inTheWay.map(({ unit, active }) => `${unit} is ${active}`);
    return { kind: "closed", why: words.join("; ") };
  } catch (error) {
    return { kind: "unknown", why: messageOf(error) };
  }
}
