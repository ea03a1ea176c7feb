/**
 * The lines of the demo's output that are its picture: the acts and the summary, without what
 * other programs said and the lines that announce it.
 */
export function timelineOf(output: string): string[] {
  const lines = output.trimEnd().split("\n");
  const begin = lines.findIndex((line) => line.includes("Act 1"));
  return lines.slice(begin).filter((line) => !isQuote(line) && !line.endsWith("its output was:"));
}

/** The second line of a long one is set in by four. */
function isQuote(line: string): boolean {
  return /^( {2}\| | {4}(?! ))/.test(line);
}
