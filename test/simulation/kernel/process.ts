/** Something that happens to a process from outside. */
export type Happening =
  | { readonly kind: "timer" }
  | { readonly kind: "changed"; readonly file: string }
  | { readonly kind: "output"; readonly text: string }
  | { readonly kind: "ended"; readonly exitCode: number | null; readonly stderr: string }
  | { readonly kind: "answered"; readonly status: number; readonly text: string }
  | { readonly kind: "unanswered" }
  | { readonly kind: "signal" };

/** After these nothing more comes for the handle. */
const LAST = new Set<Happening["kind"]>(["timer", "ended", "answered", "unanswered"]);

export interface Delivery {
  readonly handle: number;
  readonly happening: Happening;
}

/** What the code of a process has been through: another execution with it gets to the same point. */
export type Entry =
  | { readonly kind: "call"; readonly name: string; readonly value: unknown }
  | { readonly kind: "error"; readonly name: string; readonly error: unknown }
  | ({ readonly kind: "delivery" } & Delivery);

export type ProcessEnd =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "killed"; readonly signal: "SIGKILL" | "SIGTERM" };

/** The code of a process as it is executed now. */
export interface Execution {
  /** What it does from now on has no effect. */
  isOver: boolean;
  readonly deliver: (delivery: Delivery) => Promise<void>;
}

/** The handle of the signals that a process has asked for. */
export const SIGNAL_HANDLE = 0;

/** A simulated process that runs the program. */
export class Process {
  readonly id: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly whenEnded: (end: ProcessEnd) => void;
  readonly log: Entry[] = [];
  /** What is to be delivered. */
  readonly pending: Delivery[] = [];
  /** Handles that keep it alive, as Node's timers, watchers and programs do. */
  readonly open = new Set<number>();
  state: "new" | "running" | "interrupted" | "ended" = "new";
  /** The milliseconds of the monotonic clock before which it does not go on: a slow call. */
  notBefore = 0;
  /** Whether a signal asks it to end and does not kill it. */
  signals: "kill" | "ask" = "kill";
  exitCode: number | null = null;
  stdout = "";
  stderr = "";
  #run: Execution | null = null;

  constructor(
    id: number,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    whenEnded: (end: ProcessEnd) => void,
  ) {
    this.id = id;
    this.args = args;
    this.env = env;
    this.whenEnded = whenEnded;
  }

  get name(): string {
    return `${this.args[0] ?? "schedule"}[${this.id}]`;
  }

  begin(run: Execution): void {
    this.#run = run;
    this.state = "running";
    this.stdout = this.stderr = "";
  }

  /** What its code does from now on has no effect. */
  stop(state: "interrupted" | "ended"): void {
    if (this.#run !== null) this.#run.isOver = true;
    this.#run = null;
    this.state = state;
  }

  /** What may be delivered next: in order for each handle, in any order among them. */
  next(): Delivery[] {
    if (this.pending.length < 2) return this.pending;
    const seen = new Set<number>();
    return this.pending.filter(({ handle }) => {
      const isFirst = !seen.has(handle);
      seen.add(handle);
      return isFirst;
    });
  }

  async receive(delivery: Delivery): Promise<void> {
    this.pending.splice(this.pending.indexOf(delivery), 1);
    if (LAST.has(delivery.happening.kind)) this.open.delete(delivery.handle);
    await this.#run?.deliver(delivery);
  }

  /** Node ends a process when nothing is left that could call its code. */
  isDone(): boolean {
    if (this.state !== "running" || this.open.size > 0) return false;
    return this.exitCode !== null || this.pending.length === 0;
  }
}
