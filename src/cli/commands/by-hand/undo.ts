import { resolve } from "node:path";
import { type Undone, undoToRunning } from "../../../finalize/by-hand/undo.ts";
import type { UndoJson } from "../../../json/commands.ts";
import { systemName } from "../../../view/headline.ts";
import { acts, type Cli, newCommand, readPath, withJson } from "../../command.ts";
import { openServices } from "../../compose.ts";
import { type CommonOptions, type Context, printOutcome } from "../../context.ts";
import { requireRoot } from "../../shared/guards.ts";

interface UndoOptions extends CommonOptions {
  readonly profile?: string;
}

export function addUndo(cli: Cli): void {
  withJson(newCommand(cli, "undo"))
    .description("set the profile and the boot default to the running system")
    .option("--profile <path>", "the profile to set, instead of the configured one", readPath)
    .action(acts(cli, undo));
}

async function undo(context: Context, options: UndoOptions): Promise<void> {
  requireRoot(context, "an undo");
  const { host, store, config } = await openServices(context, options);
  const profile = options.profile === undefined ? config.profile : resolve(options.profile);
  const undone = await undoToRunning(host, store, profile, context.stopSignal());
  printOutcome(
    context,
    options,
    (): UndoJson => ({ schemaVersion: 1, ...undone }),
    () => [`deploy-finalize: ${inWords(undone)}`],
  );
}

function inWords({ from, to, generation }: Undone): string {
  const name = systemName(to, generation);
  return from === to
    ? `the profile and the boot default are ${name}, the running system; the profile was not changed`
    : `the profile and the boot default are ${name} again, the running system`;
}
