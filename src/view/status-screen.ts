import type { FinalizationRecord } from "../core/record.ts";
import type { SlotSeen } from "../lock/slot-store.ts";
import type { HostNow, SystemNow } from "../host/host-view.ts";
import { secondsBetween } from "../core/span.ts";
import { isTerminal } from "../core/states.ts";
import { duration } from "./age.ts";
import { headline } from "./headline.ts";
import type { Hint } from "./hints.ts";
import { hostLines } from "./host-lines.ts";
import type { Known } from "./known.ts";
import { rollbackName, systemName } from "./naming.ts";
import { outlook } from "./outlook.ts";
import { paint, type Style } from "./style.ts";
import { slotLines } from "./slot-lines.ts";
import { type Mark, markOf, paintMark, symbol } from "./symbols.ts";
import { pairs } from "./table.ts";
import { cut, printable, wrap } from "./text.ts";
import { forPeople, type Step, timeline } from "./timeline.ts";

/** What `status` has found. */
export interface StatusNow {
  readonly now: Date;
  readonly hostName: string;
  readonly host: HostNow;
  readonly finalization:
    | ({ readonly kind: "known" } & Known)
    /** Nothing has ever been finalized here. */
    | { readonly kind: "none" }
    /** Something may have been, but this user may not see it; `pending` names units that wait or run. */
    | { readonly kind: "hidden"; readonly why: string; readonly pending: readonly string[] };
  /** What this host may hold of the fleet lock. */
  readonly slot: SlotSeen;
  /** `sudo` where the hints need it. */
  readonly user: "root" | "other";
}

/** The screen of `status`. */
export function statusScreen(style: Style, status: StatusNow): string[] {
  const { finalization, now } = status;
  const host = section(style, `host ${status.hostName}`, [
    ...hostLines(style, status.host),
    ...slotLines(style, status.slot, now),
  ]);
  switch (finalization.kind) {
    case "none":
      return [...told(style, "none", "nothing has been finalized on this host yet", now), ...host];
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

function known(style: Style, seen: Known, host: HostNow): string[] {
  const { record, now } = seen;
  const { trouble, next } = outlook(seen, host);
  return [
    ...told(style, markOf(record.state), headline(record, seen), now),
    ...(trouble === null ? [] : told(style, "bad", trouble, now)),
    ...drift(style, seen, host),
    ...(next === null ? [] : indented(style, `Next: ${next}.`, now)),
    "",
    ...identity(style, record, now),
    "",
    ...timeline(style, now, stepsOf(record, now)),
    ...checks(style, record, now),
    ...activation(style, record),
  ];
}

/** What has been changed since, by hand or by another tool: the record does not know of it. */
function drift(style: Style, { record, place, now }: Known, host: HostNow): string[] {
  if (record.state !== "live" || place === "older") return [];
  const { current, profile } = host;
  const isChanged = (system: SystemNow): boolean => system.toplevel !== record.target;
  const text = isChanged(current)
    ? `since then ${systemName(current.toplevel, current.generation)} has been made the running system`
    : `since then the profile has been set to ${systemName(profile.toplevel, profile.generation)}`;
  return isChanged(current) || isChanged(profile) ? told(style, "warning", text, now) : [];
}

/** A line with a mark before it, which may go on on the next line. */
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
  const by = user === null ? "" : ` by ${user}`;
  const from = sshClient === null ? "" : ` from ${sshClient}`;
  const asked = by + from === "" ? "" : `; asked for${by}${from}`;
  const why = [rollbackName(record), plan.reason].filter((word) => word !== null).join(", ");
  const text = `${id}: ${plan.action}, ${why}${revisionOf(record)}${asked}`;
  return indented(style, text, now).map((line) => paint(style, "dim", line));
}

/** As long as git shows it. */
function revisionOf({ revision }: FinalizationRecord): string {
  return revision === null ? "" : `, commit ${revision.slice(0, 12)}`;
}

/** Each state with how long it lasted, the present one until now. */
function stepsOf(record: FinalizationRecord, now: Date): Step[] {
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
  const lines = waitedFor.map(({ gate, why, seconds }) => `${gate} ${duration(seconds)}: ${why}`);
  const before = lines.length - MOST_WAITS;
  return before > 0 ? [`${before} earlier waits`, ...lines.slice(before)] : lines;
}

function checks(style: Style, record: FinalizationRecord, now: Date): string[] {
  const failed = record.checks.filter(({ result }) => result === "failed");
  const passed = record.checks.length - failed.length;
  if (record.checks.length === 0) return [];
  const count = `checks: ${passed} passed${failed.length > 0 ? `, ${failed.length} failed` : ""}`;
  const lines = failed.flatMap(({ name, detail, seconds }) =>
    told(style, "bad", `${name} (${duration(seconds)}): ${detail}`, now),
  );
  return section(style, count, lines);
}

const TAIL_LINES = 10;

/** Only where it went wrong: a good activation is of no interest. */
function activation(style: Style, { outcome, state }: FinalizationRecord): string[] {
  const code = outcome?.activationExitCode ?? 0;
  if (outcome === null || code === 0 || state === "live") return [];
  const lines = outcome.activationTail.slice(-TAIL_LINES).map((line) => {
    return `  ${cut(style, printable(line), style.width - 2)}`;
  });
  return section(style, `last lines of the activation, exit code ${code}`, lines);
}

function hidden(
  style: Style,
  { why, pending }: Extract<StatusNow["finalization"], { kind: "hidden" }>,
  now: Date,
): string[] {
  const units = pending.map((unit) => `  ${unit}`);
  return [
    ...told(style, "warning", "the records of this host cannot be seen by this user", now),
    ...indented(style, `${why}. With root: sudo deploy-finalize status`, now),
    ...(units.length === 0 ? [] : section(style, "units that wait or run", units)),
  ];
}

function hints(style: Style, status: StatusNow, seen: Known): string[] {
  const wanted = [...outlook(seen, status.host).hints, ...slotHints(status.slot)];
  const program = status.user === "root" ? "deploy-finalize" : "sudo deploy-finalize";
  const rows = wanted.map(({ command, what }) => {
    const text = `  ${program} ${command}`;
    return [{ text, paint: (line: string) => paintMark(style, "busy", line) }, what] as const;
  });
  return rows.length === 0 ? [] : ["", ...pairs(style, rows)];
}

function slotHints(seen: SlotSeen): readonly Hint[] {
  const isKept = seen.kind === "slot" && seen.slot.keptBecause !== null;
  return isKept
    ? [{ command: "lock release", what: "give the slot back, once this host is well" }]
    : [];
}

function section(style: Style, title: string, lines: readonly string[]): string[] {
  return ["", paint(style, "dim", title), ...lines];
}
