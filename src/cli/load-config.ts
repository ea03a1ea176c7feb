import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type Config, DEFAULT_CONFIG } from "../core/config.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { messageOf, Refusal } from "../core/refusal.ts";
import { EXIT } from "../core/outcome.ts";
import { type CommonOptions, complain, type Context } from "./context.ts";

/** The configuration of a call: the file of `--config`, if any, with `--state-dir` on top. */
export async function loadConfig(options: CommonOptions): Promise<Config> {
  const config = options.config === undefined ? DEFAULT_CONFIG : await readConfig(options.config);
  if (options.stateDir === undefined) return config;
  return { ...config, stateDir: resolve(options.stateDir) };
}

/**
 * The configuration of a call that goes on without one: its records may still be found, unless
 * that names another place for them.
 */
export async function loadCalled(
  options: CommonOptions,
): Promise<{ readonly called: Config; readonly problem: Refusal | null }> {
  try {
    return { called: await loadConfig(options), problem: null };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { config: _unreadable, ...others } = options;
    return { called: await loadConfig(others), problem: error };
  }
}

/** Says what a call goes on without, if anything; returns the exit code that it then ends with. */
export function complainOf(context: Context, problem: Refusal | null): number {
  if (problem === null) return EXIT.done;
  complain(context, problem.message);
  return problem.exitCode;
}

/**
 * The configuration of a finalization: the one that it was scheduled with, whatever
 * this call was given. Else a boot, a call by hand or another system's resume unit
 * would take its gates, checks and confirmation away.
 */
export async function configOf(record: FinalizationRecord, called: Config): Promise<Config> {
  if (record.configFile === null) return called;
  return { ...(await readConfig(record.configFile)), stateDir: called.stateDir };
}

async function readConfig(path: string): Promise<Config> {
  const text = readText(path);
  const { parseConfig } = await import("../core/parse-config.ts");
  return parseConfig(text, path);
}

/** A pipe, as a shell's `<(…)` is one, would be empty when the timer fires; one without a writer never ends. */
function readText(path: string): string {
  try {
    if (!statSync(path).isFile() || /^\/(dev|proc)\//.test(resolve(path))) {
      throw new Error(`${path} is no regular file, and is read again when the timer fires`);
    }
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Refusal(`cannot read the configuration: ${messageOf(error)}`, EXIT.usage);
  }
}
