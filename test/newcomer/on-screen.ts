// oxlint-disable-next-line no-control-regex -- the escape is what is looked for
const control = /\x1b\[[0-9;?]*[ -/]*[@-~]/g;
const eraseToEnd = "\x1b[K";

/**
 * What a terminal shows of what programs wrote, without colours. A carriage return goes back to
 * the begin of the line, and what follows is written over it: a shell draws its prompt once more
 * if the size of its terminal is told after the prompt.
 */
export function onScreen(written: string): string {
  return written.split("\n").map(lineOnScreen).join("\n");
}

function lineOnScreen(line: string): string {
  return line.split("\r").reduce((shown, part) => {
    const written = part.replaceAll(control, "");
    return part.includes(eraseToEnd) ? written : written + shown.slice(written.length);
  }, "");
}
