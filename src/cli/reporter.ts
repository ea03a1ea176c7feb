import type { Config } from "../core/config.ts";
import { messageOf } from "../core/refusal.ts";
import { wantsReports } from "../core/report-defaults.ts";
import type { FinalizationRecord } from "../core/record.ts";
import type { Host, Reporter } from "../host/host.ts";
import type { CommonOptions, Context } from "./context.ts";
import { configOf, loadConfig } from "./load-config.ts";
import { ownCommand } from "./own-command.ts";

/**
 * Reports with the configuration of each record. Everything is loaded only where something
 * is to be reported, and nothing that goes wrong reaches the finalization.
 */
export function reporterOf(context: Context, options: CommonOptions, host: Host): Reporter {
  const known = new Map<string | null, Config>();
  let last = Promise.resolve();
  const configFor = async (record: FinalizationRecord): Promise<Config> => {
    const { configFile, profile } = record;
    const config = known.get(configFile) ?? (await configOf(record, await loadConfig(options)));
    known.set(configFile, config);
    return { ...config, profile };
  };
  /** One after the other: two must not write the same file at once. */
  const inTurn = async (act: () => Promise<void>): Promise<void> => {
    last = last.then(act).catch((error: unknown) => {
      host.say(`cannot report: ${messageOf(error)}`);
    });
    await last;
  };
  const tell = async (record: FinalizationRecord, what: "changed" | "taken-up" | "measured") => {
    await inTurn(async () => {
      const config = await configFor(record);
      if (!wantsReports(config.report)) return;
      const { tellAll } = await import("../report/tell.ts");
      const { configFile } = record;
      const places = configFile === null ? options : { ...options, config: configFile };
      await tellAll(host, config, record, what, ownCommand(context, "deliver", places));
    });
  };
  return {
    changed: async (record) => {
      await tell(record, "changed");
    },
    takenUp: async (record) => {
      await tell(record, "taken-up");
    },
    measured: async (record) => {
      await tell(record, "measured");
    },
  };
}

/** After a boot: what is still owed goes on its way, and the metrics show the new boot. */
export async function reportLeftOvers(
  context: Context,
  options: CommonOptions,
  host: Host,
  config: Config,
): Promise<void> {
  const { takeUpReports } = await import("../report/tell.ts");
  await takeUpReports(host, config, ownCommand(context, "deliver", options));
}
