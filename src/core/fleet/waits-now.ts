import { whyWaits } from "./admission.ts";

/** A host of a lower wave, as the group knows it now. */
export interface HostBelow {
  readonly wave: number;
  readonly host: string;
  /** How it ended in the rollout; null if it has not. */
  readonly done: string | null;
  /** Whether it has joined the rollout. */
  readonly hasJoined: boolean;
}

/**
 * What a host waits for, as it is now. It noted that when it asked, and does not ask again for each host that
 * moves: the requests would grow with the square of the hosts.
 *
 * @param noted what it wrote then
 * @param below the hosts of the lower waves, in the order of the waves
 */
export function waitsNow(noted: string, below: readonly HostBelow[]): string {
  if (!noted.startsWith("waits for wave ")) return noted;
  const open = below.filter(({ done }) => done === null);
  if (open.length === 0) return "asks again: the lower waves are complete";
  const waves = [...new Set(below.map(({ wave }) => wave))].map((wave) => {
    const hosts = below.filter((one) => one.wave === wave);
    const done = hosts.filter((one) => one.done !== null).length;
    const live = hosts.filter((one) => one.done === "live").length;
    return { wave, members: hosts.length, done, live };
  });
  const absent = open.filter(({ hasJoined }) => !hasJoined).map(({ host }) => host);
  return whyWaits(waves, absent, limitIn(noted));
}

function limitIn(noted: string): Date | null {
  const [, text = ""] = /\(waits until ([-0-9T:.]+Z)\)$/.exec(noted) ?? [];
  const limit = new Date(text);
  return Number.isNaN(limit.getTime()) ? null : limit;
}
