import type { Choice, Machine } from "./host/machine.ts";
import { Gone } from "./kernel/errors.ts";
import type { Process } from "./kernel/process.ts";
import type { Plan } from "./plan.ts";
import type { Runner } from "./runner.ts";
import type { Chooser, Simulation } from "./simulation.ts";

/** Before which calls a process may be preempted: before all, or only before those that change or start something. */
export type Points = "every call" | "every effect";

const EFFECTS = new Set(["rename", "rm", "symlink", "writeFile", "spawn", "close input", "watch"]);

export interface Found {
  readonly schedules: number;
  /** What is wrong, with the calls before which a process was preempted. */
  readonly wrong: readonly string[];
}

/**
 * Runs every schedule of the processes of a plan with at most `most` preemptions: context-bounded
 * search. A process that is not preempted runs until it waits.
 *
 * @param from how long after the begin preemptions start to count, in milliseconds
 */
export async function search(
  runner: Runner,
  { plan, from }: { readonly plan: Plan; readonly from: number },
  most: 1 | 2,
  points: Points,
): Promise<Found> {
  let schedules = 0;
  const wrong: string[] = [];
  const tryOut = async (at: readonly number[]): Promise<number> => {
    let bound: Bound | undefined;
    const result = await runner.run(plan, null, (simulation) => {
      bound = new Bound(simulation, from, at, points);
      return bound.choose;
    });
    schedules++;
    wrong.push(...result.wrong.map((what) => `preempted before ${at.join(" and ")}: ${what}`));
    return bound?.points ?? 0;
  };
  const last = await tryOut([]);
  for (let first = 1; first <= last && wrong.length === 0; first++) {
    const lastThen = await tryOut([first]);
    if (most === 1) continue;
    for (let second = first + 1; second <= lastThen && wrong.length === 0; second++) {
      await tryOut([first, second]);
    }
  }
  return { schedules, wrong };
}

/** Keeps to one process as long as it can go on, but for the preemptions. */
export class Bound {
  /** How many points there were at which a process could be preempted. */
  points = 0;
  readonly #at: readonly number[];
  readonly #points: Points;
  readonly #from: number;
  readonly #machine: Machine;
  #present: Process | null = null;
  /** Who was preempted goes on when no other process can. */
  #waiting: Process | null = null;

  constructor(simulation: Simulation, from: number, at: readonly number[], points: Points) {
    this.#machine = simulation.machine;
    this.#from = simulation.begin + from;
    this.#at = at;
    this.#points = points;
    simulation.onCall = this.#onCall;
  }

  readonly #onCall = (process: Process, name: string): void => {
    if (this.#machine.clocks.monoMs < this.#from || this.#machine.processes.size < 2) return;
    if (this.#points === "every effect" && !EFFECTS.has(name)) return;
    if (!this.#at.includes(++this.points)) return;
    this.#machine.trace("search", `preempts ${process.name} before it calls ${name}`);
    this.#waiting = process;
    this.#present = null;
    process.stop("interrupted");
    throw new Gone();
  };

  choose: Chooser = (choices) => {
    // The host itself acts at once, so that every process that is to run is there.
    const host = choices.find((choice) => ownerOf(choice) === null);
    const own = choices.find((choice) => ownerOf(choice) === this.#present);
    const other = choices.find((choice) => ownerOf(choice) !== this.#waiting);
    const chosen = host ?? own ?? other ?? choices[0];
    if (chosen === undefined) throw new Error("there is nothing to choose from");
    const owner = ownerOf(chosen);
    if (owner !== null) this.#present = owner;
    if (owner === this.#waiting) this.#waiting = null;
    return chosen;
  };
}

/** The process that a choice belongs to: what its programs do is its own. */
function ownerOf(choice: Choice): Process | null {
  switch (choice.kind) {
    case "deliver":
    case "go on":
      return choice.process;
    case "step":
      return choice.program.parent?.process ?? null;
    case "act":
      return null;
  }
}
