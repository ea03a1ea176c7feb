import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { SEED } from "../support/seed.ts";
import { PARSERS } from "./table.ts";
import type { Fuzzing, Result, Said } from "./worker.ts";

/** A thread that has used so much time since it last said something hangs, and is ended. */
const HANGS_MS = 20_000;

/** More than any parser needs for a megabyte. */
const MOST_MEMORY_MB = 512;

/** So many small inputs for each parser, however long it takes; 0 for the limits of the call. */
const RUNS = Number(process.env["FUZZ_RUNS"] ?? "0");

/** A large input stands for as many small ones. */
const FOR_A_LARGE = 500;

/**
 * Fuzzes every parser in a thread of its own, which can be ended, and whose memory is bounded.
 *
 * @param limits the number of inputs, and the time for each parser, if FUZZ_RUNS says nothing
 */
export function fuzzAll(
  size: Fuzzing["size"],
  limits: { readonly runs: number; readonly mostMs: number },
): void {
  test(`fuzz: ${PARSERS.length} parsers, ${size} inputs`, { timeout: 3_600_000 }, async () => {
    const how: Fuzzing =
      RUNS > 0
        ? {
            size,
            runs: size === "many" ? RUNS : Math.ceil(RUNS / FOR_A_LARGE),
            mostMs: Infinity,
            seed: SEED,
          }
        : { size, ...limits, seed: SEED };
    const results = await fuzzInThread(how);
    const inputs = results.reduce((sum, result) => sum + result.inputs, 0);
    const fewest = results.toSorted((a, b) => a.inputs - b.inputs)[0];
    console.log(
      `fuzz: ${inputs} ${size} inputs of ${results.length} parsers, seed ${SEED}; ` +
        `the fewest ${fewest?.inputs} of ${fewest?.target}`,
    );
    if (RUNS > 0) for (const one of results) console.log(`${one.inputs}\t${one.target}`);
    const broken = results.flatMap((result) => result.broken ?? []);
    if (broken.length > 0) throw new Error(`with TEST_SEED=${SEED}\n${broken.join("\n\n")}`);
  });
}

async function fuzzInThread(how: Fuzzing): Promise<Result[]> {
  const worker = new Worker(new URL("worker.ts", import.meta.url), {
    workerData: how,
    resourceLimits: { maxOldGenerationSizeMb: MOST_MEMORY_MB },
  });
  const results: Result[] = [];
  let input = "";
  let begin = usedMs();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (why: string): void => {
    const { file, name } = PARSERS[results.length] ?? { file: "no parser", name: "" };
    reject(new Error(`${file} ${name}: ${why} with TEST_SEED=${how.seed} ${input}`));
  };
  worker.on("message", (said: Said) => {
    begin = usedMs();
    if (said.kind === "begins") input = JSON.stringify(said.input);
    else results.push(said);
  });
  worker.on("error", (error: Error) => {
    fail(error.message);
  });
  worker.on("exit", () => {
    resolve();
  });
  const look = setInterval(() => {
    const isMany = how.size === "many" && how.mostMs === Infinity;
    if (!isMany && usedMs() - begin > HANGS_MS) fail("hangs");
  }, 1000);
  try {
    await promise;
  } finally {
    clearInterval(look);
    await worker.terminate();
  }
  return results;
}

/** This thread only waits, so it is the time of the other one, in milliseconds. */
function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
