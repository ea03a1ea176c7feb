import {
  firstThatCounts,
  lookFrom,
  type Window,
  type WindowState,
  windowAt,
} from "../core/window.ts";
import type { Host } from "./host.ts";
import { describeEnd } from "./spawn.ts";
import { nextElapses } from "./systemd-commands.ts";

/** What a window says now, or why that cannot be told. */
export type WindowView = WindowState | { readonly kind: "unknown"; readonly why: string };

/**
 * How many starts are asked for at first: a window that begins each hour has few in the time that
 * is looked at. And how many then: one that begins each second has fewer in the run-up.
 */
const FIRST = 8;
const MANY = 12_000;

/** Looks at a window. systemd does all that has to do with calendars. */
export async function lookAtWindow(host: Host, window: Window): Promise<WindowView> {
  const now = host.now();
  for (const count of [FIRST, MANY]) {
    const found = await elapses(host, window.start, lookFrom(window, now), count);
    if (firstThatCounts(window, now, found.elapses) !== null) {
      return windowAt(window, now, found.elapses);
    }
    if (found.problem !== null) return { kind: "unknown", why: found.problem };
    if (found.elapses.length < count) return { kind: "over" };
  }
  return { kind: "unknown", why: `${window.start} begins more than once in a second` };
}

interface Elapses {
  readonly elapses: readonly Date[];
  /** Where systemd stops in the middle, those before it are told all the same. */
  readonly problem: string | null;
}

async function elapses(host: Host, start: string, from: Date, count: number): Promise<Elapses> {
  const ended = await host.spawn(nextElapses(start, from, count), { env: { LC_ALL: "C" } });
  const problem = ended.exitCode === 0 ? null : describeEnd(ended);
  return { elapses: parseElapses(ended.stdout), problem };
}

/** `Next elapse: Sat 2026-03-28 02:00:00 CET`, and `(in UTC):` after it unless that is the same. */
const LINE = /^ *(Next elapse|Iter(?:\.|ation) #\d+|\(in UTC\)): \w+ (\S+) (\S+) \S+$/;

/**
 * Reads what `systemd-analyze calendar` prints, to the second: local time, and the same in UTC
 * wherever local time is not UTC by another name (notes/calendar.md).
 */
export function parseElapses(text: string): Date[] {
  const found: Date[] = [];
  for (const line of text.split("\n")) {
    const [, label, date = "", time = ""] = LINE.exec(line.trimEnd()) ?? [];
    if (label === undefined) continue;
    const moment = new Date(`${date}T${time}Z`);
    if (Number.isNaN(moment.getTime())) continue;
    if (label === "(in UTC)") found.pop();
    found.push(moment);
  }
  return found;
}
