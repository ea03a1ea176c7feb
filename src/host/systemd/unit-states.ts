import type { Host } from "../process/host.ts";
import { listUnits } from "./commands.ts";
import {
  askAllProperties,
  askProperties,
  askUnits,
  type ListedUnit,
  type Properties,
} from "./units.ts";

/** When systemd last tested the conditions, or the assertions, of a unit, and what it found. */
export interface Tested {
  /** Microseconds of the monotonic clock of this boot; 0 if it never tested them. */
  readonly at: number;
  readonly result: "met" | "unmet";
}

/**
 * A unit as systemd sees it now. The names are those of systemd's own properties
 * (org.freedesktop.systemd1(5)); times are microseconds of the monotonic clock of this boot, and 0
 * means never.
 */
export interface UnitState extends ListedUnit {
  /** `Type=` of a service; empty for other kinds of units. */
  readonly type: string;
  readonly lifetime: "permanent" | "transient";
  readonly job: "queued" | "none";
  readonly result: string;
  /** How often `Restart=` has restarted it. */
  readonly restarts: number;
  /** When its main process last started, in seconds of the Unix epoch. */
  readonly mainStart: number | null;
  /** When it became active, in seconds of the Unix epoch. */
  readonly activeSince: number | null;
  /** When it last left the state `inactive`. */
  readonly startedAt: number;
  /** When it last became inactive. */
  readonly endedAt: number;
  readonly conditions: Tested;
  readonly assertions: Tested;
  /** The units that want, require, uphold or bind to it. */
  readonly wantedBy: readonly string[];
  /** The sockets, timers and paths that start it. */
  readonly triggeredBy: readonly string[];
}

const WANTED_BY = ["WantedBy", "RequiredBy", "UpheldBy", "BoundBy"];
const PROPERTIES = [
  "Id",
  "LoadState",
  "ActiveState",
  "SubState",
  "Type",
  "Transient",
  "Job",
  "Result",
  "NRestarts",
  "ExecMainStartTimestamp",
  "ActiveEnterTimestamp",
  "InactiveExitTimestampMonotonic",
  "InactiveEnterTimestampMonotonic",
  "ConditionResult",
  "ConditionTimestampMonotonic",
  "AssertResult",
  "AssertTimestampMonotonic",
  "TriggeredBy",
  ...WANTED_BY,
];

/** Every unit that systemd has loaded, but ours. @throws Error if systemd does not answer */
export async function listAllUnits(host: Host): Promise<ListedUnit[]> {
  return (await askUnits(host, listUnits([]))).filter(({ unit }) => !isOurs(unit));
}

/** The states of the units named, without ours. @throws Error if systemd does not answer */
export async function showUnits(host: Host, units: readonly string[]): Promise<UnitState[]> {
  return units.length === 0 ? [] : toUnitStates(await askProperties(host, PROPERTIES, units));
}

/**
 * The states of all units that systemd has loaded, and of those named; without ours.
 *
 * @throws Error if systemd does not answer
 */
export async function showAllUnits(
  host: Host,
  others: readonly string[] = [],
): Promise<UnitState[]> {
  return toUnitStates(await askAllProperties(host, PROPERTIES, others));
}

/** The states in what systemd shows, without ours. */
export function toUnitStates(shown: readonly Properties[]): UnitState[] {
  return shown.map(toUnitState).filter(({ unit }) => unit !== "" && !isOurs(unit));
}

function toUnitState(unit: Properties): UnitState {
  const text = (name: string): string => unit[name] ?? "";
  const names = (name: string): string[] => text(name).split(" ").filter(Boolean);
  const tested = (name: string): Tested => {
    const at = count(text(`${name}TimestampMonotonic`));
    // systemd says `no` also if it has never tested any.
    return { at, result: at > 0 && text(`${name}Result`) === "no" ? "unmet" : "met" };
  };
  return {
    unit: text("Id"),
    load: text("LoadState"),
    active: text("ActiveState"),
    sub: text("SubState"),
    type: text("Type"),
    lifetime: text("Transient") === "yes" ? "transient" : "permanent",
    job: count(text("Job")) > 0 ? "queued" : "none",
    result: text("Result"),
    restarts: count(text("NRestarts")),
    mainStart: epochSeconds(text("ExecMainStartTimestamp")),
    activeSince: epochSeconds(text("ActiveEnterTimestamp")),
    startedAt: count(text("InactiveExitTimestampMonotonic")),
    endedAt: count(text("InactiveEnterTimestampMonotonic")),
    conditions: tested("Condition"),
    assertions: tested("Assert"),
    wantedBy: WANTED_BY.flatMap(names),
    triggeredBy: names("TriggeredBy"),
  };
}

function count(text: string): number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : 0;
}

/** A moment as `--timestamp=unix` prints it; null if it is none. */
export function epochSeconds(text: string): number | null {
  const seconds = /^@(\d{1,12})(?!\d)/.exec(text)?.[1];
  return seconds === undefined ? null : Number(seconds);
}

/** Our own units never count: the record says what they did. */
function isOurs(unit: string): boolean {
  return unit.startsWith("deploy-finalize-");
}
