import { bundleProgram, type Edit, edited, loadProgram } from "./kernel/bundle.ts";
import { Gone } from "./kernel/errors.ts";
import { outsideOf, type Stage } from "./kernel/outside.ts";
import { MODULE, moduleText, resumeUnits } from "./host/systemd/resume-unit.ts";
import { currentRunOrNone } from "./kernel/run.ts";
import type { Plan } from "./plan.ts";
import { type Chooser, Simulation, type Tools } from "./simulation.ts";

export interface Result {
  /** What is wrong; empty if all is well. */
  readonly wrong: readonly string[];
  readonly steps: number;
  readonly calls: number;
}

let present: Simulation | null = null;

/** An error that nothing catches is one of the process that is executed, if one is. */
function crashed(error: unknown): void {
  if (error instanceof Gone) return;
  const run = currentRunOrNone();
  if (run !== null && present !== null) {
    present.machine.crash(run, error);
    return;
  }
  console.error(error);
  process.exit(70);
}

/** This process belongs to the simulation: it takes what is not caught for an end of a simulated process. */
export function ownThisProcess(): void {
  process.on("unhandledRejection", crashed);
  process.on("uncaughtException", crashed);
  // The errors of system calls are many, and nobody reads their stacks.
  Error.stackTraceLimit = 0;
}

/** Picks any of the choices, by the numbers of the plan. */
export const atRandom: Chooser = (choices, { numbers }) => {
  const [first, ...rest] = choices;
  if (first === undefined) throw new Error("there is nothing to choose from");
  return numbers.pick([first, ...rest]);
};

/** The program, ready to be simulated again and again. */
export class Runner {
  readonly #tools: Omit<Tools, "trace">;

  private constructor(tools: Omit<Tools, "trace">) {
    this.#tools = tools;
  }

  static async make(edits: readonly Edit[] = []): Promise<Runner> {
    const stage: Stage = { host: null };
    const ofModule = edits.filter(({ file }) => file === MODULE);
    const ofProgram = edits.filter(({ file }) => file !== MODULE);
    const code = loadProgram(await bundleProgram(ofProgram), outsideOf(stage));
    const resume = resumeUnits(ofModule.reduce(edited, moduleText()));
    return new Runner({ code, stage, resume });
  }

  async run(
    plan: Plan,
    trace: Tools["trace"] = null,
    prepare: (simulation: Simulation) => Chooser = () => atRandom,
  ): Promise<Result> {
    const simulation = new Simulation(plan, { ...this.#tools, trace });
    present = simulation;
    const wrong = await simulation.run(prepare(simulation));
    present = null;
    return { wrong, steps: simulation.steps, calls: simulation.faults.calls };
  }

  /** The lines of a run that is repeated. */
  async trace(plan: Plan, prepare?: (simulation: Simulation) => Chooser): Promise<string[]> {
    const lines: string[] = [];
    await this.run(plan, (line) => lines.push(line), prepare);
    return lines;
  }
}
