import { resolve } from "node:path";
import { Refusal } from "../core/refusal.ts";
import type { OwnCommand } from "../host/own-command.ts";
import type { CommonOptions, Context } from "./context.ts";

/**
 * How a unit calls this program: with the places that this call was given.
 *
 * @throws Refusal where it would find no program that it needs
 */
export function ownCommand(
  { self, env }: Context,
  name: "run" | "deliver",
  options: CommonOptions,
): OwnCommand {
  const config = options.config === undefined ? [] : ["--config", resolve(options.config)];
  const stateDir = options.stateDir === undefined ? [] : ["--state-dir", resolve(options.stateDir)];
  const path = env["PATH"] ?? "";
  if (path === "") throw new Refusal("PATH is not set, so the unit would find no program either");
  return { command: [...self, name, ...config, ...stateDir], path };
}
