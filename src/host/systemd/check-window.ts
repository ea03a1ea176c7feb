import type { Window } from "../../core/config/reboot-config.ts";
import type { Host } from "../process/host.ts";
import { describeEnd } from "../process/spawn.ts";
import { parseElapses, unreadOutput } from "./calendar.ts";
import { nextElapses } from "./commands.ts";

/** A time zone, such as Europe/Berlin or CET; a calendar may end with its name. */
const ZONE = /^[A-Z][\w+/-]*$/;

/** Enough starts to see whether one comes before the one before it has ended, each time. */
const STARTS = 10;

/**
 * What is wrong with a window, as far as it can be known on any machine: systemd does not take its
 * calendar, or it is always open. Null if nothing is, or if systemd cannot be asked.
 */
export async function checkWindow(
  host: Pick<Host, "spawn" | "now">,
  { start, duration }: Window,
): Promise<string | null> {
  const argv = nextElapses(withoutZone(start), host.now(), STARTS);
  const ended = await host.spawn(argv, { env: { LC_ALL: "C" } });
  // It could not be started.
  if (ended.exitCode === null) return null;
  if (ended.exitCode !== 0) return `cannot be used: ${describeEnd(ended)}`;
  if (unreadOutput(ended.stdout) !== null) return null;
  const starts = parseElapses(ended.stdout).map((at) => at.getTime());
  const isOpen = starts.slice(1).every((at, index) => at - (starts[index] ?? 0) <= duration * 1000);
  return isOpen && starts.length === STARTS
    ? "is open always: it starts again before it has ended. Choose a shorter duration, or leave the window out"
    : null;
}

/** The sandbox of a build has no time zones, so systemd takes none there. */
function withoutZone(start: string): string {
  const end = start.lastIndexOf(" ");
  return end !== -1 && ZONE.test(start.slice(end + 1)) ? start.slice(0, end).trimEnd() : start;
}
