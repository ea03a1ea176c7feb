import type { Config } from "../../core/config/config.ts";
import type { FleetConfig } from "../../core/config/fleet/fleet-config.ts";
import { tidyRevision } from "../../core/config/forge-run.ts";
import { EXIT } from "../../core/outcome.ts";
import { messageOf, Refusal } from "../../core/refusal.ts";
import type { Tried } from "../../core/tried.ts";
import { toplevelAt } from "../../host/nixos/toplevel.ts";
import type { Host } from "../../host/process/host.ts";
import type { SetUpJson } from "../../json/set-up.ts";
import type { Origin } from "../../report/try-receivers.ts";
import { RecordStore } from "../../state-dir/store.ts";
import { setUpScreen } from "../../view/set-up/screen.ts";
import { hostOf, revisionToReport } from "../compose.ts";
import { type CommonOptions, type Context, printResult, styleOf } from "../context.ts";
import { ciRunOf } from "../shared/ci-run.ts";
import { loadConfig } from "../shared/load-config.ts";

export interface TryOptions extends CommonOptions {
  readonly revision?: string;
}

/**
 * Tries what a finalization will need from others: each receiver, the fleet lock, the rollouts, the metrics file.
 *
 * @returns the exit code: 1 if something does not work
 */
export async function trySetUp(context: Context, options: TryOptions): Promise<number> {
  // A slot that was taken must be given back: a signal does not end this in between.
  context.stopSignal();
  const config = await loadConfig(options);
  const host = hostOf(context, options);
  const tries = await triesFor(context, host, config, options);
  if (tries.length === 0) {
    throw new Refusal(
      "nothing to test: no receiver, no fleet lock, no rollouts and no metrics file is configured",
    );
  }
  const parts = await Promise.all(tries.map(async ([name, tried]) => partOf(name, await tried)));
  const json: SetUpJson = { schemaVersion: 1, works: parts.every(({ works }) => works), parts };
  printResult(
    context,
    options,
    () => json,
    () => setUpScreen(styleOf(context), json),
  );
  return json.works ? EXIT.done : EXIT.failed;
}

type Part = SetUpJson["parts"][number];

function partOf(name: string, tried: Tried): Part {
  return tried.kind === "works"
    ? { name, works: true, said: tried.how, advice: null }
    : { name, works: false, said: tried.why, advice: tried.advice };
}

/** The tries, all of which have begun. */
async function triesFor(
  context: Context,
  host: Host,
  config: Config,
  options: TryOptions,
): Promise<(readonly [name: string, tried: Promise<Tried>])[]> {
  const { report, lock, fleet, proxy } = config;
  const { tryReceiver } = await import("../../report/try-receivers.ts");
  const { trySlot } = await import("../../fleet/try-slot.ts");
  const origin = await originOf(context, host, config, options);
  const receivers = report.receivers.map(
    (receiver) => [receiver.name, tryReceiver(host, config, receiver, origin)] as const,
  );
  const slot =
    lock === null || lock.for.length === 0
      ? []
      : [["fleet lock", trySlot(host, lock, proxy, context.hostName)] as const];
  const rollouts = fleet === null ? [] : [["rollouts", tryFleet(host, config, fleet)] as const];
  const metrics =
    report.metricsFile === null ? [] : [["metrics file", tryMetrics(host, config)] as const];
  return [...receivers, ...slot, ...rollouts, ...metrics];
}

async function tryFleet(host: Host, config: Config, fleet: FleetConfig): Promise<Tried> {
  const { tryRollouts } = await import("../../fleet/try-rollouts.ts");
  return await tryRollouts(host, config, fleet);
}

async function originOf(
  context: Context,
  host: Host,
  config: Config,
  { revision }: TryOptions,
): Promise<Origin> {
  const target = toplevelAt(config.profile);
  const own = target === null ? null : await revisionToReport(host, config, target);
  return {
    hostName: context.hostName,
    target: target ?? config.profile,
    revision: tidyRevision(revision) ?? own,
    forgeRun: await ciRunOf(context),
  };
}

async function tryMetrics(host: Host, config: Config): Promise<Tried> {
  const { writeMetrics } = await import("../../report/metrics.ts");
  try {
    await writeMetrics(host, new RecordStore(config.stateDir), config);
    return { kind: "works", how: `wrote ${config.report.metricsFile}` };
  } catch (error) {
    const advice = "Check report.metricsFile: its folder has to be there and belong to root.";
    return { kind: "fails", why: messageOf(error), advice };
  }
}
