import { join } from "node:path";
import { CLOCK_UNSURE, type ClockReading } from "../../core/record/clock.ts";
import { readIfThere } from "../files/durable.ts";
import type { Paths } from "../files/paths.ts";
import type { Host } from "./host.ts";

/** Ticks in a second, as proc_pid_stat(5) counts them: 100 for every kernel that NixOS runs on. */
const TICKS = 100;

/**
 * The seconds since PID 1 of this host began to run; null if unknown. In a container that is its own
 * boot and not that of the kernel.
 */
export function sinceBoot({ paths }: Pick<Host, "paths">): number | null {
  const uptime = textOf(join(paths.processes, "uptime"));
  const seconds = secondsSinceStart(uptime, textOf(join(paths.processes, "1/stat")));
  return seconds === null ? null : Math.round(seconds * 1000) / 1000;
}

/** How long a process has run, from the texts of `uptime` and its `stat`; null if that is unknown. */
export function secondsSinceStart(uptime: string, stat: string): number | null {
  const up = /^\d{1,12}\.\d{1,12}/.exec(uptime)?.[0];
  const start = ticksAtStart(stat);
  return up === undefined || start === null ? null : Number(up) - start / TICKS;
}

/** The name of the program may hold spaces and parentheses. The start is field 22. */
function ticksAtStart(stat: string): number | null {
  const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  return /^\d{1,14}$/.test(start) ? Number(start) : null;
}

/** When a process of this boot began, as `uptime` of a reading; null if that is unknown. */
export function beganAt({ processes }: Paths, id: number): number | null {
  const [first, own] = [1, id].map((one) =>
    ticksAtStart(textOf(join(processes, String(one), "stat"))),
  );
  return typeof first !== "number" || typeof own !== "number" ? null : (own - first) / TICKS;
}

/** When a process began, in milliseconds of the epoch by the clock of now; null if that is unknown. */
export function startedAt({ paths, now }: Pick<Host, "paths" | "now">, id: number): number | null {
  const uptime = textOf(join(paths.processes, "uptime"));
  const seconds = secondsSinceStart(uptime, textOf(join(paths.processes, String(id), "stat")));
  return seconds === null ? null : now().getTime() - seconds * 1000;
}

/**
 * When this host booted, by the clock of now: a clock that was wrong at that time changes nothing.
 * Null if it is unknown.
 */
export function bootedAt(host: Pick<Host, "paths" | "now">): Date | null {
  const seconds = sinceBoot(host);
  return seconds === null ? null : new Date(host.now().getTime() - seconds * 1000);
}

/** All clocks of the host, read now. */
export function readClock(host: Pick<Host, "paths" | "now">): ClockReading {
  const bootId = textOf(host.paths.bootId).trim();
  return { at: host.now().toISOString(), bootId, uptime: sinceBoot(host) };
}

function textOf(path: string): string {
  return readIfThere(path) ?? "";
}

/**
 * A time limit that another process may have begun, and another boot. Once the clock of this boot is
 * sure, only the time that passes for this process counts: a clock that is set moves nothing.
 */
export class TimeLimit {
  readonly #host: Pick<Host, "paths" | "now" | "elapsedMs">;
  readonly #secondsLeft: (now: ClockReading) => number;
  #endMs: number | null = null;
  #extraMs = 0;

  /** @param secondsLeft what is left of it at a reading of the clocks */
  constructor(
    host: Pick<Host, "paths" | "now" | "elapsedMs">,
    secondsLeft: (now: ClockReading) => number,
  ) {
    this.#host = host;
    this.#secondsLeft = secondsLeft;
    this.leftMs();
  }

  /** Negative if it is over. */
  leftMs(): number {
    const elapsedMs = this.#host.elapsedMs();
    if (this.#endMs !== null) return Math.round(this.#endMs - elapsedMs + this.#extraMs);
    const now = readClock(this.#host);
    const leftMs = this.#secondsLeft(now) * 1000;
    if (now.uptime === null || now.uptime >= CLOCK_UNSURE) this.#endMs = elapsedMs + leftMs;
    return Math.round(leftMs + this.#extraMs);
  }

  /** Some time does not count. */
  extend(ms: number): void {
    this.#extraMs += ms;
  }

  /** When it ends, by the wall clock of now; for people. */
  endsAt(): string {
    return new Date(this.#host.now().getTime() + this.leftMs()).toISOString();
  }
}
