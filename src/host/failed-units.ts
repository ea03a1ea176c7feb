import type { FinalizationRecord } from "../core/record.ts";
import type { Host } from "./host.ts";
import { describeEnd } from "./spawn.ts";
import { listUnits, showProperties } from "./systemd-commands.ts";
import { parseProperties, type Properties } from "./unit-properties.ts";

/** Units that were in trouble before acting, with how often they had restarted themselves. */
export type FailedUnits = NonNullable<FinalizationRecord["failedBefore"]>;

/** A unit that has failed, or that waits to be started again by its Restart=. */
export interface UnitTrouble {
  readonly unit: string;
  readonly kind: "failed" | "restarting";
}

/** How often each service has restarted itself by Restart= since it was started: NRestarts. */
export type Restarts = ReadonlyMap<string, number>;

const STATES = ["failed", "auto-restart", "auto-restart-queued"];
const PROPERTIES = ["Id", "ActiveState", "SubState", "NRestarts", "ExecMainStartTimestamp"];

/** A service that restarted itself this lately, in seconds, is taken for one that crashes again and again. */
const LATELY = 60;

/** @throws Error where systemd does not answer */
export async function listTroubled(host: Host): Promise<UnitTrouble[]> {
  const ended = await host.spawn(listUnits(STATES));
  if (ended.exitCode !== 0) throw new Error(describeEnd(ended));
  return parseTroubled(ended.stdout);
}

/** Lines of UNIT LOAD ACTIVE SUB DESCRIPTION; some versions put a dot before them. */
export function parseTroubled(text: string): UnitTrouble[] {
  return text.split("\n").flatMap((line): UnitTrouble[] => {
    const fields = /^[●×↻*\s]*(\S+)\s+\S+\s+(\S+)\s+(\S+)/.exec(line);
    const [, unit = "", active, sub = ""] = fields ?? [];
    if (unit === "" || isOurs(unit)) return [];
    if (active === "failed") return [{ unit, kind: "failed" }];
    return sub.startsWith("auto-restart") ? [{ unit, kind: "restarting" }] : [];
  });
}

/** @throws Error where systemd does not answer */
export async function countRestarts(
  host: Host,
  units: readonly string[] = ["*.service"],
): Promise<Restarts> {
  const services = await showServices(host, units);
  return new Map(services.map((service) => [service["Id"] ?? "", restartsOf(service)]));
}

/**
 * The units in trouble now, to be kept before acting: what they do afterwards is not
 * the deploy's doing.
 *
 * @throws Error where systemd does not answer
 */
export async function takeBaseline(host: Host): Promise<FailedUnits> {
  const [troubled, services] = [await listTroubled(host), await showServices(host, ["*.service"])];
  const restarts = new Map(services.map((service) => [service["Id"] ?? "", restartsOf(service)]));
  const lately = services.filter((service) => restartedLately(service, host.now()));
  const units = [...troubled.map(({ unit }) => unit), ...lately.map(({ Id }) => Id ?? "")];
  return [...new Set(units)].map((unit) => ({ unit, restarts: restarts.get(unit) ?? 0 }));
}

async function showServices(host: Host, units: readonly string[]): Promise<Properties[]> {
  const ended = await host.spawn(showProperties(PROPERTIES, units));
  if (ended.exitCode !== 0) throw new Error(describeEnd(ended));
  return parseProperties(ended.stdout).filter(({ Id }) => Id !== undefined && !isOurs(Id));
}

function restartedLately(service: Properties, now: Date): boolean {
  const started = /^@(\d+)/.exec(service["ExecMainStartTimestamp"] ?? "")?.[1];
  if (started === undefined || restartsOf(service) === 0) return false;
  return now.getTime() / 1000 - Number(started) < LATELY;
}

function restartsOf(service: Properties): number {
  const restarts = Number(service["NRestarts"] ?? 0);
  return Number.isSafeInteger(restarts) ? restarts : 0;
}

/** Our own units never count: what they say is in the record. */
function isOurs(unit: string): boolean {
  return unit.startsWith("deploy-finalize-");
}
