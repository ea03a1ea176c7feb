import { drive } from "../../src/core/drive.ts";
import type { advance } from "../../src/core/machine.ts";
import { isTerminal } from "../../src/core/states.ts";
import { PREVIOUS, TARGET } from "../support/records.ts";
import type { Scenario } from "./scenarios.ts";
import { type Aftermath, Crash, World } from "./world.ts";

export interface CrashPlan {
  /** The point of this life at which it crashes, from 1. */
  readonly at: number;
  readonly aftermath: Aftermath;
}

const AFTERMATHS: readonly Aftermath[] = ["same boot", "booted target", "booted previous"];

/** More lives than any finalization needs: reaching this is going round in circles. */
const MOST_LIVES = 40;

/** Runs a scenario to its end through the crashes planned; returns the world and the points of each life. */
async function live(scenario: Scenario, crashes: readonly CrashPlan[], machine: typeof advance) {
  const world = new World(scenario);
  const pending = [...crashes];
  const points: number[] = [];
  for (let life = 0; life < MOST_LIVES; life++) {
    world.point = 0;
    world.crashAt = pending[0]?.at ?? Number.POSITIVE_INFINITY;
    const crashed = await drive(world.saved, world.ports(), machine).then(
      () => false,
      rethrowUnlessCrash,
    );
    points.push(world.point);
    if (crashed) world.suffer(pending.shift()?.aftermath ?? "same boot");
    else if (world.isRebootPending) world.reboot();
    else break;
  }
  return { world, points };
}

function rethrowUnlessCrash(error: unknown): true {
  if (error instanceof Crash) return true;
  throw error;
}

/** What is wrong at the end, nothing when all is right. */
function violations(scenario: Scenario, world: World): string[] {
  const { saved, booted, current, profile, bootDefault, reboots } = world;
  const wrong: string[] = [];
  const must = (holds: boolean, what: string): void => void (holds || wrong.push(what));
  const runs = (toplevel: string): boolean =>
    current === toplevel && (scenario.kernelChanged !== true || booted === toplevel);
  must(isTerminal(saved.state), `ends, but is ${saved.state}`);
  must(reboots.forward <= 1, `at most one reboot forward, but ${reboots.forward}`);
  must(reboots.back <= 1, `at most one reboot back, but ${reboots.back}`);
  if (saved.state === "live") {
    must(runs(TARGET), "live means that the target runs");
    must(bootDefault === TARGET && profile === TARGET, "live means that the target stays");
  }
  if (saved.state === "rolled-back") {
    must(runs(PREVIOUS), "rolled-back means that the previous system runs");
    must(bootDefault === PREVIOUS && profile === PREVIOUS, "rolled-back means that it stays");
  }
  if (saved.state === "superseded" || saved.state === "cancelled") {
    must(world.acts === 0, "dropped means that nothing was done");
  }
  if (/fell back/.test(saved.outcome?.reason ?? "")) {
    must(current === PREVIOUS, "fell back means that the previous system runs");
    must(saved.previous === null || profile === PREVIOUS, "fell back sets the profile back");
  }
  must(saved.outcome !== null && saved.outcome.reason !== "", "the end has a reason");
  return wrong;
}

export interface Walk {
  readonly crashPoints: number;
  readonly runs: number;
  /** Each with the scenario and the crashes that led to it. */
  readonly violations: readonly string[];
}

/** Walks every crash point of a scenario, and for each one every second crash after it. */
export async function walk(scenario: Scenario, machine: typeof advance): Promise<Walk> {
  const found: string[] = [];
  let runs = 0;
  const tryOut = async (crashes: readonly CrashPlan[]): Promise<number[]> => {
    runs++;
    const { world, points } = await live(scenario, crashes, machine);
    const told = crashes.map(({ at, aftermath }) => `${aftermath} after point ${at}`).join(", ");
    for (const wrong of violations(scenario, world)) {
      found.push(`${scenario.name} [${told || "no crash"}]: ${wrong}`);
    }
    return points;
  };
  const undisturbed = await tryOut([]);
  const firsts = undisturbed.flatMap((points, life) => plansFor(life, undisturbed, points));
  for (const first of firsts) {
    const points = await tryOut(first);
    const next = points[first.length] ?? 0;
    for (const second of plans(next)) await tryOut([...first, second]);
  }
  return { crashPoints: firsts.length, runs, violations: found };
}

/** Crashes in a later life of an undisturbed run: the lives before it end by themselves. */
function plansFor(life: number, _all: readonly number[], points: number): CrashPlan[][] {
  return life === 0 ? plans(points).map((plan) => [plan]) : [];
}

function plans(points: number): CrashPlan[] {
  return Array.from({ length: points }, (_, i) => i + 1).flatMap((at) =>
    AFTERMATHS.map((aftermath) => ({ at, aftermath })),
  );
}
