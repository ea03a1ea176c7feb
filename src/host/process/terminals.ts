import { closeSync, constants, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../core/refusal.ts";
import type { Host } from "./host.ts";

const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;

/**
 * Writes to terminals, named as in /dev: `pts/0`, `tty1`. A failure is only reported. Not by wall(1):
 * without utmp, which newer systems lack, it knows no login over SSH (notes/logind-sessions.md).
 */
export function writeToTerminals(host: Host, text: string, terminals: readonly string[]): void {
  for (const name of new Set(terminals)) writeToTerminal(host, name, text);
}

/** A terminal that accepts nothing is left out: its program may be stopped. */
function writeToTerminal({ paths, say }: Host, name: string, text: string): void {
  try {
    const terminal = openSync(join(paths.devices, name), O_WRONLY | O_NONBLOCK | O_NOCTTY);
    try {
      writeSync(terminal, `\r\n${text.replaceAll("\n", "\r\n")}`);
    } finally {
      closeSync(terminal);
    }
  } catch (error) {
    say(`cannot warn at the terminal ${name}: ${messageOf(error)}`);
  }
}
