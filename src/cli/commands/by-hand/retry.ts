import { findRetryTarget, requireRetriable } from "../../../finalize/by-hand/retry-target.ts";
import { requireSystemd } from "../../../host/systemd/systemd.ts";
import type { RetryJson } from "../../../json/commands.ts";
import { toFinalizationJson } from "../../../json/finalization.ts";
import { howItEnded, targetName } from "../../../view/headline.ts";
import { acts, type Cli, newCommand, readSpan, withId, withJson } from "../../command.ts";
import { openServices } from "../../compose.ts";
import { complainInstead, type Context, printOutcome, tell } from "../../context.ts";
import { findRecord } from "../../shared/find-record.ts";
import { requireRoot } from "../../shared/guards.ts";
import {
  type ByHandOptions,
  scheduleByHand,
  scheduledLines,
} from "../../shared/schedule-by-hand.ts";
import { makeSure } from "../../shared/terminal.ts";

export function addRetry(cli: Cli): void {
  withJson(withId(newCommand(cli, "retry")))
    .description("bring back the target of a finalization that failed or was rolled back")
    .option("-y, --yes", "do not ask before the retry")
    .option(
      "--delay <span>",
      "wait at least this long: seconds, or a span such as 90s, 5min",
      readSpan,
    )
    .action(acts(cli, retry));
}

/**
 * Schedules the target of an ended finalization once more, after it has shown why that was rejected.
 * With the configuration of that finalization: the program of the previous system calls this.
 */
async function retry(
  context: Context,
  wanted: string | undefined,
  options: ByHandOptions,
): Promise<void> {
  requireRoot(context, "a retry");
  const services = await openServices(context, options);
  const { host, store } = services;
  requireSystemd(host);
  const record = await findRecord(store, wanted);
  requireRetriable(record);
  await findRetryTarget(host, store, record);
  const why = record.outcome?.reason ?? null;
  tell(context, options, howItEnded(record));
  if (options.yes !== true) {
    complainInstead(context, options, howItEnded(record));
    await makeSure(context, `Try ${targetName(record)} again?`);
  }
  const scheduled = await scheduleByHand(context, services, options, {
    of: record,
    origin: { retryOf: record.id },
    configFile: record.configFile,
    find: async ({ host: now, store: records }) => await findRetryTarget(now, records, record),
  });
  const finalization = toFinalizationJson(scheduled.drafted.record);
  const { id } = scheduled.drafted.record;
  printOutcome(
    context,
    options,
    (): RetryJson => ({ schemaVersion: 1, of: record.id, rejectedBecause: why, finalization }),
    () => scheduledLines(scheduled, `retry of ${record.id} is scheduled as ${id}`),
  );
}
