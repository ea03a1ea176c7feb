import { readText } from "../../host/files/durable.ts";
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Config } from "../../core/config/config.ts";
import { DEFAULT_CONFIG } from "../../core/config/defaults.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { messageOf, Refusal } from "../../core/refusal.ts";
import { EXIT } from "../../core/outcome.ts";
import { type CommonOptions, complain, type Context } from "../context.ts";

/**
 * The configuration of a call: the file of `--config`, if any, with `--state-dir` on top. It may
 * contradict itself: to look, to cancel or to roll back must not fail for that.
 */
export async function loadConfig(options: CommonOptions): Promise<Config> {
  if (options.config === undefined) return load(options, () => DEFAULT_CONFIG);
  const { parseRecordedConfig } = await import("../../core/config/parse-config.ts");
  return load(options, parseRecordedConfig);
}

/** The same for a call that schedules, or explains that. */
export async function loadConfigToSchedule(options: CommonOptions): Promise<Config> {
  if (options.config === undefined) return load(options, () => DEFAULT_CONFIG);
  const { parseConfig } = await import("../../core/config/parse-config.ts");
  return load(options, parseConfig);
}

type Parse = (text: string, place: string) => Config;

function load({ config: path, stateDir }: CommonOptions, parse: Parse): Config {
  const config = path === undefined ? DEFAULT_CONFIG : parse(readConfigText(path), path);
  return stateDir === undefined ? config : { ...config, stateDir: resolve(stateDir) };
}

/** For a call that can do without its configuration file: it still finds records in the usual folder. */
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

/** Prints the problem with the configuration, if any; returns the exit code of the call. */
export function complainOf(context: Context, problem: Refusal | null): number {
  if (problem === null) return EXIT.done;
  complain(context, problem.lines);
  return problem.exitCode;
}

/**
 * The configuration that a finalization was scheduled with. The configuration of the call does not
 * count: a call by hand or the resume unit of another system could have other gates and checks.
 */
export async function configOf(record: FinalizationRecord, called: Config): Promise<Config> {
  if (record.configFile === null) return called;
  const text = readConfigText(record.configFile);
  const { parseRecordedConfig } = await import("../../core/config/parse-config.ts");
  return { ...parseRecordedConfig(text, record.configFile), stateDir: called.stateDir };
}

/**
 * The text of a configuration file. Refuses pipes, such as a shell's `<(…)`: they are empty when the
 * timer fires.
 *
 * @throws Refusal (usage)
 */
export function readConfigText(path: string): string {
  try {
    if (!statSync(path).isFile() || /^\/(dev|proc)\//.test(resolve(path))) {
      throw new Error(
        `${path} is not a regular file. Use a regular file, because it is read again when the timer fires`,
      );
    }
    return readText(path);
  } catch (error) {
    throw new Refusal(`cannot read the configuration: ${messageOf(error)}`, EXIT.usage);
  }
}
