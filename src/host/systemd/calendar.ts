import {
  firstThatCounts,
  lookFrom,
  type StaggeredWindow,
  type WindowState,
  windowAt,
} from "../../core/config/windows/window-config.ts";
import { quoted } from "../../core/answer.ts";
import type { Host } from "../process/host.ts";
import { describeEnd } from "../process/spawn.ts";
import { nextElapses } from "./commands.ts";

/** The present state of a window, or why it is unknown. */
export type WindowView = WindowState | { readonly kind: "unknown"; readonly why: string };

/**
 * The number of starts to request first: a window that begins each hour has few in the relevant time.
 * Then the second number: a window that begins each second has fewer.
 */
const FIRST = 8;
const MANY = 12_000;

/** A window that is closed names the start at which it opens. */
export type WindowsView =
  | Exclude<WindowView, { kind: "closed" }>
  | { readonly kind: "closed"; readonly opensAt: Date; readonly start: string };

/**
 * Evaluates several windows: a host is in all of them together if it is in any, and it waits for the
 * earliest start.
 */
export async function lookAtWindows(
  host: Host,
  windows: readonly StaggeredWindow[],
): Promise<WindowsView> {
  const views = await Promise.all(
    windows.map(async (window) => {
      const view = await lookAtWindow(host, window);
      return view.kind === "closed" ? { ...view, start: window.start } : view;
    }),
  );
  return together(views);
}

function together(views: readonly WindowsView[]): WindowsView {
  const open = views.filter((view) => view.kind === "open");
  const lastToEnd = open.toSorted((a, b) => +b.until - +a.until)[0];
  if (lastToEnd !== undefined) return lastToEnd;
  // It may open before the others.
  const unknown = views.find(({ kind }) => kind === "unknown");
  if (unknown !== undefined) return unknown;
  const closed = views.filter((view) => view.kind === "closed");
  return closed.toSorted((a, b) => +a.opensAt - +b.opensAt)[0] ?? { kind: "over" };
}

/** Evaluates a window. systemd does all calendar calculations. */
export async function lookAtWindow(host: Host, window: StaggeredWindow): Promise<WindowView> {
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
  /** Null if systemd listed all; else the list holds those before the problem. */
  readonly problem: string | null;
}

async function elapses(host: Host, start: string, from: Date, count: number): Promise<Elapses> {
  const ended = await host.spawn(nextElapses(start, from, count), { env: { LC_ALL: "C" } });
  const problem = ended.exitCode === 0 ? unreadOutput(ended.stdout) : describeEnd(ended);
  return { elapses: parseElapses(ended.stdout), problem };
}

/** `Next elapse: Sat 2026-03-28 02:00:00 CET`, and `(in UTC):` after it unless that is the same. */
const LINE = /^ *(Next elapse|Iter(?:\.|ation) #\d+|\(in UTC\)): \w+ (\S+) (\S+) \S+$/;

/**
 * Reads the output of `systemd-analyze calendar`, to the second: local time, followed by UTC unless
 * local time is UTC (notes/calendar.md).
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

/** A line that says when the expression elapses, in whatever way. */
const SAYS_WHEN = /Next elapse|Iter(?:\.|ation) #\d+|\(in UTC\)/;
const NEVER = /^ *Next elapse: never$/;

/**
 * Why the output does not tell when the expression elapses; null if it does. Output that cannot be
 * read does not mean that there is no next time.
 */
export function unreadOutput(text: string): string | null {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const saying = lines.filter((line) => SAYS_WHEN.test(line));
  const unread = saying.length === 0 ? text : saying.find((line) => !isRead(line));
  return unread === undefined
    ? null
    : `cannot read the output of systemd-analyze calendar: ${quoted(JSON.stringify(unread.slice(0, 200)))}`;
}

function isRead(line: string): boolean {
  return NEVER.test(line) || parseElapses(line).length === 1;
}
