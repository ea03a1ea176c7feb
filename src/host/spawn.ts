import type { Environment, Kill } from "./child.ts";
import { spawnByBinding, type SpawnSyncBinding } from "./spawn-binding.ts";

export interface SpawnOptions {
  /** Added to the environment of the program. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each piece of output as it comes; both streams are collected all the same. */
  readonly onOutput?: (text: string, stream: "stdout" | "stderr") => void;
  /** Written to standard input, which is empty otherwise. */
  readonly input?: string;
  /** Keeps standard input open until this resolves. */
  readonly holdInput?: Promise<void>;
  /** Kills the program when aborted, with all that it has started, and waits for no more. */
  readonly signal?: AbortSignal;
  /**
   * `blocking`: nothing else is done meanwhile, which costs less (notes/node-start.md); of the
   * other options only `env`, `input` and `timeoutMs` count.
   */
  readonly wait?: "for-end" | "blocking";
  /** Kills a program that is waited for `blocking` and takes longer. */
  readonly timeoutMs?: number;
  /** `ours`: it reads and writes where we do, and shares our terminal: for a pager. Nothing is collected. */
  readonly streams?: "collected" | "ours";
}

/** How a program ended. */
export interface Ended {
  readonly argv: readonly string[];
  /** Null where it was killed by a signal or never started. */
  readonly exitCode: number | null;
  /** Why there is no exit code. */
  readonly cause: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Never rejects: that it could not be started is an end like any other. */
export type Spawn = (argv: readonly string[], options?: SpawnOptions) => Promise<Ended>;

/** The parts of our own process that programs are started with. */
export interface OwnProcess {
  readonly env: Environment;
  readonly kill: Kill;
  /** Starts a program that is waited for `blocking` sooner; throws where this Node does not lend it. */
  readonly lend?: () => SpawnSyncBinding;
}

/**
 * The one place that starts programs. Each but a pager gets a session of its own, so that a
 * terminal that goes away takes down neither us nor an activation half-way.
 */
export function makeSpawn({ env, kill, lend }: OwnProcess): Spawn {
  return async (argv, options = {}) => {
    const program = { argv, env: { ...env, ...options.env } };
    const { input = "", timeoutMs } = options;
    const binding = options.wait === "blocking" ? lent(lend) : null;
    const ended = binding && spawnByBinding(binding, program, input, timeoutMs);
    if (ended !== null) return ended;
    const children = await import("./spawn-child.ts");
    if (options.streams === "ours") return await children.withOurStreams(program, options.signal);
    if (options.wait === "blocking") return children.blocking(program, input, timeoutMs);
    return await children.collecting(program, options, kill);
  };
}

function lent(lend: OwnProcess["lend"]): SpawnSyncBinding | null {
  try {
    return lend?.() ?? null;
  } catch {
    return null;
  }
}

/** One line for people: what ran, how it ended, and what it said last on stderr. */
export function describeEnd(ended: Ended): string {
  const how = ended.cause ?? `ended with exit code ${ended.exitCode}`;
  const said = (ended.stderr.trim() || ended.stdout.trim()).split("\n").slice(-3).join("; ");
  return `${ended.argv[0]} ${how}${said === "" ? "" : `: ${said}`}`;
}
