import { printableLines } from "../core/printable.ts";
import type { Config } from "../core/config/config.ts";
import { wantsReports } from "../core/config/receivers.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { messageOf } from "../core/refusal.ts";
import { hasMetricsFiles } from "../report/metrics-files.ts";
import type * as Reports from "../report/start-delivery.ts";
import type { Services } from "../finalize/undo-deploy.ts";
import type {
  DriveOthers,
  Host,
  Noted,
  OwnCommand,
  Reporter,
  ScheduleReboot,
} from "../host/process/host.ts";
import type { Spawn } from "../host/process/spawn.ts";
import { Journal } from "../host/systemd/journal.ts";
import { RecordStore } from "../state-dir/store.ts";
import { type CommonOptions, complain, type Context } from "./context.ts";
import { configOf, loadCalled, loadConfig } from "./shared/load-config.ts";
import { ownCommand, runCommand } from "./shared/own-command.ts";

/** The configuration, the host and the records of one call. */
export async function openServices(context: Context, options: CommonOptions): Promise<Services> {
  const config = await loadConfig(options);
  return { config, host: hostOf(context, options), store: new RecordStore(config.stateDir) };
}

/** The host, with the amount of narration that the options ask for. */
export function hostOf(context: Context, options: CommonOptions): Host {
  const say = (line: string): void => {
    if (options.quiet !== true) complain(context, line);
  };
  const spawn: Spawn = async (argv, spawnOptions) => {
    if (options.verbose === true) say(`runs ${argv.join(" ")}`);
    return await context.spawn(argv, spawnOptions);
  };
  const echo = (text: string): void => {
    context.stderr.write(printableLines(text));
  };
  const journal = new Journal(spawn, say, context.narration);
  const { now, elapsedMs, paths } = context;
  const notifySocket = context.env["NOTIFY_SOCKET"];
  const unit = notifySocket === undefined ? {} : { ownUnit: { notifySocket, isEndTold: false } };
  const host: Host = { spawn, say, journal, echo, now, elapsedMs, paths, ...unit };
  const driving = { ...host, report: reporterOf(context, options, host) };
  const scheduleReboot = rebootSchedulerOf(context, options, driving);
  return { ...driving, scheduleReboot, driveOthers: driverOf(context, options, driving) };
}

/** For a process that has ended its finalization and stays: nobody else may drive the newest one. */
function driverOf(context: Context, options: CommonOptions, host: Host): DriveOthers {
  return async (record) => {
    const config = await configOf(record, (await loadCalled(options)).called);
    const { keepNewestDriven } = await import("../finalize/newest/keep-driven.ts");
    const store = new RecordStore(config.stateDir);
    await keepNewestDriven(host, store, runCommand(context, config, options));
  };
}

/** For a command that has done its own work: an error here is said, and changes nothing of that. */
export async function leaveNobodyBehind(
  context: Context,
  { host, store, config }: Services,
  options: CommonOptions,
): Promise<void> {
  try {
    const { keepNewestDriven } = await import("../finalize/newest/keep-driven.ts");
    await keepNewestDriven(host, store, runCommand(context, config, options));
  } catch (error) {
    complain(context, `cannot look whether the newest finalization continues: ${messageOf(error)}`);
  }
}

/** Loads its code only if a reboot was put off. */
function rebootSchedulerOf(context: Context, options: CommonOptions, host: Host): ScheduleReboot {
  return async (record) => {
    const config = await configOf(record, (await loadCalled(options)).called);
    const store = new RecordStore(config.stateDir);
    const { configFile } = record;
    const places = configFile === null ? options : { ...options, config: configFile };
    const run = runCommand(context, config, places);
    const { random } = context;
    const { schedulePutOffReboot } = await import("../finalize/newest/put-off-reboot.ts");
    await schedulePutOffReboot(host, store, config, record, { run, random });
  };
}

type Tell = (
  reports: typeof Reports,
  ...by: readonly [config: Config, deliver: OwnCommand]
) => Promise<Noted>;

/**
 * Reports with the configuration of each record. Loads its code only if there is something to
 * report, and no error reaches the finalization.
 */
function reporting(context: Context, options: CommonOptions, host: Host) {
  const configs = new Map<string | null, Config>();
  let queue = Promise.resolve<Noted>("noted");
  const configFor = async (record: FinalizationRecord): Promise<Config> => {
    const { configFile, profile } = record;
    const config =
      configs.get(configFile) ?? (await configOf(record, (await loadCalled(options)).called));
    configs.set(configFile, config);
    return { ...config, profile };
  };
  /** One after the other: two must not write the same file at the same time. */
  const inTurn = async (act: () => Promise<Noted>): Promise<Noted> => {
    queue = queue.then(act).catch((error: unknown) => {
      host.say(`cannot report: ${messageOf(error)}`);
      return "missing" as const;
    });
    return await queue;
  };
  return async (record: FinalizationRecord, tell: Tell): Promise<Noted> => {
    return await inTurn(async () => {
      const config = await configFor(record);
      if (!wantsReports(config.report) && !hasMetricsFiles(config.stateDir)) return "noted";
      const reports = await import("../report/start-delivery.ts");
      const { configFile } = record;
      const places = configFile === null ? options : { ...options, config: configFile };
      return await tell(reports, config, ownCommand(context, "deliver", places));
    });
  };
}

export function reporterOf(context: Context, options: CommonOptions, host: Host): Reporter {
  const report = reporting(context, options, host);
  const reportState =
    (what: Reports.Occasion) =>
    async (record: FinalizationRecord): Promise<Noted> =>
      await report(
        record,
        async (reports, config, deliver) =>
          await reports.reportState(host, config, record, what, deliver),
      );
  const [takenUp, measured] = [reportState("taken-up"), reportState("measured")];
  return {
    changed: reportState("changed"),
    takenUp: async (record) => {
      await takenUp(record);
    },
    measured: async (record) => {
      await measured(record);
    },
    settled: async (record, stop) => {
      await report(record, async (reports, config, deliver) => {
        await reports.ensureDelivery(host, config, deliver, stop);
        return "noted";
      });
    },
    rollout: async (record, seen) => {
      await report(record, async (_, config, deliver) => {
        const { reportRollout } = await import("../report/fleet/report-rollout.ts");
        await reportRollout(host, config, record, seen, deliver);
        return "noted";
      });
    },
    late: async (record, why) => {
      await report(record, async (reports, config, deliver) => {
        await reports.reportLate(host, config, record, why, deliver);
        return "noted";
      });
    },
  };
}

/** After a boot: starts the delivery of the reports that are left and updates the metrics. */
export async function reportLeftOvers(
  context: Context,
  options: CommonOptions,
  host: Host,
  config: Config,
): Promise<void> {
  const { resumeReports } = await import("../report/start-delivery.ts");
  await resumeReports(host, config, ownCommand(context, "deliver", options));
}

/** The commit that a target names; null without receivers, because finding it starts a process. */
export async function revisionToReport(
  host: Host,
  { report }: Config,
  target: string,
): Promise<string | null> {
  return report.receivers.length === 0 ? null : await revisionNamedBy(host, target);
}

/** The commit that a target names; null if it names none. */
export async function revisionNamedBy(host: Host, target: string): Promise<string | null> {
  const { revisionOfTarget } = await import("../host/nixos/revision.ts");
  return await revisionOfTarget(host, target);
}
