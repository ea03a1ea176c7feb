import { readFileSync } from "node:fs";
import { type Config, DEFAULT_CONFIG } from "../core/config.ts";
import { messageOf, Refusal } from "../core/refusal.ts";
import { EXIT } from "../core/outcome.ts";
import type { CommonOptions } from "./context.ts";

/** The configuration of a call: the file of `--config`, if any, with `--state-dir` on top. */
export async function loadConfig(options: CommonOptions): Promise<Config> {
  const config = options.config === undefined ? DEFAULT_CONFIG : await readConfig(options.config);
  return options.stateDir === undefined ? config : { ...config, stateDir: options.stateDir };
}

async function readConfig(path: string): Promise<Config> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new Refusal(`cannot read the configuration: ${messageOf(error)}`, EXIT.usage);
  }
  const { parseConfig } = await import("../core/parse-config.ts");
  return parseConfig(text, path);
}
