import { parentPort, workerData } from "node:worker_threads";
import { randomFrom } from "../support/random.ts";
import { grown } from "./grow.ts";
import { large, Mutator, pick, valueIn } from "./mutate.ts";
import { PARSERS } from "./table.ts";
import { Broken, ownMs, shortest, type Target, trouble, tryParse } from "./target.ts";

/** How to fuzz each parser. */
export interface Fuzzing {
  /** `many` small inputs, or a few `large` ones. */
  readonly size: "many" | "large";
  /** So many inputs for each parser. */
  readonly runs: number;
  /** No more of this thread's own time for each parser than this, in milliseconds. */
  readonly mostMs: number;
  readonly seed: number;
}

/** What a thread says: what it is about to do with one large input, or what became of one parser. */
export type Said = { readonly kind: "begins"; readonly input: string } | Result;

export interface Result {
  readonly kind: "result";
  readonly target: string;
  readonly inputs: number;
  /** The input and the error; null if all inputs were fine. */
  readonly broken: string | null;
}

/** A small input takes less than this, in milliseconds of the thread's own time. */
const MOST_SMALL_MS = 100;
/** An input of a megabyte takes less than this. */
const MOST_LARGE_MS = 5000;
const LARGE = 2 ** 20;

/** The inputs between two looks at the clock, which costs as much as a small input. */
const BETWEEN_LOOKS = 50;

function fuzzMany(target: Target, { runs, mostMs, seed }: Fuzzing): number {
  const mutator = new Mutator(randomFrom(seed), target.samples);
  const begin = ownMs();
  for (let inputs = 0; inputs < runs;) {
    const before = ownMs();
    if (before - begin >= mostMs) return inputs;
    const texts = Array.from({ length: BETWEEN_LOOKS }, () => mutator.next());
    for (const text of texts) {
      try {
        tryParse(target, text);
      } catch {
        report(target, text, MOST_SMALL_MS);
      }
    }
    inputs += texts.length;
    if (ownMs() - before < MOST_SMALL_MS) continue;
    for (const text of texts) {
      if (trouble(target, text, MOST_SMALL_MS) !== null) report(target, text, MOST_SMALL_MS);
    }
  }
  return runs;
}

function fuzzLarge(target: Target, { runs, mostMs, seed }: Fuzzing): number {
  const random = randomFrom(seed);
  const begin = ownMs();
  for (let inputs = 0; inputs < runs; inputs++) {
    if (ownMs() - begin >= mostMs) return inputs;
    const text = largeOf(random, pick(random, target.samples, ""));
    say({ kind: "begins", input: outlineOf(text) });
    const problem = trouble(target, text, MOST_LARGE_MS);
    if (problem !== null) throw new Broken(target, outlineOf(text), problem);
  }
  return runs;
}

function largeOf(random: () => number, sample: string): string {
  const [value] = random() < 0.5 ? valueIn(sample) : [];
  return grown(random, value, LARGE) ?? large(random, sample, LARGE);
}

/** @throws Broken with a short input that has the same trouble */
function report(target: Target, text: string, mostMs: number): void {
  const short = shortest(target, text, mostMs);
  throw new Broken(target, short, trouble(target, short, mostMs));
}

/** Both ends of a text, which shows what repeats in it. */
function outlineOf(text: string): string {
  return text.length <= 300 ? text : `${text.slice(0, 200)} … ${text.slice(-100)}`;
}

function fuzz(target: Target, how: Fuzzing): Result {
  const name = `${target.file} ${target.name}`;
  try {
    const inputs = how.size === "many" ? fuzzMany(target, how) : fuzzLarge(target, how);
    return { kind: "result", target: name, inputs, broken: null };
  } catch (error) {
    return {
      kind: "result",
      target: name,
      inputs: 0,
      broken: error instanceof Error ? error.message : "",
    };
  }
}

function say(said: Said): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(said);
}

// The thread that started this one gives the way to fuzz, and gets a result for each parser.
const how: Fuzzing = workerData;
for (const target of PARSERS) say(fuzz(target, how));
