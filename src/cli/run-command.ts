import { resolve } from "node:path";
import type { RunCommand } from "../host/resuming.ts";
import type { CommonOptions, Context } from "./context.ts";

/** How the detached unit calls this program: with the places that this call was given. */
export function runCommand(context: Context, options: CommonOptions): RunCommand {
  const config = options.config === undefined ? [] : ["--config", resolve(options.config)];
  const stateDir = options.stateDir === undefined ? [] : ["--state-dir", resolve(options.stateDir)];
  return {
    command: [...context.self, "run", ...config, ...stateDir],
    path: context.env["PATH"] ?? "",
  };
}
