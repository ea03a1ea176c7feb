import { resolve } from "node:path";
import type { OwnCommand } from "../host/own-command.ts";
import type { CommonOptions, Context } from "./context.ts";

/** How a unit calls this program: with the places that this call was given. */
export function ownCommand(
  { self, env }: Context,
  name: "run" | "deliver",
  options: CommonOptions,
): OwnCommand {
  const config = options.config === undefined ? [] : ["--config", resolve(options.config)];
  const stateDir = options.stateDir === undefined ? [] : ["--state-dir", resolve(options.stateDir)];
  return { command: [...self, name, ...config, ...stateDir], path: env["PATH"] ?? "" };
}
