import type { Input } from "../kernel/context.ts";
import type { Process } from "../kernel/process.ts";
import { type Body, Program } from "./program.ts";

const NO_INPUT: Input = { text: "", end: "closed" };

/** The programs that run, and the parts of the host that act in steps; with the locks that they hold. */
export class ProgramTable {
  readonly all = new Set<Program>();
  /** Holders of flock(2), by the inode of the file. */
  readonly locks = new Map<number, number>();
  readonly #nextId: () => number;
  readonly #now: () => number;
  readonly #trace: (who: string, what: string) => void;

  constructor(nextId: () => number, now: () => number, trace: (who: string, what: string) => void) {
    this.#nextId = nextId;
    this.#now = now;
    this.#trace = trace;
  }

  /** A program of a process. Without a body it does nothing yet. */
  add(process: Process, handle: number, argv: readonly string[], input: Input): Program {
    const unit = process.env["DEPLOY_FINALIZE_UNIT"];
    const group = unit === undefined ? null : `${unit}.service`;
    const parent = { process, handle };
    const program = new Program({ id: this.#nextId(), argv, group, parent, input });
    this.all.add(program);
    return program;
  }

  /** A program of nobody, or a part of the host. */
  run(argv: readonly string[], bodyOf: (program: Program) => Body): Program {
    const id = this.#nextId();
    const program = new Program({ id, argv, group: null, parent: null, input: NO_INPUT });
    program.body = bodyOf(program);
    this.all.add(program);
    return program;
  }

  of(process: Process, handle: number): Program | undefined {
    return [...this.all].find(
      ({ parent }) => parent?.process === process && parent.handle === handle,
    );
  }

  remove(program: Program): void {
    this.all.delete(program);
    for (const [inode, holder] of this.locks) {
      if (holder === program.id) this.locks.delete(inode);
    }
  }

  /** Its parent learns of it. */
  kill(program: Program): void {
    this.remove(program);
    program.parent?.process.pending.push({
      handle: program.parent.handle,
      happening: { kind: "ended", exitCode: null, stderr: "was killed by SIGKILL" },
    });
  }

  /** Its parent is gone: its pipes are closed, and nobody hears of it. */
  orphan(process: Process): void {
    for (const program of this.all) {
      if (program.parent?.process !== process) continue;
      program.parent = null;
      program.input = "closed";
    }
  }

  step(program: Program): void {
    const next = program.body?.next();
    if (next === undefined) return;
    if (next.done !== true) {
      program.wait = next.value;
      if (next.value !== "step" && "ms" in next.value) {
        program.wakeAt = this.#now() + next.value.ms;
      }
      return;
    }
    this.remove(program);
    const { exitCode, stderr = "" } = next.value;
    const { parent } = program;
    if (parent === null) return;
    this.#trace(program.name, `ends with ${exitCode}${stderr === "" ? "" : `: ${stderr.trim()}`}`);
    const happening = { kind: "ended", exitCode, stderr } as const;
    parent.process.pending.push({ handle: parent.handle, happening });
  }

  /** When the next program that sleeps wakes; infinite if none sleeps. */
  nextWake(): number {
    const wakes = [...this.all].flatMap(({ wait, wakeAt }) =>
      wait !== "step" && "ms" in wait ? [wakeAt] : [],
    );
    return Math.min(...wakes);
  }

  loseMemory(): void {
    this.all.clear();
    this.locks.clear();
  }
}
