import type { FinalizationRecord } from "../core/record.ts";
import type { Host } from "./host.ts";
import { listUnits } from "./systemd-commands.ts";
import { askUnits, type ListedUnit } from "./unit-list.ts";
import { askProperties, type Properties } from "./unit-properties.ts";

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
  return (await askUnits(host, listUnits(STATES))).flatMap(troubleOf);
}

function troubleOf({ unit, active, sub }: ListedUnit): UnitTrouble[] {
  if (isOurs(unit)) return [];
  if (active === "failed") return [{ unit, kind: "failed" }];
  return sub.startsWith("auto-restart") ? [{ unit, kind: "restarting" }] : [];
}

/** @throws Error where systemd does not answer */
export async function countRestarts(
  host: Host,
  units: readonly string[] = ["*.service"],
): Promise<Restarts> {
  return restartsAmong(await askServices(host, units));
}

function restartsAmong(services: readonly Properties[]): Restarts {
  return new Map(services.map((service) => [service["Id"] ?? "", restartsOf(service)]));
}

/**
 * The units in trouble now, to be kept before acting: what they do afterwards is not
 * the deploy's doing.
 *
 * @throws Error where systemd does not answer
 */
export async function takeBaseline(host: Host): Promise<FailedUnits> {
  const [troubled, services] = [await listTroubled(host), await askServices(host, ["*.service"])];
  const restarts = restartsAmong(services);
  const lately = services.filter((service) => restartedLately(service, host.now()));
  const units = [...troubled.map(({ unit }) => unit), ...lately.map(({ Id }) => Id ?? "")];
  return [...new Set(units)].map((unit) => ({ unit, restarts: restarts.get(unit) ?? 0 }));
}

async function askServices(host: Host, units: readonly string[]): Promise<Properties[]> {
  const services = await askProperties(host, PROPERTIES, units);
  return services.filter(({ Id }) => Id !== undefined && !isOurs(Id));
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
