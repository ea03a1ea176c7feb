import { fstatSync, readFileSync, writeSync } from "node:fs";
import type { Context, Writer } from "./cli/context.ts";
import { runCommandLine } from "./cli/command-line.ts";
import { codeOf, messageOf } from "./core/refusal.ts";
import { narrationOf } from "./host/systemd/journal.ts";
import { pathsUnder } from "./host/files/paths.ts";
import { makeSpawn } from "./host/process/spawn.ts";
import { terminalOf } from "./view/style.ts";

/** Set by the build. */
declare const VERSION: string;

/** The reader of stdout; its state is known after a write. */
const reader = { isGone: false, whenGone: (): void => {}, unwritten: "" };

/** Only EPIPE means that the reader has gone; other errors lose output. */
function refused(fd: number, error: unknown): void {
  if (fd !== 1 || reader.isGone) return;
  if (codeOf(error) !== "EPIPE") {
    reader.unwritten ||= messageOf(error);
    return;
  }
  reader.isGone = true;
  reader.whenGone();
}

/** Commands that act ignore SIGHUP, and SIGTERM or SIGINT only ask: an activation is always finished. */
function stopSignal(whenUnseen?: "stop"): AbortSignal {
  const controller = new AbortController();
  process.on("SIGHUP", () => {
    if (whenUnseen === "stop") controller.abort();
  });
  if (whenUnseen === "stop") {
    reader.whenGone = () => {
      controller.abort();
    };
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      controller.abort();
    });
  }
  return controller.signal;
}

/**
 * Writes at once, so that a command knows when its reader has gone. Only a full pipe gets a
 * stream, which waits for its reader.
 */
function writer(fd: number, stream: () => NodeJS.WriteStream): Writer {
  let slow: NodeJS.WriteStream | undefined;
  const write = (text: string): void => {
    const left = slow === undefined ? writeNow(fd, Buffer.from(text)) : Buffer.from(text);
    if (left.length === 0) return;
    slow ??= stream().on("error", (error) => {
      refused(fd, error);
    });
    slow.write(left);
  };
  return { write };
}

/** Returns the rest that a full pipe did not take. */
function writeNow(fd: number, bytes: Buffer): Buffer {
  let left = bytes;
  try {
    while (left.length > 0) left = left.subarray(writeSync(fd, left));
  } catch (error) {
    // A lost reader must not end a finalization.
    if (codeOf(error) === "EAGAIN") return left;
    refused(fd, error);
    return Buffer.alloc(0);
  }
  return left;
}

async function ask(question: string): Promise<string | null> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } catch (error) {
    // Ctrl-C and Ctrl-D mean no, and leave the cursor after the question.
    if (codeOf(error) !== "ABORT_ERR") throw error;
    process.stderr.write("\n");
    return "";
  } finally {
    lines.close();
  }
}

async function main(): Promise<void> {
  const [, script = "", ...args] = process.argv;
  const context: Context = {
    version: VERSION,
    stdout: writer(1, () => process.stdout),
    stderr: writer(2, () => process.stderr),
    narration: () => narrationOf(process.env["JOURNAL_STREAM"], fstatSync(2)),
    terminal: () => (process.stdout.isTTY ? terminalOf(process.stdout) : null),
    ask,
    env: process.env,
    userId: process.getuid?.() ?? -1,
    hostName: readFileSync("/proc/sys/kernel/hostname", "utf8").trim(),
    ownAddresses: async () => {
      const { networkInterfaces } = await import("node:os");
      return Object.values(networkInterfaces()).flatMap(
        (all) => all?.map(({ address }) => address) ?? [],
      );
    },
    self: [process.execPath, script],
    now: () => new Date(),
    elapsedMs: () => performance.now(),
    random: () => Math.random(),
    spawn: makeSpawn({
      env: process.env,
      kill: (processId, signal) => {
        process.kill(processId, signal);
      },
    }),
    paths: pathsUnder("/"),
    stopSignal,
    unwritten: () => (reader.unwritten === "" ? null : reader.unwritten),
    isReaderGone: () => reader.isGone,
  };
  process.exitCode = await runCommandLine(context, args);
}

void main();
