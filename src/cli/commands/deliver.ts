import { Option } from "commander";
import type { Config } from "../../core/config/config.ts";
import { jsonLine } from "../../core/printable.ts";
import { EXIT } from "../../core/outcome.ts";
import { Refusal } from "../../core/refusal.ts";
import type { Host } from "../../host/process/host.ts";
import { tryLock } from "../../host/process/lock.ts";
import { RecordStore } from "../../state-dir/store.ts";
import type { Outbox } from "../../report/outbox.ts";
import type { RolloutsOf } from "../../report/fleet/send-status.ts";
import { LOCK_OF, type Way, WAYS } from "../../report/ways.ts";
import type { DeliverJson } from "../../json/commands.ts";
import { acts, type Cli, newCommand, withJson } from "../command.ts";
import { complain, type Context, print, tell } from "../context.ts";
import { complainOf, loadCalled } from "../shared/load-config.ts";
import { requireRoot } from "../shared/guards.ts";
import { type TryOptions, trySetUp } from "../set-up/try-set-up.ts";
import { hostOf } from "../compose.ts";

export function addDeliver(cli: Cli): void {
  const only = new Option("--only <way>", "deliver only to servers, or only to commands");
  withJson(newCommand(cli, "deliver"))
    .description("deliver all waiting reports now (a systemd unit runs this)")
    .option(
      "--test",
      "test the set-up: each receiver, the fleet lock, the rollouts and the metrics file",
    )
    .option("--revision <commit>", "the commit for a test status on a forge, with --test")
    .addOption(only.choices(WAYS).conflicts("test"))
    .action(acts(cli, deliverOrTest));
}

interface DeliverOptions extends TryOptions {
  readonly test?: true;
  readonly only?: Way;
}

async function deliverOrTest(context: Context, options: DeliverOptions): Promise<number> {
  requireRoot(context, options.test === true ? "testing the set-up" : "delivering reports");
  if (options.test === true) return await trySetUp(context, options);
  if (options.revision !== undefined) throw new Refusal("--revision needs --test", EXIT.usage);
  return await deliver(context, options);
}

/**
 * Delivers until the outbox is empty. Each report holds its receiver: if the configuration cannot be
 * read, only the times between the tries are the defaults.
 *
 * @returns the exit code: 2 if the configuration cannot be read, 75 if it was stopped before
 */
async function deliver(context: Context, options: DeliverOptions): Promise<number> {
  const stop = context.stopSignal();
  const { called: config, problem } = await loadCalled(options);
  const exitCode = complainOf(context, problem);
  const host = hostOf(context, options);
  const store = new RecordStore(config.stateDir);
  const report = await import("../../report/outbox.ts");
  const outbox = new report.Outbox(host, store.folder);
  const say = (line: string): void => tell(context, options, line);
  if (outbox.isEmpty()) say("there are no reports to deliver");
  const ways = options.only === undefined ? WAYS : [options.only];
  const before = outbox.owed(ways).length;
  const delivery = { host, store, outbox, config, stop, say };
  await Promise.all(ways.map(async (way) => await deliverOneWay(context, { ...delivery, way })));
  const left = outbox.owed(ways).length;
  const json: DeliverJson = { schemaVersion: 1, before, left };
  if (options.json === true) print(context, jsonLine(json));
  if (left === 0 || !stop.aborted) return exitCode;
  complain(context, "stopped before all reports were delivered; the next delivery continues");
  // Unless systemd stops its unit, that starts it again.
  return EXIT.unfinished;
}

/** If another process already delivers this way, that process tries everything at once and this one ends. */
async function deliverOneWay(context: Context, delivery: Delivery): Promise<void> {
  const { host, store, outbox, way, stop, say } = delivery;
  // Checked again after the release of the lock: a process that adds a report and then finds the
  // lock taken relies on it.
  while (outbox.owed([way]).length > 0 && !stop.aborted) {
    const lock = await tryLock(host, store.lockPath(LOCK_OF[way]));
    if (lock === null) {
      outbox.wake();
      say("the process that delivers will try again now");
      return;
    }
    try {
      await deliverHolding(context, delivery);
    } finally {
      await lock.release();
    }
  }
}

interface Delivery {
  readonly host: Host;
  readonly store: RecordStore;
  readonly outbox: Outbox;
  readonly way: Way;
  readonly config: Config;
  readonly stop: AbortSignal;
  readonly say: (line: string) => void;
}

async function rolloutsFor(host: Host, config: Config): Promise<RolloutsOf> {
  const { rolloutsOf } = await import("../../report/fleet/rollouts-of.ts");
  return rolloutsOf(host, config);
}

async function deliverHolding(
  { random }: Context,
  { host, store, outbox, way, config, stop }: Delivery,
): Promise<void> {
  const { deliverAll, newMemory } = await import("../../report/deliver.ts");
  const { refreshMetrics } = await import("../../report/start-delivery.ts");
  const memory = newMemory();
  let measured = Promise.resolve();
  /** One after the other, so that an older state never overwrites a newer one. */
  const onEnd = (): void => {
    measured = measured.then(async () => await refreshMetrics(host, store, config, "delivery"));
  };
  const { report, proxy } = config;
  await deliverAll({
    host,
    outbox,
    ways: [way],
    memory,
    config: report,
    proxy,
    ...(config.fleet !== null && { rolloutsOf: await rolloutsFor(host, config) }),
    random,
    stop,
    onEnd,
  });
  outbox.prune(store.ids());
  onEnd();
  await measured;
}
