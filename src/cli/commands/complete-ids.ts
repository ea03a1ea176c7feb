import { canRollBack } from "../../core/record/can-roll-back.ts";
import { awaitsConfirmation, type FinalizationRecord } from "../../core/record/record.ts";
import { isCancellable, isTerminal } from "../../core/states.ts";
import { toplevelAt } from "../../host/nixos/toplevel.ts";
import { age } from "../../core/age.ts";
import { acts, type Cli, newCommand } from "../command.ts";
import { type CommonOptions, type Context, print } from "../context.ts";
import { openServices } from "../compose.ts";

/** More do not fit on a screen. */
const MOST_OFFERED = 40;

/** Only for the completions of shells, so it is not in the help. */
export function addCompleteIds(cli: Cli): void {
  newCommand(cli, "complete-ids", "hidden")
    .description("list the IDs that a command accepts (for the completions of shells)")
    .argument("[command]", "the command")
    .action(acts(cli, completeIds));
}

/**
 * Prints the IDs that a command accepts, the newest first, each with a tab and a few words.
 * Prints nothing after an error, because somebody is typing.
 */
async function completeIds(
  context: Context,
  command: string | undefined,
  options: CommonOptions,
): Promise<void> {
  try {
    const { host, store } = await openServices(context, options);
    const current = toplevelAt(host.paths.currentSystem);
    for await (const record of store.newestFirst(MOST_OFFERED)) {
      if (!fits(command, record, current)) continue;
      const { id, state, plan, scheduledAt } = record;
      const ago = age(new Date(scheduledAt), context.now());
      print(context, `${id}\t${state}, ${plan.action}, ${ago}`);
    }
  } catch {
    // Only root may read the folder, or there is no such configuration.
  }
}

function fits(
  command: string | undefined,
  record: FinalizationRecord,
  current: string | null,
): boolean {
  const { state } = record;
  switch (command) {
    case "cancel":
    case "now":
      return isCancellable(state);
    case "confirm":
      return awaitsConfirmation(record);
    case "rollback":
      return canRollBack(record, current);
    case "run":
      return !isTerminal(state);
    case undefined:
    default:
      return true;
  }
}
