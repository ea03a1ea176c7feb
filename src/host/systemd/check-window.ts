import type { Window } from "../../core/config/windows/window-config.ts";
import type { Host } from "../process/host.ts";
import { describeEnd, type Ended } from "../process/spawn.ts";
import { parseElapses, unreadOutput } from "./calendar.ts";
import { nextElapses } from "./commands.ts";
import {
  KNOWN_ZONE,
  type Zoned,
  zonedOf,
  zoneProblem,
} from "../../core/config/windows/time-zone.ts";

/** Enough starts to see whether one comes before the ones before it have ended, each time. */
const STARTS = 10;

type Asked = Pick<Host, "spawn" | "now">;

/** What is wrong with windows, and with which of them; null for all of them together. */
export interface WindowProblem {
  readonly index: number | null;
  readonly why: string;
}

/**
 * What is wrong with windows, as far as it can be known on any machine: systemd does not take a
 * calendar, or together they are always open. Nothing is if systemd cannot be asked.
 */
export async function checkWindows(
  host: Asked,
  windows: readonly Window[],
): Promise<WindowProblem[]> {
  const asked = await Promise.all(windows.map(async (window) => await askFor(host, window)));
  const wrong = asked.flatMap((answer, index) =>
    answer.kind === "wrong" ? [{ index, why: answer.why }] : [],
  );
  if (wrong.length > 0) return wrong;
  const spans = asked.flatMap((answer) => (answer.kind === "spans" ? [answer.spans] : []));
  return spans.length === asked.length && areAlwaysOpen(spans)
    ? [{ index: windows.length === 1 ? 0 : null, why: ALWAYS_OPEN }]
    : [];
}

const ALWAYS_OPEN =
  "is open always: it starts again before it has ended. Choose a shorter duration, or leave the window out";

/** In milliseconds. */
interface Span {
  readonly from: number;
  readonly to: number;
}

type Answer =
  | { readonly kind: "wrong"; readonly why: string }
  | { readonly kind: "unknown" }
  | { readonly kind: "spans"; readonly spans: readonly Span[] };

async function askFor(host: Asked, { start, duration }: Window): Promise<Answer> {
  const whole = await ask(host, start);
  const zoned = whole.exitCode === null || whole.exitCode === 0 ? null : zonedOf(start);
  const ended = zoned === null ? whole : await ask(host, zoned.calendar);
  const zone = zoned === null || ended.exitCode !== 0 ? null : await problemOf(host, zoned);
  if (zone !== null) return { kind: "wrong", why: zone };
  // It could not be started.
  if (ended.exitCode === null) return { kind: "unknown" };
  if (ended.exitCode !== 0) return { kind: "wrong", why: `cannot be used: ${describeEnd(ended)}` };
  if (unreadOutput(ended.stdout) !== null) return { kind: "unknown" };
  const spans = parseElapses(ended.stdout).map((at) => {
    const from = at.getTime();
    return { from, to: from + duration * 1000 };
  });
  return { kind: "spans", spans };
}

/** As far as the starts of all windows are known, and that is a round of each, there is no gap between them. */
function areAlwaysOpen(windows: readonly (readonly Span[])[]): boolean {
  const endless = windows.filter((spans) => spans.length === STARTS);
  if (endless.length === 0) return false;
  const knownTo = Math.min(...endless.map((spans) => spans.at(-1)?.from ?? 0));
  const round = Math.max(...endless.map((spans) => spans[1]?.from ?? 0));
  if (knownTo < round) return false;
  const [first, ...others] = endless.flat().toSorted((a, b) => a.from - b.from);
  let openTo = first?.to ?? 0;
  for (const { from, to } of others) {
    if (openTo >= knownTo) return true;
    if (from > openTo) return false;
    openTo = Math.max(openTo, to);
  }
  return openTo >= knownTo;
}

async function ask(host: Asked, start: string): Promise<Ended> {
  const argv = nextElapses(start, host.now(), STARTS);
  return await host.spawn(argv, { env: { LC_ALL: "C" } });
}

/** The sandbox of a build has no time zones, so systemd takes none there. */
async function problemOf(host: Asked, { calendar, zone }: Zoned): Promise<string | null> {
  const { exitCode } = await ask(host, `${calendar} ${KNOWN_ZONE}`);
  return zoneProblem(zone, exitCode === 0 ? "known" : "none");
}
