import { resolve } from "node:path";
import { type Config, DEFAULT_CONFIG } from "../core/config.ts";
import { EXIT } from "../core/outcome.ts";
import { Refusal } from "../core/refusal.ts";
import type { OwnCommand } from "../host/own-command.ts";
import type { CommonOptions, Context } from "./context.ts";

/** How the unit of a finalization calls this program: it finds the record though its configuration be gone. */
export function runCommand(
  context: Context,
  { stateDir }: Config,
  options: CommonOptions,
): OwnCommand {
  const isDefault = stateDir === DEFAULT_CONFIG.stateDir;
  return ownCommand(context, "run", isDefault ? options : { ...options, stateDir });
}

/**
 * How a unit calls this program: with the places that this call was given.
 *
 * @throws Refusal where it would find no program that it needs, or would be called otherwise
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
  const command = [...self, name, ...config, ...stateDir];
  // Escaped by systemd 252 itself, as $$ and \;, but not read so after a daemon-reload.
  const misread = command.find((word) => /[$;]/.test(word));
  if (misread !== undefined) {
    const sign = misread.includes("$") ? "$" : ";";
    throw new Refusal(
      `systemd would misread the ${sign} in ${misread}: use a path without it`,
      EXIT.usage,
    );
  }
  return { command, path };
}
