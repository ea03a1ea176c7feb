import { fstatSync, readFileSync, writeSync } from "node:fs";
import type { Context, Writer } from "./cli/context.ts";
import { runCommandLine } from "./cli/command-line.ts";
import { codeOf, messageOf } from "./core/refusal.ts";
import { narrationOf } from "./host/journal.ts";
import { pathsUnder } from "./host/paths.ts";
import type { SpawnSyncBinding } from "./host/spawn-binding.ts";
import { makeSpawn } from "./host/spawn.ts";
import { terminalOf } from "./view/style.ts";

/** Set by the build. */
declare const VERSION: string;
/** The host's `/`; a folder with a stand-in host where scripts/compile.ts runs this at the build. */
declare const ROOT: string;

declare global {
  namespace NodeJS {
    interface Process {
      /** Lends what Node itself is made of: there, but documented only as deprecated (DEP0111). */
      binding: (name: "spawn_sync") => SpawnSyncBinding;
    }
  }
}

/** Known only once something was written for it. */
const reader = { isGone: false, whenGone: (): void => {}, unwritten: "" };

/** A full disk or a lost terminal is no lost reader. */
function refused(fd: number, error: unknown): void {
  if (fd !== 1 || reader.isGone) return;
  if (codeOf(error) !== "EPIPE") {
    reader.unwritten ||= messageOf(error);
    return;
  }
  reader.isGone = true;
  reader.whenGone();
}

/** SIGHUP is ignored by what acts, and a first SIGTERM or SIGINT only asks: an activation is never left half-way. */
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

/** Without an AbortController, which takes half a millisecond to load. */
function outlastSignals(): void {
  for (const signal of ["SIGHUP", "SIGTERM", "SIGINT"] as const) process.on(signal, () => {});
}

/**
 * Writes without Node's streams, whose making is a good part of a short run
 * (notes/node-start.md). Only a full pipe gets a stream, which waits for its reader.
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

/** Returns what a full pipe did not take. */
function writeNow(fd: number, bytes: Buffer): Buffer {
  let left = bytes;
  try {
    while (left.length > 0) left = left.subarray(writeSync(fd, left));
  } catch (error) {
    // A reader that went away must not end a finalization: writing on into nothing is right.
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
    // Ctrl-C or Ctrl-D is an answer as well, and leaves the cursor behind the question.
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
    self: [process.execPath, script],
    now: () => new Date(),
    elapsedMs: () => performance.now(),
    random: () => Math.random(),
    spawn: makeSpawn({
      env: process.env,
      kill: (processId, signal) => {
        process.kill(processId, signal);
      },
      lend: () => process.binding("spawn_sync"),
    }),
    paths: pathsUnder(ROOT),
    stopSignal,
    outlastSignals,
    unwritten: () => (reader.unwritten === "" ? null : reader.unwritten),
    isReaderGone: () => reader.isGone,
  };
  process.exitCode = await runCommandLine(context, args);
  // It would end by itself now, but by taking everything apart first.
  if (process.getActiveResourcesInfo().length === 0) process.exit();
}

void main();
