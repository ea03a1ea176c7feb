import { hostname } from "node:os";
import type { Context } from "./cli/context.ts";
import { runCommandLine } from "./cli/program.ts";
import { pathsUnder } from "./host/paths.ts";
import { makeSpawn } from "./host/spawn.ts";

/** Set by the build. */
declare const VERSION: string;

/** SIGHUP is ignored and a first SIGTERM or SIGINT only asks: an activation is never left half-way. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  process.on("SIGHUP", () => {});
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      controller.abort();
    });
  }
  return controller.signal;
}

// A reader that went away must not end a finalization: writing on into nothing is right.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

async function main(): Promise<void> {
  const [, script = "", ...args] = process.argv;
  const context: Context = {
    version: VERSION,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    userId: process.getuid?.() ?? -1,
    hostName: hostname(),
    self: [process.execPath, script],
    now: () => new Date(),
    random: Math.random,
    spawn: makeSpawn(process.env),
    paths: pathsUnder("/"),
    stopSignal,
  };
  process.exitCode = await runCommandLine(context, args);
}

void main();
