/** A parser of text from outside, as the fuzz tests call it. */
export interface Target {
  /** The file below `src/` that holds the parser. */
  readonly file: string;
  /** The function that is exported there. */
  readonly name: string;
  /** Texts as the outside writes them; the inputs are made from these. */
  readonly samples: readonly string[];
  /**
   * Parses a text as the program does, and throws if the result is not of the form that the program
   * counts on.
   */
  readonly parse: (text: string) => void;
  /** The messages of the errors that the caller in the program catches; absent for none. */
  readonly mayThrow?: RegExp;
}

/** An input with which a parser does not keep its word. */
export class Broken extends Error {
  override readonly name = "Broken";

  constructor({ file, name }: Target, text: string, why: unknown) {
    const stack = why instanceof Error ? (why.stack ?? why.message) : String(why);
    // What called the parser is the same for all.
    const words = stack.split("\n    at tryParse")[0];
    super(`${file} ${name} of ${JSON.stringify(text)}:\n${words}`);
  }
}

/** Parses, and lets pass the errors that the program catches. @throws what else is thrown */
export function tryParse({ parse, mayThrow }: Target, text: string): void {
  try {
    parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (mayThrow?.test(message) !== true) throw error;
  }
}

/** Milliseconds of this thread's own time, so that a busy machine makes no input slow. */
export function ownMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Whether a parser breaks on a text: by an error, or by more time than `mostMs` in three tries. */
export function trouble(target: Target, text: string, mostMs: number): unknown {
  let least = Infinity;
  for (let tries = 0; tries < 3; tries++) {
    const begin = ownMs();
    try {
      tryParse(target, text);
    } catch (error) {
      return error;
    }
    least = Math.min(least, ownMs() - begin);
    if (least <= mostMs) return null;
  }
  return `took ${Math.round(least)} ms for ${text.length} characters`;
}

/** The shortest text found, by leaving parts out, on which a parser still breaks. */
export function shortest(target: Target, text: string, mostMs: number): string {
  let best = text;
  for (
    let part = Math.ceil(text.length / 2);
    part >= 1;
    part = part === 1 ? 0 : Math.ceil(part / 2)
  ) {
    for (let at = 0; at < best.length;) {
      const less = best.slice(0, at) + best.slice(at + part);
      if (less.length < best.length && trouble(target, less, mostMs) !== null) best = less;
      else at += part;
    }
  }
  return best;
}
