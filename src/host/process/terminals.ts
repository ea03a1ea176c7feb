import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../core/refusal.ts";
import type { Host } from "./host.ts";
import { describeEnd } from "./spawn.ts";

const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;

/** The time limit for terminals that accept no output. */
const TIMEOUT_SECONDS = 5;

/** Writes to the terminals of all logged-in users: wall(1). A failure is only reported. */
export async function writeToTerminals(
  host: Host,
  text: string,
  terminals: readonly number[],
): Promise<void> {
  const ended = await host.spawn(wall(), { input: text });
  if (ended.exitCode !== 0) host.say(`cannot warn the logged-in users: ${describeEnd(ended)}`);
  for (const number of new Set(terminals)) {
    writeToTerminal(host, number, text);
  }
}

/** devices.txt of the kernel: 136 to 143 are the pseudo terminals, 256 each. */
const FIRST_PTS_MAJOR = 136;
const PTS_MAJORS = 8;

/** A terminal that accepts nothing is left out: its program may be stopped. */
function writeToTerminal({ paths, say }: Host, number: number, text: string): void {
  const major = (number >> 8) & 0xfff;
  const minor = (number & 0xff) | ((number >> 12) & 0xfff00);
  const isPseudo = major >= FIRST_PTS_MAJOR && major < FIRST_PTS_MAJOR + PTS_MAJORS;
  if (!isPseudo) return;
  const name = String((major - FIRST_PTS_MAJOR) * 256 + minor);
  try {
    const terminal = openSync(join(paths.terminals, name), O_WRONLY | O_NONBLOCK | O_NOCTTY);
    try {
      writeSync(terminal, `\r\n${text.replaceAll("\n", "\r\n")}`);
    } finally {
      closeSync(terminal);
    }
  } catch (error) {
    say(`cannot warn at the terminal ${name}: ${messageOf(error)}`);
  }
}

/** The text is read from standard input. */
export function wall(): readonly string[] {
  return ["wall", `--timeout=${TIMEOUT_SECONDS}`];
}
