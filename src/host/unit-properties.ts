import type { Host } from "./host.ts";
import { describeEnd } from "./spawn.ts";
import { showProperties } from "./systemd-commands.ts";

/** The properties of one unit, as `systemctl show` prints them. */
export type Properties = Readonly<Record<string, string>>;

/** @throws Error where systemd does not answer */
export async function askProperties(
  host: Host,
  properties: readonly string[],
  units: readonly string[],
): Promise<Properties[]> {
  const ended = await host.spawn(showProperties(properties, units));
  if (ended.exitCode !== 0) throw new Error(describeEnd(ended));
  return parseProperties(ended.stdout);
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
