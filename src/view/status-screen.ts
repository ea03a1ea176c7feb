import { pairs } from "./table.ts";
import { forPeople, type TimelineStep, timeline } from "./timeline.ts";
import { hookLines, oldCodeLines, userUnitLines } from "./examined.ts";
import type { FallbackJson } from "../json/fallback.ts";
import { comesBackLine, hostLines, slotLines } from "./host-lines.ts";
import { activatedOf, type FinalizationRecord } from "../core/record/record.ts";
import type { SlotSeen } from "../fleet/slot-store.ts";
import type { HostNow } from "../explain/host-now.ts";
import { secondsBetween } from "../core/span.ts";
import { isTerminal } from "../core/states.ts";
import { duration } from "../core/age.ts";
import { headline, originName, systemName } from "./headline.ts";
import type { Hint, ViewedFinalization } from "./hints.ts";
import { whatNext } from "./what-next.ts";
import { type Mark, markOf, paint, paintMark, type Style, symbol } from "./style.ts";
import { cut, wrap } from "./text.ts";
import { printable } from "../core/printable.ts";

export interface StatusNow {
  readonly now: Date;
  readonly hostName: string;
  readonly host: HostNow;
  readonly finalization:
    | ({ readonly kind: "known" } & ViewedFinalization)
    /** No finalization on this host yet. */
    | { readonly kind: "none" }
    /** This user may not read the records; `pending` names units that wait or run. */
    | { readonly kind: "hidden"; readonly why: string; readonly pending: readonly string[] };
  /** What happens if the system of the profile does not boot; null if that is not known. */
  readonly fallback: FallbackJson | null;
  readonly slot: SlotSeen;
  /** `other` puts `sudo` before the hints. */
  readonly user: "root" | "other";
}

export function statusScreen(style: Style, status: StatusNow): string[] {
  const { finalization, now } = status;
  const host = section(style, `host ${status.hostName}`, [
    ...hostLines(style, status.host),
    ...comesBackLine(style, status.fallback),
    ...slotLines(style, status.slot, now),
  ]);
  switch (finalization.kind) {
    case "none":
      return [...told(style, "none", "no finalization on this host yet", now), ...host];
    case "hidden":
      return [...hidden(style, finalization, now), ...host];
    case "known":
      return [
        ...known(style, finalization, status.host),
        ...host,
        ...hints(style, status, finalization),
      ];
  }
}

function known(style: Style, seen: ViewedFinalization, host: HostNow): string[] {
  const { record, now } = seen;
  const { trouble, next } = whatNext(seen, host);
  return [
    ...told(style, markOf(record.state), headline(record, seen), now),
    ...(trouble === null ? [] : told(style, "bad", trouble, now)),
    ...drift(style, seen, host),
    ...(next === null ? [] : indented(style, `Next: ${next}.`, now)),
    "",
    ...identity(style, record, now),
    "",
    ...timeline(style, now, stepsOf(record, now)),
    ...hookLines(style, record),
    ...checks(style, record, now),
    ...userUnitLines(style, record),
    ...oldCodeLines(style, record),
    ...activation(style, record),
  ];
}

/** Later changes by hand or by another tool, which are not in the record. */
function drift(style: Style, { record, place, now }: ViewedFinalization, host: HostNow): string[] {
  if (record.state !== "live" || place === "older") return [];
  const { current, profile } = host;
  const activated = activatedOf(record);
  const text =
    current.toplevel !== activated
      ? `since then, ${systemName(current.toplevel, current.generation)} has become the running system`
      : `since then, the profile was set to ${systemName(profile.toplevel, profile.generation)}`;
  const isChanged = current.toplevel !== activated || profile.toplevel !== record.target;
  return isChanged ? told(style, "warning", text, now) : [];
}

/** A text with a mark before it, on one or more lines. */
function told(style: Style, mark: Mark, text: string, now: Date): string[] {
  const [first = "", ...rest] = wrap(style, forPeople(style, text, now), style.width - 2);
  const head = `${symbol(style, mark)} ${paint(style, "bold", first)}`;
  return [head, ...rest.map((line) => `  ${paint(style, "bold", line)}`)];
}

function indented(style: Style, text: string, now: Date): string[] {
  return wrap(style, forPeople(style, text, now), style.width - 2).map((line) => `  ${line}`);
}

