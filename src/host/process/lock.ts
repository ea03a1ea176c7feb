import { statSync } from "node:fs";
import { Refusal } from "../../core/refusal.ts";
import type { Host } from "./host.ts";
import { describeEnd } from "./spawn.ts";

/** A lock that is held; the kernel gives it back when this process dies, however it dies. */
export interface Lock {
  readonly release: () => Promise<void>;
  /** Aborted with LockLost if its holder ends before it is released: another process may have it then. */
  readonly lost: AbortSignal;
}

/** What a lock protects must not go on without it. */
export class LockLost extends Error {
  constructor(path: string) {
    super(`the lock ${path} was lost: the process that held it for this one has ended`);
  }
}

const CONFLICT = 75;

/** Signals to all processes of the unit must not take the lock from us: we may go on, or finish an act. */
const HOLDER = ["env", "--ignore-signal=HUP,INT,TERM", "cat"];

/** Takes the lock, waiting for whoever holds it; null where the wait was aborted. */
export async function waitForLock(
  host: Host,
  path: string,
  signal: AbortSignal,
): Promise<Lock | null> {
  const waiting = new AbortController();
  const abort = (): void => {
    waiting.abort();
  };
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await acquire(host, path, [], waiting.signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    // Held, the lock stays until it is released: an act is finished first.
    signal.removeEventListener("abort", abort);
  }
}

/** Takes the lock if it is free, else returns null. */
export async function tryLock(host: Host, path: string): Promise<Lock | null> {
  return await acquire(host, path, ["--nonblock"]);
}

/** flock(1) would wait for the writer of a FIFO for ever. */
function requireFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.isFile()) return;
  throw new Refusal(`cannot take the lock ${path}: it is not a regular file. Remove it.`);
}

/**
 * flock(1) holds the lock for as long as its `cat` can read from us: Node has no
 * flock(2), and a pipe closes even when we are killed.
 */
async function acquire(
  host: Host,
  path: string,
  mode: readonly string[],
  signal?: AbortSignal,
): Promise<Lock | null> {
  requireFile(path);
  const { promise: letGo, resolve: giveBack } = Promise.withResolvers<void>();
  const held = Promise.withResolvers<Lock>();
  const lost = new AbortController();
  let isReleased = false;
  const flock = ["flock", "--exclusive", ...mode, `--conflict-exit-code=${CONFLICT}`];
  const ended = host.spawn([...flock, "--no-fork", path, ...HOLDER], {
    input: "held\n",
    holdInput: letGo,
    ...(signal && { signal }),
    // What flock has to complain of is not the `cat` that only starts with the lock held.
    onOutput: (_, stream) => {
      if (stream === "stdout") held.resolve({ release, lost: lost.signal });
    },
  });
  async function release(): Promise<void> {
    isReleased = true;
    giveBack();
    await ended;
  }
  const neverHeld = ended.then((end) => {
    if (!isReleased) lost.abort(new LockLost(path));
    if (end.exitCode === CONFLICT) return null;
    throw new Refusal(`cannot take the lock ${path}: ${describeEnd(end)}`);
  });
  return await Promise.race([held.promise, neverHeld]);
}
