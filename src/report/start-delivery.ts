import { dirname } from "node:path";
import { makeFile } from "../host/files/durable.ts";
import { isProbablyLocked } from "../host/files/kernel-locks.ts";
import * as commands from "../host/systemd/commands.ts";
import { orderOf, startTransient } from "../host/systemd/systemd.ts";
import type { Config } from "../core/config/config.ts";
import { messageOf } from "../core/refusal.ts";
import type { Sandbox } from "../host/network/sandbox.ts";
import { pause } from "../host/process/time.ts";
import { askProperties } from "../host/systemd/units.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import type { Host, Noted, OwnCommand } from "../host/process/host.ts";
import { describeEnd } from "../host/process/spawn.ts";
import { RecordStore } from "../state-dir/store.ts";
import { type MetricsWriter, writeMetrics } from "./metrics.ts";
import { Outbox } from "./outbox.ts";
import { LOCK_OF, type Way, WAYS } from "./ways.ts";
import { more, newerThan, oweLate, type Owed, oweReports, oweUndone } from "./report.ts";

/** The reason to report: a new state, a process that continues another's work, or only the metrics. */
export type Occasion = "changed" | "taken-up" | "measured";

/** Records the owed reports, starts their delivery, and writes the metrics. Each part works without the others. */
export async function reportState(
  host: Host,
  config: Config,
  record: FinalizationRecord,
  occasion: Occasion,
  deliver: OwnCommand,
): Promise<Noted> {
  const store = new RecordStore(config.stateDir);
  const outbox = new Outbox(host, store.folder);
  const noted = occasion === "measured" ? "known" : await owe(host, store, outbox, config, record);
  // A process killed between recording and starting leaves the start to this one.
  const isLeftOver = occasion === "taken-up" && !outbox.isEmpty();
  // Others may be noted if one is missing.
  if (noted !== "known" || isLeftOver) {
    await startDelivery(host, config, deliver).catch((error: unknown) => {
      host.say(`cannot start the delivery of reports: ${messageOf(error)}`);
    });
  }
  await refreshMetrics(host, store, config);
  return noted === "missing" ? "missing" : "noted";
}

/** Records the owed reports on a switch that has not ended, and starts their delivery. */
export async function reportLate(
  host: Host,
  config: Config,
  record: FinalizationRecord,
  why: string,
  deliver: OwnCommand,
): Promise<void> {
  const outbox = new Outbox(host, new RecordStore(config.stateDir).folder);
  const noted = oweLate(host, outbox, config.report, record, why);
  if (noted === "owed-now") await startDelivery(host, config, deliver);
}

async function owe(
  host: Host,
  store: RecordStore,
  outbox: Outbox,
  { report }: Config,
  record: FinalizationRecord,
): Promise<Owed> {
  const onOther = await oweUndone(host, outbox, store, report, record);
  const newer = await newerThan(store, report, record);
  const onOwn = oweReports(host, outbox, report, record, newer);
  return more(onOther, onOwn);
}

/** After a boot, whatever is configured now: reports may be owed from before the boot. */
export async function resumeReports(
  host: Host,
  config: Config,
  deliver: OwnCommand,
): Promise<void> {
  const store = new RecordStore(config.stateDir);
  if (!new Outbox(host, store.folder).isEmpty()) await startDelivery(host, config, deliver);
  await refreshMetrics(host, store, config);
}

export async function refreshMetrics(
  host: Host,
  store: RecordStore,
  config: Config,
  writer?: MetricsWriter,
): Promise<void> {
  try {
    await writeMetrics(host, store, config, writer);
  } catch (error) {
    host.say(`cannot write the metrics: ${messageOf(error)}`);
  }
}

/** How long to wait before each look, in seconds: some minutes in all. */
const LOOKS = [0, 1, 5, 15, 30, 60, 60, 60];

/** At the end of a finalization: nothing that follows would start the delivery of what is owed. */
export async function ensureDelivery(
  host: Host,
  config: Config,
  deliver: OwnCommand,
  stop: AbortSignal,
): Promise<void> {
  const store = new RecordStore(config.stateDir);
  // The resume unit delivers when a boot has got through.
  if ((await orderOf(host)) === "early") return;
  for (const seconds of LOOKS) {
    await pause(seconds * 1000, stop);
    if (stop.aborted) return;
    const missing = await withoutDelivery(host, store);
    if (missing.length === 0) return;
    await startDelivery(host, config, deliver, missing);
  }
  if ((await withoutDelivery(host, store)).length === 0) return;
  host.say("nothing delivers the reports that are owed; the next report or the next boot will");
}

/** The ways that reports have to go while no unit or process delivers them. */
async function withoutDelivery(host: Host, store: RecordStore): Promise<Way[]> {
  const outbox = new Outbox(host, store.folder);
  const owed = outbox.ways().filter((way) => !isAtWork(host, store, way));
  const are = await Promise.all(owed.map(async (way) => await hasDelivery(host, way)));
  return owed.filter((_, index) => are[index] === false);
}

function isAtWork({ paths }: Host, store: RecordStore, way: Way): boolean {
  try {
    return isProbablyLocked(paths.kernelLocks, store.lockPath(LOCK_OF[way]));
  } catch {
    return false;
  }
}

const UNIT = {
  servers: { prefix: "deploy-finalize-deliver-", any: "deploy-finalize-deliver-[0-9]*.service" },
  commands: {
    prefix: "deploy-finalize-deliver-commands-",
    any: "deploy-finalize-deliver-commands-*.service",
  },
} as const satisfies Record<Way, object>;

async function hasDelivery(host: Host, way: Way): Promise<boolean> {
  const units = [UNIT[way].any];
  const shown = await askProperties(host, ["ActiveState", "Job"], units).catch(() => []);
  return shown.some(({ ActiveState: active = "inactive", Job: job = "" }) => {
    return !["inactive", "failed"].includes(active) || !["", "0"].includes(job);
  });
}

/**
 * Starts a process for each way that reports have to go. Each has its own unit, because a unit that is
 * just ending cannot be started again; all but one find the lock taken and end at once. In emergency
 * mode such a unit would start the failed boot again; there the resume unit delivers, when a boot has
 * got through.
 */
export async function startDelivery(
  host: Host,
  config: Config,
  deliver: OwnCommand,
  ways: readonly Way[] = WAYS,
): Promise<void> {
  if ((await orderOf(host)) === "early") return;
  const store = new RecordStore(config.stateDir);
  const outbox = new Outbox(host, store.folder);
  for (const way of outbox.ways().filter((one) => ways.includes(one))) {
    const start = async (sandbox: Sandbox | null) =>
      await startTransient(host, () =>
        commands.deliver({
          unit: `${UNIT[way].prefix}${host.now().getTime()}`,
          command: [...deliver.command, "--only", way],
          path: deliver.path,
          sandbox,
        }),
      );
    // The sandbox has no right to make it.
    makeFile(store.lockPath(LOCK_OF[way]));
    let ended = await start(way === "servers" ? { writable: writableOf(outbox, config) } : null);
    if (way === "servers" && ended.exitCode !== 0) {
      // Some containers let systemd make none; a report is worth more.
      host.say(`cannot deliver reports in a sandbox, so tries without: ${describeEnd(ended)}`);
      ended = await start(null);
    }
    if (ended.exitCode === 0) continue;
    host.say(`cannot start the delivery of reports: ${describeEnd(ended)}`);
  }
}

function writableOf({ folder }: Outbox, { report }: Config): readonly string[] {
  const { metricsFile } = report;
  return [folder, ...(metricsFile === null ? [] : [dirname(metricsFile)])];
}
