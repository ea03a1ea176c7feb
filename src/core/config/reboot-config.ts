import * as v from "valibot";
import { DEFAULT_CONFIG } from "./defaults.ts";
import { type Frozen, hasWords, sessionsSchema, someSeconds, someText } from "./schema-parts.ts";

/** Only systemd can check the rest, because it knows calendars and time zones. */
const calendarExpression = v.pipe(
  v.string(),
  v.check(hasWords, "must be a calendar expression, such as Sat 02:00"),
  v.check((text) => /^[^\0\n]*$/.test(text), "must be one line"),
);

/** When a host may reboot: from each start, a calendar expression of systemd.time(7), for a duration in seconds. */
const windowSchema = v.strictObject({ start: calendarExpression, duration: someSeconds });

const REBOOT = DEFAULT_CONFIG.reboot;

/** Whether, when and how this host reboots. */
export const rebootSchema = v.strictObject({
  allow: v.optional(v.boolean(), REBOOT.allow),
  /** `kexec` if the host can, else `reboot`. */
  method: v.optional(v.picklist(["reboot", "kexec"]), REBOOT.method),
  /**
   * Whether the boot loader boots a target once and keeps the previous system as the default until the
   * verification: if it can (`auto`), or it does not reboot otherwise (`require`).
   */
  fallback: v.optional(v.picklist(["auto", "require", "off"]), REBOOT.fallback),
  /** What happens if the target would wait for a passphrase at boot: a warning, or no reboot. */
  unattended: v.optional(v.picklist(["warn", "require"]), REBOOT.unattended),
  /** The encrypted devices whose passphrase this system waits for at boot. */
  passphrases: v.optional(v.array(someText), [...REBOOT.passphrases]),
  /** Null means always. */
  window: v.optional(v.nullable(windowSchema), REBOOT.window),
  /** While the window is closed: everything waits for the reboot, or what a switch can bring goes live. */
  whilePutOff: v.optional(v.picklist(["wait", "switch"]), REBOOT.whilePutOff),
  /** For people who are logged in at a terminal or a desktop. */
  sessions: v.optional(sessionsSchema(REBOOT.sessions), {}),
});

/** How this host switches. */
export const switchSchema = v.strictObject({
  /** For people whose session the switch may end. */
  sessions: v.optional(sessionsSchema(DEFAULT_CONFIG.switch.sessions), {}),
});

export type Window = Frozen<v.InferOutput<typeof windowSchema>>;

export type WindowState =
  | { readonly kind: "open"; readonly until: Date }
  | { readonly kind: "closed"; readonly opensAt: Date }
  /** It has no more starts. */
  | { readonly kind: "over" };

/**
 * The search for starts begins this much earlier than needed. If a clock change repeats an hour, the
 * result of systemd depends on where the search begins: from before the hour, it equals that of its
 * timers. The longest clock change today is two hours (notes/calendar.md).
 */
const RUN_UP_MS = 3 * 3_600_000;

export function lookFrom(window: Window, now: Date): Date {
  return new Date(earliestThatCounts(window, now) - RUN_UP_MS);
}

/**
 * The state of a window. It is open if a start at or before now is not over; overlapping windows count
 * as one.
 *
 * @param starts in order from `lookFrom`, at least to the first that is not over
 */
export function windowAt(window: Window, now: Date, starts: readonly Date[]): WindowState {
  const start = firstThatCounts(window, now, starts);
  if (start === null) return { kind: "over" };
  return start <= now
    ? { kind: "open", until: new Date(start.getTime() + window.duration * 1000) }
    : { kind: "closed", opensAt: start };
}

export function firstThatCounts(window: Window, now: Date, starts: readonly Date[]): Date | null {
  const earliest = earliestThatCounts(window, now);
  return starts.find((start) => start.getTime() > earliest) ?? null;
}

/** A window with this start has just ended. */
function earliestThatCounts({ duration }: Window, now: Date): number {
  return now.getTime() - duration * 1000;
}
