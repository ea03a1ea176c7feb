import { join } from "node:path";
import { printableLines } from "../../core/printable.ts";
import {
  hiddenIn,
  hider,
  secretFilesIn,
  shownConfig,
  shownRecord,
} from "../../core/redaction/config.ts";
import { withoutSecretLooks } from "../../core/redaction/text.ts";
import { messageOf } from "../../core/refusal.ts";
import type { Services } from "../../finalize/undo-deploy.ts";
import { Secrets } from "../../forge/secrets.ts";
import { readIfThere } from "../../host/files/durable.ts";
import { type Ended, describeEnd } from "../../host/process/spawn.ts";
import {
  listOwnUnits,
  showOtherJournal,
  showRecentJournal,
} from "../../host/systemd/journal-commands.ts";
import type { ReportBugJson } from "../../json/report-bug.ts";
import { fleetScreen } from "../../view/fleet/fleet-screen.ts";
import { statusScreen } from "../../view/status-screen.ts";
import { PLAIN } from "../../view/style.ts";
import type { Context } from "../context.ts";
import { everyId, findId } from "../shared/find-record.ts";
import { lookAtStatus } from "../shared/look-at-status.ts";

export type BugReport = Pick<ReportBugJson, "id" | "parts">;
type Part = BugReport["parts"][number];

export interface Reporting extends Services {
  readonly context: Context;
  readonly wanted: string | undefined;
  /** The configuration file of the call; undefined if there is none. */
  readonly configFile: string | undefined;
}

/**
 * What a maintainer needs to understand a finalization, without secrets: those that the
 * configuration names, and what looks like one.
 *
 * @throws Refusal if the finalization that is meant does not exist
 */
export async function collectBugReport(reporting: Reporting): Promise<BugReport> {
  const { store, wanted } = reporting;
  const id = wanted === undefined ? store.newest() : findId(everyId(store), wanted);
  const config = configTextOf(reporting, id);
  const hide = hiding(config);
  const parts = [
    await versions(reporting),
    await status(reporting),
    recordPart(reporting, id),
    configPart(config),
    ...(await fleetParts(reporting)),
    await ran(reporting, "Units", listOwnUnits()),
    ...(id === null ? [] : [await ran(reporting, "Journal", showRecentJournal(id))]),
    await ran(reporting, "Journal of the other units, this boot", showOtherJournal()),
  ];
  return { id, parts: parts.map(({ title, text }) => ({ title, text: hide(text).trimEnd() })) };
}

/** One secret that cannot be read does not keep the others in the text. */
function hiding(config: string): (text: string) => string {
  const secrets = new Secrets(() => {});
  for (const file of secretFilesIn(config)) {
    try {
      secrets.from(file);
    } catch {
      // A file that is missing or empty holds nothing to hide.
    }
  }
  const hide = hider(hiddenIn(config));
  return (text) => printableLines(withoutSecretLooks(hide(secrets.hide(text))));
}

async function versions({ context, host }: Reporting): Promise<Part> {
  const lines = [`deploy-finalize ${context.version}, run by ${context.self.join(" ")}`];
  for (const argv of [
    ["systemctl", "--version"],
    ["nix", "--version"],
    ["uname", "-srm"],
  ]) {
    const ended = await host.spawn(argv);
    lines.push(`${argv.join(" ")}: ${printed(ended).split("\n")[0] ?? ""}`);
  }
  return { title: "Versions", text: lines.join("\n") };
}

async function status(reporting: Reporting): Promise<Part> {
  const title = "Status";
  try {
    return { title, text: statusScreen(PLAIN, await lookAtStatus(reporting)).join("\n") };
  } catch (error) {
    return { title, text: `cannot be shown: ${messageOf(error)}` };
  }
}

/** None without rollouts. */
async function fleetParts({ config, context }: Reporting): Promise<Part[]> {
  if (config.fleet === null) return [];
  const title = "Rollout";
  try {
    const { placeOf } = await import("../fleet/place.ts");
    const { lookAtFleet } = await import("../fleet/look.ts");
    const seen = await lookAtFleet(await placeOf(context, config));
    return [{ title, text: fleetScreen(PLAIN, context.now(), seen, "notable").join("\n") }];
  } catch (error) {
    return [{ title, text: `cannot be shown: ${messageOf(error)}` }];
  }
}

/** Also one that this version cannot read. */
function recordPart({ store }: Reporting, id: string | null): Part {
  const title = "Record";
  if (id === null) return { title, text: "none" };
  const text = recordTextOf(store.folder, id);
  return { title, text: text === null ? "it cannot be read" : (shownRecord(text) ?? text) };
}

function recordTextOf(folder: string, id: string): string | null {
  for (const name of [`${id}.json`, `${id}.json.broken`]) {
    const text = textIn(join(folder, name));
    if (text !== null) return text;
  }
  return null;
}

/** The configuration of the finalization, else that of the call; empty if there is none. */
function configTextOf({ store, configFile }: Reporting, id: string | null): string {
  const record = id === null ? null : recordTextOf(store.folder, id);
  const [, own] = /"configFile": ?"([^"]+)"/.exec(record ?? "") ?? [];
  const files = [own, configFile].filter((file) => file !== undefined);
  return files.map(textIn).find((text) => text !== null) ?? "";
}

function configPart(config: string): Part {
  return { title: "Configuration", text: shownConfig(config) ?? "none that can be read" };
}

function textIn(path: string): string | null {
  try {
    return readIfThere(path);
  } catch {
    return null;
  }
}

async function ran({ host }: Reporting, title: string, argv: readonly string[]): Promise<Part> {
  const ended = await host.spawn(argv, { streams: "ends" });
  return { title, text: printed(ended) };
}

/** A program that fails is part of the report. */
function printed(ended: Ended): string {
  return ended.exitCode === 0 ? ended.stdout : `${ended.stdout}${describeEnd(ended)}`;
}
