import { spawnSync } from "node:child_process";

/** Those of the terminal that is standard input; undefined where none is, or it is gone. */
export function terminalSettings(): string | undefined {
  return stty("-g")?.trim();
}

/** Sets them back, after a program that was killed while it had others. */
export function setTerminal(settings: string | undefined): void {
  if (settings !== undefined) stty(settings);
}

function stty(argument: string): string | undefined {
  if (!process.stdin.isTTY) return undefined;
  const { status, stdout } = spawnSync("stty", [argument], {
    stdio: ["inherit", "pipe", "ignore"],
  });
  return status === 0 ? stdout.toString() : undefined;
}
