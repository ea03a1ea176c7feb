import type { Input } from "../kernel/context.ts";
import type { Process } from "../kernel/process.ts";

/** What a program waits for before its next step; anything else may come in between. */
export type Wait = "step" | { readonly ms: number } | { readonly until: () => boolean };

export interface ProgramEnd {
  readonly exitCode: number;
  readonly stderr?: string;
}

/** A program as a sequence of steps. Each step is done at once. */
export type Body = Generator<Wait, ProgramEnd, void>;

/** A program that a process started, or a part of the host that acts by itself. */
export class Program {
  readonly id: number;
  readonly argv: readonly string[];
  /** The control group: a unit, or null for a session. */
  readonly group: string | null;
  readonly text: string;
  /** The process that gets its output; null if that is gone. */
  parent: { readonly process: Process; readonly handle: number } | null;
  input: Input["end"];
  body: Body | null = null;
  wait: Wait = "step";
  /** Where `wait` is a time: when it is over. */
  wakeAt = 0;

  constructor(given: {
    readonly id: number;
    readonly argv: readonly string[];
    readonly group: string | null;
    readonly parent: Program["parent"];
    readonly input: Input;
  }) {
    this.id = given.id;
    this.argv = given.argv;
    this.group = given.group;
    this.parent = given.parent;
    this.text = given.input.text;
    this.input = given.input.end;
  }

  get name(): string {
    const [file = "", first = ""] = this.argv;
    return `${file.slice(file.lastIndexOf("/") + 1)} ${first}[${this.id}]`;
  }

  say(text: string): void {
    const { parent } = this;
    parent?.process.pending.push({
      handle: parent.handle,
      happening: { kind: "output", text },
    });
  }

  isReady(now: number): boolean {
    if (this.wait === "step") return true;
    return "ms" in this.wait ? now >= this.wakeAt : this.wait.until();
  }
}

/** A program of one step that does something and says something. */
export function* once(act: () => ProgramEnd | string): Body {
  yield "step";
  const end = act();
  return typeof end === "string" ? { exitCode: 0 } : end;
}
