import { exit } from "node:process";

/** One line on standard error, where the real one writes everything. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** `TEXT: a.service, b.service`, sorted; nothing when there are none. */
export function sayUnits(text: string, units: Iterable<string>): void {
  const names = [...units].toSorted((a, b) => a.toLowerCase().localeCompare(b.toLowerCase()));
  if (names.length > 0) say(`${text}: ${names.join(", ")}`);
}

/** Ends at once with exit code 1, as the real one does on an unexpected error. */
export function die(message: string): never {
  say(`Error: ${message}`);
  exit(1);
}