function identity(style: Style, record: FinalizationRecord, now: Date): string[] {
  const { id, plan, requester } = record;
  const { user, sshClient } = requester;
  const by = user === null ? "" : ` by user ${user}`;
  const from = sshClient === null ? "" : ` from ${sshClient}`;
  const asked = by + from === "" ? "" : `; requested${by}${from}`;
  const why = [originName(record), plan.reason].filter((word) => word !== null).join(", ");
  const text = `${id}: ${plan.action}, ${why}${revisionOf(record)}${asked}`;
  const lines = [text, ...rolloutOf(record)].flatMap((line) => indented(style, line, now));
  return lines.map((line) => paint(style, "dim", line));
}

/** Twelve digits, as git shows it. */
function revisionOf({ revision }: FinalizationRecord): string {
  return revision === null ? "" : `, commit ${revision.slice(0, 12)}`;
}

/** One that is named by its commit is as short as that. */
function rolloutOf({ rollout, revision }: FinalizationRecord): string[] {
  if (rollout === null) return [];
  return [`rollout ${rollout === revision ? rollout.slice(0, 12) : rollout}`];
}

/** Each state with its duration, the present state until now. */
function stepsOf(record: FinalizationRecord, now: Date): TimelineStep[] {
  const last = record.timeline.length - 1;
  const lastWaiting = record.timeline.findLastIndex(({ state }) => state === "waiting");
  return record.timeline.map((entry, index) => {
    const isEnd = index === last && isTerminal(record.state);
    const until = record.timeline[index + 1]?.at ?? now.toISOString();
    const seconds = isEnd ? null : secondsBetween(entry.at, until);
    return { ...entry, seconds, notes: index === lastWaiting ? waits(record) : [] };
  });
}

const MOST_WAITS = 5;

function waits({ waitedFor }: FinalizationRecord): string[] {
  const lines = waitedFor.map(({ gate, why, seconds }) => `${gate} (${duration(seconds)}): ${why}`);
  const before = lines.length - MOST_WAITS;
  return before > 0 ? [`${before} earlier waits are not shown`, ...lines.slice(before)] : lines;
}

function checks(style: Style, record: FinalizationRecord, now: Date): string[] {
  const failed = record.checks.filter(({ result }) => result === "failed");
  const passed = record.checks.length - failed.length;
  if (record.checks.length === 0) return [];
  const count = `checks: ${passed} passed${failed.length > 0 ? `, ${failed.length} failed` : ""}`;
  const lines = failed.flatMap(({ name, detail, seconds }) =>
    told(style, "bad", `${name} (after ${duration(seconds)}): ${detail}`, now),
  );
  return section(style, count, lines);
}

const TAIL_LINES = 10;

/** Only after a failure. */
function activation(style: Style, { outcome, state }: FinalizationRecord): string[] {
  const code = outcome?.activationExitCode ?? 0;
  if (outcome === null || code === 0 || state === "live") return [];
  const lines = outcome.activationTail.slice(-TAIL_LINES).map((line) => {
    return `  ${cut(style, printable(line), style.width - 2)}`;
  });
  return section(style, `last lines of switch-to-configuration, exit code ${code}`, lines);
}

function hidden(
  style: Style,
  { why, pending }: Extract<StatusNow["finalization"], { kind: "hidden" }>,
  now: Date,
): string[] {
  const units = pending.map((unit) => `  ${unit}`);
  return [
    ...told(style, "warning", "this user may not read the records of this host", now),
    ...indented(style, `${why}. Use: sudo deploy-finalize status`, now),
    ...(units.length === 0 ? [] : section(style, "units of deploy-finalize on this host", units)),
  ];
}

function hints(style: Style, status: StatusNow, seen: ViewedFinalization): string[] {
  const wanted = [...whatNext(seen, status.host).hints, ...slotHints(status.slot)];
  const program = status.user === "root" ? "deploy-finalize" : "sudo deploy-finalize";
  const rows = wanted.map(({ command, what }) => {
    const text = `  ${program} ${command}`;
    return [{ text, paint: (line: string) => paintMark(style, "busy", line) }, what] as const;
  });
  return rows.length === 0 ? [] : ["", ...pairs(style, rows)];
}

function slotHints(seen: SlotSeen): readonly Hint[] {
  const isKept = seen.kind === "slot" && seen.slot.keptBecause !== null;
  return isKept ? [{ command: "lock release", what: "give the slot back after the repair" }] : [];
}

function section(style: Style, title: string, lines: readonly string[]): string[] {
  return ["", paint(style, "dim", title), ...lines];
}
