import type { Machine } from "./machine.ts";
import type { Body, Program } from "./program.ts";

/** flock(1) that becomes `cat`: it holds the lock until its input ends. */
export function* flock(machine: Machine, program: Program): Body {
  const { argv } = program;
  const { locks } = machine.programs;
  yield "step";
  const { inode } = machine.disk.create(argv[argv.indexOf("--no-fork") + 1] ?? "");
  // It does not look at its input while it waits: it gets the lock, and `cat` then finds the end.
  while (locks.has(inode)) {
    if (argv.includes("--nonblock")) return { exitCode: 75 };
    yield { until: () => !locks.has(inode) };
  }
  locks.set(inode, program.id);
  yield "step";
  program.say(program.text);
  yield { until: () => program.input === "closed" };
  return { exitCode: 0 };
}
