import type { Config } from "../core/config.ts";
import type { Host } from "../host/host.ts";
import { tryLock } from "../host/lock.ts";
import { RecordStore } from "../host/store.ts";
import type { Outbox } from "../report/outbox.ts";
import { type Cli, newCommand } from "./command.ts";
import { type CommonOptions, type Context, hostOf, print } from "./context.ts";
import { complainOf, loadCalled } from "./load-config.ts";
import { requireRoot } from "./require-root.ts";

export function addDeliver(cli: Cli): void {
  newCommand(cli, "deliver")
    .description("deliver the reports that are owed (for its unit), or try again now")
    .action(async (options: CommonOptions) => {
      cli.end(await deliver(cli.context, options));
    });
}

/**
 * Delivers until nothing is owed. Where another process does so already, that one is told
 * to try everything at once, and this one ends. Whom to tell is noted with each report: where the
 * configuration cannot be read, only how often to try is that of the defaults.
 *
 * @returns the exit code: 2 where the configuration cannot be read
 */
async function deliver(context: Context, options: CommonOptions): Promise<number> {
  requireRoot(context, "delivering reports");
  const stop = context.stopSignal();
  const { called: config, problem } = await loadCalled(options);
  const exitCode = complainOf(context, problem);
  const host = hostOf(context, options);
  const store = new RecordStore(config.stateDir);
  const report = await import("../report/outbox.ts");
  const outbox = new report.Outbox(host, store.folder);
  if (outbox.isEmpty()) print(context, "deploy-finalize: no report is owed");
  // Looked at again after the lock was given back: whoever notes a report and then finds the
  // lock taken relies on it.
  while (!outbox.isEmpty() && !stop.aborted) {
    const lock = await tryLock(host, store.lockPath("deliver"));
    if (lock === null) {
      outbox.wake();
      print(context, "deploy-finalize: asked the process that delivers to try again now");
      return exitCode;
    }
    try {
      await deliverHolding(context, { host, store, outbox, config, stop });
    } finally {
      await lock.release();
    }
  }
  return exitCode;
}

interface Delivery {
  readonly host: Host;
  readonly store: RecordStore;
  readonly outbox: Outbox;
  readonly config: Config;
  readonly stop: AbortSignal;
}

async function deliverHolding(
  { random }: Context,
  { host, store, outbox, config, stop }: Delivery,
): Promise<void> {
  const { deliverAll, newMemory } = await import("../report/deliver.ts");
  const { refreshMetrics } = await import("../report/tell.ts");
  const memory = newMemory();
  let measured = Promise.resolve();
  /** One after the other, so that none shows what was before. */
  const onEnd = (): void => {
    measured = measured.then(async () => await refreshMetrics(host, store, config));
  };
  await deliverAll({ host, outbox, memory, config: config.report, random, stop, onEnd });
  outbox.prune(store.ids());
  onEnd();
  await measured;
}
