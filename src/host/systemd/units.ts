import type { Host } from "../process/host.ts";
import { outputOf } from "../process/spawn.ts";
import { type Argv, showAllProperties, showProperties } from "./commands.ts";

/** systemd itself may hang. It has 10,000 units in less than a second. */
const MOST_MS = 30_000;

/** A unit as `systemctl list-units` prints it. */
export interface ListedUnit {
  readonly unit: string;
  readonly load: string;
  readonly active: string;
  readonly sub: string;
}

/** @throws Error if systemd does not answer */
export async function askUnits(host: Host, list: Argv): Promise<ListedUnit[]> {
  return parseUnits(outputOf(await host.spawn(list, { timeoutMs: MOST_MS })));
}

/** Lines of UNIT LOAD ACTIVE SUB DESCRIPTION; some versions put a mark before them. */
export function parseUnits(text: string): ListedUnit[] {
  return text.split("\n").flatMap((line) => {
    const fields = /^(?:[●×↻*]?\s+)?([^\s●×↻*]\S*)\s+(\S+)\s+(\S+)\s+(\S+)/.exec(line);
    const [, unit, load, active, sub] = fields ?? [];
    if (unit === undefined || load === undefined) return [];
    return active === undefined || sub === undefined ? [] : [{ unit, load, active, sub }];
  });
}

/** The properties of one unit, as `systemctl show` prints them. */
export type Properties = Readonly<Record<string, string>>;

/** @throws Error if systemd does not answer */
export async function askProperties(
  host: Host,
  properties: readonly string[],
  units: readonly string[],
): Promise<Properties[]> {
  return await askFor(host, showProperties(properties, units));
}

/**
 * The properties of every unit that systemd has loaded, and of those named.
 *
 * @throws Error if systemd does not answer
 */
export async function askAllProperties(
  host: Host,
  properties: readonly string[],
  units: readonly string[],
): Promise<Properties[]> {
  return await askFor(host, showAllProperties(properties, units));
}

async function askFor(host: Host, argv: Argv): Promise<Properties[]> {
  return parseProperties(outputOf(await host.spawn(argv, { timeoutMs: MOST_MS })));
}

/** One block of `NAME=VALUE` lines for each unit, an empty line between them. */
export function parseProperties(text: string): Properties[] {
  return text
    .split(/\n\n+/)
    .map(parseBlock)
    .filter((block) => Object.keys(block).length > 0);
}

function parseBlock(block: string): Properties {
  const pairs = block.split("\n").flatMap((line): [string, string][] => {
    const at = line.indexOf("=");
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
  });
  return Object.fromEntries(pairs);
}
