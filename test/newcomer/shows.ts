/** What differs from run to run; what stands for it is the same in every text. */
const changing: readonly [RegExp, string][] = [
  [/\d{8}-\d{6}-[a-z0-9]{4}/g, "ID"],
  [/\/nix\/store\/[0-9a-z]{32}-/g, "/nix/store/HASH-"],
  [/\d{2}:\d{2}:\d{2}/g, "TIME"],
  [/\b\d+(\.\d+)? (ms|s|min|h)( \d+ (s|min))?\b/g, "SPAN"],
  [/just now|SPAN ago/g, "AGE"],
  [/\s+/g, " "],
];

/**
 * The first line of `shown` that the output does not have below the ones before it; undefined
 * where it has all. A `…` stands for anything, alone on a line for any lines; ids, times, ages,
 * hashes and how a line is spaced out do not count.
 */
export function missingFrom(output: string, shown: readonly string[]): string | undefined {
  const lines = output.split("\n").map(lasting);
  let from = 0;
  return shown.filter(isSomething).find((line) => {
    const pattern = patternOf(line);
    const at = lines.findIndex((seen, index) => index >= from && pattern.test(seen));
    from = at + 1;
    return at < 0;
  });
}

function isSomething(line: string): boolean {
  return !["", "…"].includes(line.trim());
}

function patternOf(line: string): RegExp {
  const parts = lasting(line).split("…");
  const literal = parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join(".*")}$`);
}

function lasting(line: string): string {
  let text = line;
  for (const [what, name] of changing) text = text.replaceAll(what, name);
  return text.trim();
}
