/**
 * `make simulate RUNS=… SEED=…`: runs plans from a seed on, on all processors, and prints the seed
 * and the trace of the first failure. A single run prints its trace in any case.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { planOf } from "./plan.ts";
import { ownThisProcess, Runner } from "./runner.ts";

/** A process stops after so many failures. */
const MOST_FAILURES = 3;

interface Share {
  readonly first: number;
  readonly count: number;
  /** How far the next seed of this process is. */
  readonly step: number;
}

function numberOf(name: string, otherwise: number): number {
  const text = process.env[name] ?? "";
  const number = text === "" ? otherwise : Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`${name} must be a whole number`);
  process.exit(2);
}

/** Runs the plans of a share; returns how many failed. */
async function runShare({ first, count, step }: Share): Promise<number> {
  const runner = await Runner.make();
  let failures = 0;
  for (let index = 0; index < count && failures < MOST_FAILURES; index++) {
    const seed = first + index * step;
    const { wrong } = await runner.run(planOf(seed));
    if (wrong.length === 0) continue;
    if (++failures === 1) await show(runner, seed);
    console.log(`seed ${seed}: ${wrong.join("; ")}`);
    console.log(`to repeat it: make simulate RUNS=1 SEED=${seed}`);
  }
  return failures;
}

async function show(runner: Runner, seed: number): Promise<void> {
  const plan = planOf(seed);
  console.log(JSON.stringify(plan));
  console.log((await runner.trace(plan)).join("\n"));
}

async function startShare({ first, count, step }: Share): Promise<number> {
  const share = { SHARE: "1", SEED: String(first), RUNS: String(count), STEP: String(step) };
  const env = { ...process.env, ...share };
  const child = spawn(process.execPath, [import.meta.filename], { env, stdio: "inherit" });
  await once(child, "exit");
  return child.exitCode ?? 1;
}

async function runAll(runs: number, seed: number): Promise<number> {
  const begin = performance.now();
  const processes = availableParallelism();
  const shares = Array.from({ length: processes }, (_, index) => ({
    first: seed + index,
    count: Math.ceil((runs - index) / processes),
    step: processes,
  }));
  const codes = await Promise.all(shares.map(startShare));
  const seconds = Math.round((performance.now() - begin) / 1000);
  const failed = codes.some((code) => code !== 0);
  const end = failed ? "something is wrong" : "nothing is wrong";
  console.log(`simulated ${runs} schedules in ${seconds} s: ${end}`);
  return failed ? 1 : 0;
}

const runs = numberOf("RUNS", 20_000);
const seed = numberOf("SEED", 1);
if (process.env["SHARE"] !== undefined) {
  ownThisProcess();
  const failures = await runShare({ first: seed, count: runs, step: numberOf("STEP", 1) });
  process.exitCode = failures > 0 ? 1 : 0;
} else if (runs === 1) {
  ownThisProcess();
  const runner = await Runner.make();
  await show(runner, seed);
  const { wrong } = await runner.run(planOf(seed));
  console.log(`seed ${seed}: ${wrong.length === 0 ? "nothing is wrong" : wrong.join("; ")}`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
} else process.exitCode = await runAll(runs, seed);
