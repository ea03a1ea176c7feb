import type { Config } from "../core/config.ts";
import { messageOf } from "../core/refusal.ts";
import type { FinalizationRecord } from "../core/record.ts";
import type { Host } from "../host/host.ts";
import type { OwnCommand } from "../host/own-command.ts";
import { describeEnd } from "../host/spawn.ts";
import { RecordStore } from "../host/store.ts";
import * as commands from "../host/systemd-commands.ts";
import { writeMetrics } from "./metrics.ts";
import { Outbox } from "./outbox.ts";
import { oweReports, type Owed } from "./report.ts";
import { oweTakenBack } from "./taken-back.ts";

/** What makes somebody report: a new state, a process that goes on after another, or only the metrics. */
export type Occasion = "changed" | "taken-up" | "measured";

/** Notes what is owed, writes the metrics, and has somebody deliver. Each part goes on without the others. */
export async function tellAll(
  host: Host,
  config: Config,
  record: FinalizationRecord,
  occasion: Occasion,
  deliver: OwnCommand,
): Promise<void> {
  const store = new RecordStore(config.stateDir);
  const outbox = new Outbox(host, store.folder);
  const noted = occasion === "measured" ? "known" : await owe(host, store, outbox, config, record);
  // One that was killed between noting and starting has left both to us.
  const isLeftOver = occasion === "taken-up" && !outbox.isEmpty();
  if (noted === "owed-now" || isLeftOver) await startDelivery(host, deliver);
  await refreshMetrics(host, store, config);
}

async function owe(
  host: Host,
  store: RecordStore,
  outbox: Outbox,
  { report }: Config,
  record: FinalizationRecord,
): Promise<Owed> {
  const onOther = await oweTakenBack(host, outbox, store, report, record);
  const onOwn = oweReports(host, outbox, report, record);
  return onOther === "owed-now" ? onOther : onOwn;
}

/** After a boot, whatever is configured now: reports may be owed from before. */
export async function takeUpReports(
  host: Host,
  config: Config,
  deliver: OwnCommand,
): Promise<void> {
  const store = new RecordStore(config.stateDir);
  if (!new Outbox(host, store.folder).isEmpty()) await startDelivery(host, deliver);
  await refreshMetrics(host, store, config);
}

export async function refreshMetrics(
  host: Host,
  store: RecordStore,
  config: Config,
): Promise<void> {
  try {
    await writeMetrics(host, store, config);
  } catch (error) {
    host.say(`cannot write the metrics: ${messageOf(error)}`);
  }
}

/**
 * Starts a process that delivers. Each has a unit of its own, because a unit that is just
 * ending could not be started again; all but one find the lock taken and end at once.
 */
async function startDelivery(host: Host, deliver: OwnCommand): Promise<void> {
  const ended = await host.spawn(commands.deliver({ ...deliver, at: host.now() }));
  if (ended.exitCode === 0) return;
  host.say(`cannot start the delivery of reports: ${describeEnd(ended)}; the next boot does`);
}
