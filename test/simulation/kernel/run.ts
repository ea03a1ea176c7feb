import { Gone, SimulationError } from "./errors.ts";
import type { Delivery, Execution, Happening, Process } from "./process.ts";

export interface Gate {
  /** Decides about every call before it is made: it may throw, and then the call has no effect. */
  readonly before: (process: Process, name: string, detail: string) => void;
  /** An error that nothing in the code catches. */
  readonly uncaught: (error: unknown) => void;
}

/** The run that is executed now; null between the runs. One thread executes them all. */
let executing: Run | null = null;

/** @throws Gone if the process that calls is gone */
export function currentRun(): Run {
  if (executing === null) throw new Gone();
  return executing;
}

/**
 * One execution of the program's code in a process. JavaScript cannot be interrupted within
 * synchronous code. So an interruption ends the execution: it throws from the call and from every
 * later one. To go on, another execution gets the results of all earlier calls, in their order, and
 * comes to the same call again.
 */
export class Run implements Execution {
  readonly process: Process;
  isOver = false;
  readonly #gate: Gate;
  readonly #handles = new Map<number, (happening: Happening) => void>();
  #position = 0;
  #lastHandle = 0;

  constructor(process: Process, gate: Gate) {
    this.process = process;
    this.#gate = gate;
  }

  /** A call of the code to the world outside. Its value must not change later. */
  call<T>(name: string, detail: string, effect: () => T): T {
    return this.ownCall(name, () => {
      this.#gate.before(this.process, name, detail);
      if (this.isOver) throw new Gone();
      return effect();
    });
  }

  /** A call that no other process can see: nothing comes before it that may not come after it. */
  ownCall<T>(name: string, effect: () => T): T {
    if (this.isOver || executing !== this) throw new Gone();
    const { log } = this.process;
    const known = log[this.#position];
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same call made this value
    if (known !== undefined) return this.#replay(known, name) as T;
    try {
      const value = effect();
      this.#position++;
      log.push({ kind: "call", name, value });
      return value;
    } catch (error) {
      if (error instanceof Gone) throw error;
      // The program must not take it for an error of its host.
      if (error instanceof SimulationError) this.failure = error;
      this.#position++;
      log.push({ kind: "error", name, error });
      throw error;
    }
  }

  #replay(entry: Process["log"][number], name: string): unknown {
    this.#position++;
    if (entry.kind === "delivery" || entry.name !== name) {
      const was = entry.kind === "delivery" ? "a delivery" : entry.name;
      throw this.#differs(`calls ${name} in place of ${was}`);
    }
    if (entry.kind === "error") throw entry.error;
    return entry.value;
  }

  #differs(how: string): SimulationError {
    this.isOver = true;
    const error = new SimulationError(`${this.process.name} is not deterministic: ${how}`);
    this.failure = error;
    return error;
  }

  /** An error of the simulation that the code under test may have swallowed. */
  failure: SimulationError | null = null;

  /** Numbers are given in the order of the calls, so another execution gives the same ones. */
  handle(listener: (happening: Happening) => void): number {
    this.#handles.set(++this.#lastHandle, listener);
    return this.#lastHandle;
  }

  listenToSignals(handle: number, listener: () => void): void {
    this.#handles.set(handle, listener);
  }

  forget(handle: number): void {
    this.#handles.delete(handle);
  }

  /** Executes the code up to the point where it waits. */
  async execute(begin: () => void): Promise<void> {
    // oxlint-disable-next-line typescript/no-this-alias -- the calls have no other way to find it
    executing = this;
    try {
      begin();
    } catch (error) {
      this.#gate.uncaught(error);
    }
    await drained();
    executing = null;
    if (this.failure !== null) throw this.failure;
  }

  /** Brings an execution to the point at which another one was interrupted, and further on. */
  async catchUp(begin: () => void): Promise<void> {
    await this.execute(begin);
    const { log } = this.process;
    for (let next = log[this.#position]; next !== undefined; next = log[this.#position]) {
      if (this.isOver) return;
      if (next.kind !== "delivery") throw this.#differs(`does not call ${next.name}`);
      await this.#receive(next);
    }
  }

  async deliver(delivery: Delivery): Promise<void> {
    this.process.log.push({ kind: "delivery", ...delivery });
    await this.#receive(delivery);
  }

  async #receive({ handle, happening }: Delivery): Promise<void> {
    this.#position++;
    await this.execute(() => {
      this.#handles.get(handle)?.(happening);
    });
  }
}

/** Resolves when all microtasks are done: nothing else can be on its way. */
async function drained(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export function currentRunOrNone(): Run | null {
  return executing;
}

/** An error of the simulation, which no code of the program may take for an error of its host. */
export function defect(what: string): SimulationError {
  const error = new SimulationError(what);
  if (executing !== null) executing.failure ??= error;
  return error;
}
