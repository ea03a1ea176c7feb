import type { Host } from "./host.ts";
import { describeEnd } from "./spawn.ts";
import type { Argv } from "./systemd-commands.ts";

/** A unit as `systemctl list-units` prints it. */
export interface ListedUnit {
  readonly unit: string;
  readonly active: string;
  readonly sub: string;
}

/** @throws Error where systemd does not answer */
export async function askUnits(host: Host, list: Argv): Promise<ListedUnit[]> {
  const ended = await host.spawn(list);
  if (ended.exitCode !== 0) throw new Error(describeEnd(ended));
  return parseUnits(ended.stdout);
}

/** Lines of UNIT LOAD ACTIVE SUB DESCRIPTION; some versions put a dot before them. */
export function parseUnits(text: string): ListedUnit[] {
  return text.split("\n").flatMap((line) => {
    const fields = /^[●×↻*\s]*(\S+)\s+\S+\s+(\S+)\s+(\S+)/.exec(line);
    const [, unit, active, sub] = fields ?? [];
    if (unit === undefined || active === undefined || sub === undefined) return [];
    return [{ unit, active, sub }];
  });
}
