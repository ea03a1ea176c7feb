import * as crypto from "node:crypto";
import * as events from "node:events";
import { BlockList, isIP } from "node:net";
import * as path from "node:path";
import * as process from "node:process";
import * as util from "node:util";
import { NETWORK, type Outside } from "./bundle.ts";
import { Gone, SimulationError } from "./errors.ts";
import { type FileHost, FileModule } from "./fs-module.ts";
import { type NetworkHost, sendForLinesOn, sendOn } from "./network.ts";
import type { Process } from "./process.ts";
import { currentRun, defect } from "./run.ts";

export interface TimeHost {
  /** `loose`: does not keep the process alive. */
  readonly addTimer: (process: Process, handle: number, ms: number, hold: "firm" | "loose") => void;
  readonly clear: (process: Process, handle: number) => void;
}

type AnyHost = FileHost & TimeHost & NetworkHost;

/** Where the program acts: one host after another. */
export interface Stage {
  host: AnyHost | null;
}

/** @throws SimulationError if the program acts while no host is simulated */
function hostOn({ host }: Stage): AnyHost {
  if (host === null) throw new SimulationError("no host is simulated");
  return host;
}

/** Node's modules and globals, as the simulated host has them. */
export function outsideOf(stage: Stage): Outside {
  const timers = new Timers(stage);
  return {
    modules: {
      "node:fs": strict("node:fs", new FileModule(() => hostOn(stage))),
      "node:path": { ...path, join },
      // Pure functions on addresses; no host of the simulation has a network.
      "node:net": strict("node:net", { BlockList, isIP }),
      "node:dns": strict("node:dns", {}),
      "node:os": strict("node:os", { userInfo: () => ({ uid: 0 }) }),
      // Only for commander, which looks at the real command line if it gets none.
      "node:events": events,
      "node:process": process,
      "node:util": util,
      "node:timers/promises": strict("node:timers/promises", { setTimeout: timers.sleep }),
      "node:crypto": { ...crypto, randomUUID: timers.uniqueName },
      "node:child_process": { spawn: forbidden("child_process") },
      [NETWORK]: {
        send: sendOn(() => hostOn(stage)),
        sendForLines: sendForLinesOn(() => hostOn(stage)),
      },
    },
    globals: {
      setTimeout: timers.setTimeout,
      clearTimeout: timers.clear,
      setInterval: forbidden("setInterval"),
      setImmediate: forbidden("setImmediate"),
      AbortSignal: { timeout: timers.abortAfter, any: AbortSignal.any.bind(AbortSignal) },
    },
  };
}

/** Every host has almost the same paths, and joins them again and again. */
const joined = new Map<string, Map<string, string>>();
const MOST_PATHS = 10_000;

function join(folder: string, ...names: readonly string[]): string {
  const [name] = names;
  if (name === undefined || names.length > 1) return path.join(folder, ...names);
  const known = joined.get(folder) ?? new Map<string, string>();
  const found = known.get(name);
  if (found !== undefined) return found;
  const whole = path.join(folder, name);
  if (joined.size >= MOST_PATHS || known.size >= MOST_PATHS) joined.clear();
  joined.set(folder, known.set(name, whole));
  return whole;
}

function forbidden(name: string): () => never {
  return () => {
    throw missing(name);
  };
}

function missing(name: string): SimulationError {
  return defect(`the program uses ${name}, which the simulation does not have`);
}

/** A module of which the program may use only what is there. */
function strict(name: string, module: object): object {
  return new Proxy(module, {
    get: (target, key) => {
      if (!(key in target)) throw missing(`${String(key)} of ${name}`);
      const value: unknown = Reflect.get(target, key);
      return value;
    },
  });
}

/** A process that is gone sleeps for ever: a loop takes a sleep that fails for one that has ended. */
function unlessGone<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof Gone) return undefined;
    throw error;
  }
}

class Timers {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  setTimeout = (act: () => void, ms = 0): number => this.#start(ms, "firm", act);

  #start(ms: number, hold: "firm" | "loose", act: () => void): number {
    const run = currentRun();
    const handle = run.handle(() => {
      run.forget(handle);
      act();
    });
    run.call("timer", `${ms} ms`, () => {
      hostOn(this.#stage).addTimer(run.process, handle, ms, hold);
    });
    return handle;
  }

  clear = (handle: number | undefined): void => {
    if (handle === undefined) return;
    const run = currentRun();
    if (run.isOver) return;
    run.forget(handle);
    run.call("clear timer", String(handle), () => {
      hostOn(this.#stage).clear(run.process, handle);
    });
  };

  sleep = async (
    ms: number,
    value: unknown,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<unknown> => {
    signal?.throwIfAborted();
    return await new Promise((resolve, reject) => {
      const abort = (): void => {
        this.clear(handle);
        reject(new DOMException("The operation was aborted", "AbortError"));
      };
      const end = (): void => {
        signal?.removeEventListener("abort", abort);
        resolve(value);
      };
      const handle = unlessGone(() => this.setTimeout(end, ms));
      signal?.addEventListener("abort", abort, { once: true });
    });
  };

  /** As `AbortSignal.timeout`: it keeps no process alive. */
  abortAfter = (ms: number): AbortSignal => {
    const over = new AbortController();
    this.#start(ms, "loose", () => {
      over.abort(new DOMException("The operation timed out", "TimeoutError"));
    });
    return over.signal;
  };

  uniqueName = (): string => {
    const number = currentRun().call("random", "", () => ++this.#names);
    return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
  };
  #names = 0;
}
