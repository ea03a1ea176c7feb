import type { Window } from "../core/config/windows/window-config.ts";
import { matchesGlob } from "../core/glob.ts";
import type { Host } from "../host/process/host.ts";
import { listRunning } from "../host/systemd/commands.ts";
import { askUnits } from "../host/systemd/units.ts";
import { atWindowOrDeadline, type Gate, type GateState, looked, OPEN, polled } from "./gate.ts";
import type { StoppedUnits } from "./runners/stopped-by-switch.ts";

/**
 * No unit runs that must not be interrupted, such as a backup. Only units that the act would stop
 * count.
 *
 * Unknown waits, at most until the timeout or the end of the window.
 *
 * @param stopped the units that the act would stop; asked only while a unit runs
 */
export function quietUnits(
  globs: readonly string[],
  stopped: () => Promise<StoppedUnits>,
  windows: readonly Window[] | null,
): Gate {
  return {
    name: "units",
    whenUnknown: "wait",
    atDeadline: atWindowOrDeadline(windows),
    look: async ({ host }) => await looked(async () => await look(host, globs, stopped)),
    // To be notified would take a connection to the bus, so this polls.
    change: polled(1000),
  };
}

async function look(
  host: Host,
  globs: readonly string[],
  stopped: () => Promise<StoppedUnits>,
): Promise<GateState> {
  const listed = await askUnits(host, listRunning());
  const running = listed.filter(({ unit }) => globs.some((glob) => matchesGlob(glob, unit)));
  if (running.length === 0) return OPEN;
  const stops = await stopped();
  const stopping = running.filter(({ unit }) => stops === "all" || stops(unit));
  if (stopping.length === 0) return OPEN;
  const words = stopping.map(({ unit, active }) => `${unit} is ${active}`);
  return { kind: "closed", why: words.join("; ") };
}
