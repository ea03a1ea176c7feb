import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Host } from "../process/host.ts";
import { isLocked } from "../files/kernel-locks.ts";
import { describeEnd, type Ended } from "../process/spawn.ts";
import { showProperties } from "../systemd/commands.ts";
import { parseProperties, type Properties } from "../systemd/units.ts";

/** The time limit of a dry activation; after it, the result is unknown. */
const DRY_ACTIVATE_MS = 60_000;

/** A unit stops with another unit that it names in one of these properties: systemd.unit(5). */
const BONDS = ["Requires", "Requisite", "BindsTo", "PartOf", "StopPropagatedFrom"];

/** For each loaded unit, the units whose stop stops it too. */
export type Bonds = ReadonlyMap<string, readonly string[]>;

/** The effect of a switch on units. */
export type DryActivation =
  | { readonly kind: "known"; readonly plan: UnitPlan; readonly bonds: Bonds }
  | { readonly kind: "unknown"; readonly why: string };

/**
 * Runs dry-activate without the switch lock, because a deploy that meets the lock fails. While a
 * switch goes on the answer is unknown, as if it had met the lock. Needs root.
 */
export async function dryActivate(host: Host, toplevel: string): Promise<DryActivation> {
  if (isSwitchRunning(host) === true) return SWITCH_RUNS;
  const signal = AbortSignal.timeout(DRY_ACTIVATE_MS);
  const argv = [join(toplevel, "bin/switch-to-configuration"), "dry-activate"];
  const [dry, units] = await Promise.all([
    apart(host, argv, signal),
    host.spawn(showProperties(["Id", ...BONDS], ["*"])),
  ]);
  const failed = [dry, units].find(({ exitCode }) => exitCode !== 0);
  if (failed !== undefined) return { kind: "unknown", why: describeEnd(failed) };
  if (isSwitchRunning(host) === true) return SWITCH_RUNS;
  const plan = parseDryActivate(`${dry.stdout}\n${dry.stderr}`);
  return { kind: "known", plan, bonds: bondsOf(parseProperties(units.stdout)) };
}

const SWITCH_RUNS: DryActivation = {
  kind: "unknown",
  why: "another switch-to-configuration is running",
};

/** The exit code of no activation: the lock could not be hidden. */
const NOT_HIDDEN = 99;

/**
 * In mounts of its own another file is in the place of the lock, and the lists beside it are the real ones.
 * The file is in a file system of its own, because to look must change nothing.
 */
const HIDE = `mount -t tmpfs none /dev/shm && : >/dev/shm/lock && mount --bind /dev/shm/lock "$1" &&
umount /dev/shm || exit ${NOT_HIDDEN}
shift
exec "$@"`;

/** Also where mounts are not allowed, as in some containers: the lock is taken for a moment then. */
async function apart(host: Host, argv: readonly string[], signal: AbortSignal): Promise<Ended> {
  const { switchLock } = host.paths;
  if (isSwitchRunning(host) === false && existsSync(switchLock)) {
    const shell = ["/bin/sh", "-c", HIDE, "sh", switchLock];
    const ended = await host.spawn(["unshare", "--mount", "--", ...shell, ...argv], { signal });
    const isRefused = ended.exitCode !== 0 && ended.stderr.startsWith("unshare:");
    if (!isRefused && ended.exitCode !== NOT_HIDDEN) return ended;
  }
  return await host.spawn(argv, { signal });
}

/** Null if that cannot be found out. */
function isSwitchRunning({ paths }: Host): boolean | null {
  try {
    return isLocked(paths.kernelLocks, paths.switchLock);
  } catch {
    return null;
  }
}

/** `dryActivate` for `explain`: not while another activation runs, because it would disturb that. */
export async function dryActivateGently(host: Host, toplevel: string): Promise<DryActivation> {
  return isSwitchRunning(host) === null
    ? { kind: "unknown", why: "cannot look up the switch lock" }
    : await dryActivate(host, toplevel);
}

export function bondsOf(units: readonly Properties[]): Bonds {
  return new Map(
    units.map((unit) => {
      const names = BONDS.flatMap((bond) => (unit[bond] ?? "").split(" "));
      return [unit["Id"] ?? "", names.filter((name) => name !== "")];
    }),
  );
}

/** The effect of a switch on units, according to `switch-to-configuration dry-activate`. */
export interface UnitPlan {
  readonly stop: readonly string[];
  readonly restart: readonly string[];
  readonly reload: readonly string[];
  readonly start: readonly string[];
  /** Changed, but not restarted. */
  readonly skip: readonly string[];
  /** Whether PID 1 re-executes itself; this stops no unit. */
  readonly systemd: "stays" | "restarts";
}

type Verb = "stop" | "restart" | "reload" | "start";

/** Older versions also print `… units as well: ` for requests of the activation script. */
const LINE =
  /^would (NOT )?(stop|restart|reload|start) the following (?:changed )?units(?: as well)?: (.*)$/;

const SYSTEMD = "would restart systemd";

/**
 * Reads the output of switch-to-configuration, the Rust or the Perl program; other lines are ignored
 * (notes/dry-activate.md).
 */
export function parseDryActivate(text: string): UnitPlan {
  const lines = text.split("\n");
  const said = lines.flatMap(parseLine);
  const unitsOf = (verb: Verb | "skip") => [
    ...new Set(said.flatMap((line) => (line.verb === verb ? line.units : []))),
  ];
  return {
    stop: unitsOf("stop"),
    restart: unitsOf("restart"),
    reload: unitsOf("reload"),
    start: unitsOf("start"),
    skip: unitsOf("skip"),
    systemd: lines.some((line) => line.trimEnd() === SYSTEMD) ? "restarts" : "stays",
  };
}

function parseLine(line: string): { readonly verb: string; readonly units: string[] }[] {
  const [, not, verb = "", names = ""] = LINE.exec(line.trimEnd()) ?? [];
  const units = names.split(", ").filter((name) => name !== "");
  return units.length === 0 ? [] : [{ verb: not === undefined ? verb : "skip", units }];
}
