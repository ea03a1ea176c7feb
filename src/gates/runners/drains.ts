import type { Config, RunnerConfig } from "../../core/config/config.ts";
import { messageOf } from "../../core/refusal.ts";
import { secondsIn } from "../../core/span.ts";
import { environmentOf, grepEnvironments } from "../../host/files/processes.ts";
import type { Host } from "../../host/process/host.ts";
import { askProperties, type Properties } from "../../host/systemd/units.ts";
import { type Drain, presetOf } from "./presets.ts";

/**
 * In the environment of a runner's process: what its stop does. The NixOS module sets it together
 * with all that makes it true, so a process that was started before that does not have it.
 */
export const STOP_VARIABLE = "DEPLOY_FINALIZE_STOP";
export const STOP_DRAINS = "drains";

export type Stop =
  /** It does not run. */
  | { readonly kind: "inactive" }
  /** Its stop lets it finish its job and take no new one. */
  | { readonly kind: "drains" }
  /** Its stop would end its job. */
  | { readonly kind: "kills"; readonly why: string };

export interface RunnerStop {
  readonly unit: string;
  readonly stop: Stop;
}

/** What the stop of each runner would do, one answer for each unit; never rejects. */
export async function stopsOf(
  host: Host,
  { waitFor }: Pick<Config, "waitFor">,
  runners: readonly RunnerConfig[],
): Promise<readonly RunnerStop[]> {
  const units = [...new Set(runners.map(({ unit }) => unit))];
  if (units.length === 0) return [];
  const all = (why: string): RunnerStop[] =>
    units.map((unit) => ({ unit, stop: { kind: "kills", why } }));
  if (!waitFor.drainRunners) return all("waitFor.drainRunners is false");
  try {
    const shown = await askProperties(host, PROPERTIES, units);
    if (shown.length !== units.length) throw new Error(`systemctl showed ${shown.length} units`);
    const saying = await sayingSo(host, shown.map(mainProcessOf));
    return units.map((unit, index) => {
      const drains = runners.filter((runner) => runner.unit === unit).map(drainOf);
      const properties = shown[index] ?? {};
      const says = saying.has(mainProcessOf(properties));
      return { unit, stop: stopOf(properties, drains, says, waitFor.timeout) };
    });
  } catch (error) {
    return all(messageOf(error));
  }
}

function drainOf(runner: RunnerConfig): Drain | null {
  return presetOf(runner).drain;
}

function mainProcessOf({ MainPID = "0" }: Properties): number {
  return Number(MainPID);
}

/** A process that hangs may never show its environment. */
const ENVIRONMENT_MS = 5_000;

/** Those of the processes that were started with the word that their stop drains. */
async function sayingSo(host: Host, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const living = ids.filter((id) => id > 0);
  if (living.length === 0) return new Set();
  const search = grepEnvironments(host.paths, living, `${STOP_VARIABLE}=${STOP_DRAINS}`);
  const { stdout } = await host.spawn(search, { timeoutMs: ENVIRONMENT_MS });
  const found = new Set(stdout.split("\n"));
  return new Set(living.filter((id) => found.has(environmentOf(host.paths, id))));
}

const PROPERTIES = ["Id", "ActiveState", "MainPID", "KillMode", "KillSignal", "TimeoutStopUSec"];

/** Several entries may name a unit: the one that says that it drains counts. */
function stopOf(
  unit: Properties,
  drains: readonly (Drain | null)[],
  says: boolean,
  timeout: number,
): Stop {
  const active = unit["ActiveState"];
  if (active === "inactive" || active === "failed") return { kind: "inactive" };
  const whys = drains.map((drain) => whyKills(unit, drain, says, timeout));
  const why = whys.includes(null) ? null : (whys[0] ?? "");
  return why === null ? { kind: "drains" } : { kind: "kills", why };
}

/** Null if the stop drains. Pure. */
function whyKills(
  { KillMode = "", KillSignal = "", TimeoutStopUSec = "" }: Properties,
  drain: Drain | null,
  says: boolean,
  timeout: number,
): string | null {
  if (drain === null) return "no signal makes it finish its job";
  if (KillMode !== "mixed" && KillMode !== "process") {
    return `KillMode=${KillMode} ends the job's processes too`;
  }
  if (secondsOf(TimeoutStopUSec) < timeout) {
    return `TimeoutStopSec=${TimeoutStopUSec} is shorter than waitFor.timeout`;
  }
  if (says) return null;
  if (drain.saidBy === "process") return `it was started without ${STOP_VARIABLE}=${STOP_DRAINS}`;
  return drain.signals.includes(SIGNALS[KillSignal] ?? KillSignal)
    ? null
    : `KillSignal=${KillSignal} is not ${drain.signals.join(" or ")}`;
}

/** systemd tells the number: signal(7). */
const SIGNALS: Readonly<Record<string, string>> = {
  "1": "SIGHUP",
  "2": "SIGINT",
  "3": "SIGQUIT",
  "10": "SIGUSR1",
  "12": "SIGUSR2",
  "15": "SIGTERM",
};

/** As systemd prints a span; weeks and more are long enough for every job. */
export function secondsOf(span: string): number {
  if (span === "infinity" || /\d(w|month|y)/.test(span)) return Infinity;
  return secondsIn(span) ?? 0;
}
