import { canGoBack } from "../core/can-go-back.ts";
import { awaitsConfirmation, type FinalizationRecord } from "../core/record.ts";
import { isCancellable, isTerminal } from "../core/states.ts";
import { RecordStore } from "../host/store.ts";
import { toplevelAt } from "../host/toplevel.ts";
import { age } from "../view/age.ts";
import { type Cli, newCommand } from "./command.ts";
import { type CommonOptions, type Context, hostOf, print } from "./context.ts";
import { loadConfig } from "./load-config.ts";

/** More are no help on a screen. */
const MOST_OFFERED = 40;

/** For the completions of shells alone, so it is in no help. */
export function addCompleteIds(cli: Cli): void {
  newCommand(cli, "complete-ids", "hidden")
    .description("list the ids that a command may be given (for the completions of shells)")
    .argument("[command]", "the command")
    .action(async (command: string | undefined, options: CommonOptions) => {
      await completeIds(cli.context, command, options);
    });
}

/**
 * Prints the ids that make sense for a command, the newest first, each with a tab and a few
 * words. Where something is wrong it offers none and says nothing: somebody is typing.
 */
async function completeIds(
  context: Context,
  command: string | undefined,
  options: CommonOptions,
): Promise<void> {
  try {
    const store = new RecordStore((await loadConfig(options)).stateDir);
    const runs = toplevelAt(hostOf(context, options).paths.currentSystem);
    for await (const record of store.newestFirst(MOST_OFFERED)) {
      if (!fits(command, record, runs)) continue;
      const { id, state, plan, scheduledAt } = record;
      print(
        context,
        `${id}\t${state}, ${plan.action}, ${age(new Date(scheduledAt), context.now())}`,
      );
    }
  } catch {
    // A folder that only root may read, or a configuration that is not there.
  }
}

function fits(
  command: string | undefined,
  record: FinalizationRecord,
  runs: string | null,
): boolean {
  const { state } = record;
  switch (command) {
    case "cancel":
      return isCancellable(state);
    case "confirm":
      return awaitsConfirmation(record);
    case "rollback":
      return canGoBack(record, runs);
    case "run":
      return !isTerminal(state);
    case undefined:
    default:
      return true;
  }
}
