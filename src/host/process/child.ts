import type { ChildProcess } from "node:child_process";

/** Sends a signal to a process, or by a negative number to a process group. */
export type Kill = (processId: number, signal: "SIGKILL") => void;

/** What Node tells of the end of a program. */
export interface NodeEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Why it did not start. */
  readonly error?: Error | undefined;
  /** The milliseconds that it had, where it was killed for taking longer. */
  readonly exceededMs?: number | undefined;
}

/** Milliseconds for the rest of the output of a program that has ended: a `tee` may be at it still. */
const REST_MS = 2000;

/**
 * Resolves when a program has ended and all of its output was read. What it has left behind with
 * its streams, as a part of an activation may, is not waited for.
 */
export async function whenEnded(child: ChildProcess): Promise<NodeEnd> {
  return await new Promise((resolve) => {
    let rest: NodeJS.Timeout | undefined;
    child.on("error", (error) => {
      resolve({ exitCode: null, signal: null, error });
    });
    child.on("exit", (exitCode, signal) => {
      const letRestGo = (): void => {
        letGo(child);
        resolve({ exitCode, signal });
      };
      // What there is to read already is read before, also where we were held up meanwhile.
      rest = setTimeout(() => setImmediate(letRestGo), REST_MS);
    });
    child.on("close", (exitCode, signal) => {
      clearTimeout(rest);
      resolve({ exitCode, signal });
    });
  });
}

function letGo({ stdin, stdout, stderr }: ChildProcess): void {
  for (const stream of [stdin, stdout, stderr]) stream?.destroy();
}

/**
 * Kills a program when aborted, with all that it has started, and resolves at once: what cannot
 * be killed, or was left behind by a program that has ended, may hold its streams for ever.
 * Never resolves otherwise.
 *
 * @param child that leads a process group of its own
 */
export async function whenCutOff(
  child: ChildProcess,
  signal: AbortSignal,
  kill: Kill,
): Promise<NodeEnd> {
  return await new Promise((resolve) => {
    const cutOff = (): void => {
      const end = killGroup(child, kill);
      letGo(child);
      resolve(end);
    };
    // One that did not start tells that itself.
    if (child.pid === undefined) return;
    if (signal.aborted) return cutOff();
    signal.addEventListener("abort", cutOff, { once: true });
    child.once("close", () => {
      signal.removeEventListener("abort", cutOff);
    });
  });
}

/** Only a leader that has not ended: after that the number of its group may be somebody else's. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess, kill: Kill): NodeEnd {
  if (exitCode !== null || signalCode !== null) return { exitCode, signal: signalCode };
  if (pid !== undefined) kill(-pid, "SIGKILL");
  return { exitCode: null, signal: "SIGKILL" };
}
