import { parseSpan } from "../core/span.ts";
import type { ScheduleOptions } from "./schedule.ts";

const SWITCHES = {
  "--dry-run": "dryRun",
  "--json": "json",
  "--quiet": "quiet",
  "-q": "quiet",
  "--verbose": "verbose",
  "-v": "verbose",
} as const;
const VALUES = {
  "--profile": "profile",
  "--config": "config",
  "--state-dir": "stateDir",
  "--revision": "revision",
} as const;

type Reading = { -readonly [Key in keyof ScheduleOptions]: ScheduleOptions[Key] };

/**
 * Reads a `schedule` that is written in the plainest way. Null for anything else, right or wrong:
 * the option parser then decides. It gives the same for these (plain-schedule.test.ts), but
 * loading it takes longer than all else that scheduling does (notes/node-start.md).
 */
export function readPlainSchedule(args: readonly string[]): ScheduleOptions | null {
  const words = (args[0] === "schedule" ? args.slice(1) : args).values();
  const options: Reading = {};
  for (const word of words) {
    if (isKey(SWITCHES, word)) {
      options[SWITCHES[word]] = true;
      continue;
    }
    const value = words.next().value ?? "-";
    if (value.startsWith("-") || value === "") return null;
    if (isKey(VALUES, word)) options[VALUES[word]] = value;
    else if (word !== "--delay") return null;
    else {
      const seconds = parseSpan(value);
      if (seconds === null) return null;
      options.delay = seconds;
    }
  }
  return options;
}

function isKey<T extends object>(table: T, word: string): word is string & keyof T {
  return Object.hasOwn(table, word);
}
