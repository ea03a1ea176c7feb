import { resolve } from "node:path";
import type { Config } from "../../core/config/config.ts";
import { DEFAULT_CONFIG } from "../../core/config/defaults.ts";
import type { OwnCommand } from "../../host/process/host.ts";
import type { CommonOptions, Context } from "../context.ts";
import { EXIT } from "../../core/outcome.ts";
import { Refusal } from "../../core/refusal.ts";

/** How the unit of a finalization calls this program. It must find the record without its configuration. */
export function runCommand(
  context: Context,
  { stateDir }: Config,
  options: CommonOptions,
): OwnCommand {
  const isDefault = stateDir === DEFAULT_CONFIG.stateDir;
  return ownCommand(context, "run", isDefault ? options : { ...options, stateDir });
}

/**
 * How a unit calls this program: with the same files and folders as this call.
 *
 * @throws Refusal if PATH is empty, or if systemd would misread an argument
 */
export function ownCommand(
  { self, env }: Context,
  name: "run" | "deliver" | "lock",
  options: CommonOptions,
): OwnCommand {
  const config = options.config === undefined ? [] : ["--config", resolve(options.config)];
  const stateDir = options.stateDir === undefined ? [] : ["--state-dir", resolve(options.stateDir)];
  const path = env["PATH"] ?? "";
  if (path === "") throw new Refusal("PATH is not set, so the unit would not find any program");
  const command = [...self, name, ...config, ...stateDir];
  // systemd 252 writes them as $$ and \; but reads those wrongly after a daemon-reload.
  const misread = command.find((word) => /[$;]/.test(word));
  if (misread !== undefined) {
    const sign = misread.includes("$") ? "$" : ";";
    throw new Refusal(
      `systemd would misread the ${sign} in ${misread}. Use a path without it.`,
      EXIT.usage,
    );
  }
  return { command, path };
}

/** How a unit gives back the slot that no finalization of this host may own. */
export function releaseCommand(context: Context, options: CommonOptions): OwnCommand {
  const { command, path } = ownCommand(context, "lock", options);
  return { command: [...command, "release", "--yes", "--unowned"], path };
}

/** An argument list that can be pasted into a shell. */
export function quoteArgv(argv: readonly string[]): string {
  return argv.map(quote).join(" ");
}

function quote(argument: string): string {
  if (/^[\w@%+=:,./-]+$/.test(argument)) return argument;
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
