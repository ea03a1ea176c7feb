import { hash } from "node:crypto";
import { drive } from "../../src/core/machine/loop.ts";
import type { advance } from "../../src/core/machine/machine.ts";
import { putsRebootOff } from "../../src/core/record/record.ts";
import { isTerminal } from "../../src/core/states.ts";
import { PREVIOUS, TARGET } from "../support/records.ts";
import type { Scenario } from "./scenarios.ts";
import { type Aftermath, Crash, World } from "./world.ts";

export interface CrashPlan {
  /** The point at which it crashes, counted from 1 over all lives. */
  readonly at: number;
  readonly aftermath: Aftermath;
}

/** Where a loader knows what comes up, the target comes up only by its doing. */
function aftermathsOf({ loader }: Scenario): readonly Aftermath[] {
  return [
    "same boot",
    "booted previous",
    loader === undefined ? "booted target" : "booted by the loader",
  ];
}

/** More lives than any finalization needs: reaching this is going round in circles. */
const MOST_LIVES = 40;

interface Life {
  readonly world: World;
  /** What the machine threw; null if it did not. */
  readonly defect: string | null;
}

/**
 * Runs a scenario to its end, through the crashes planned.
 *
 * @param undisturbed called at each point after the last crash
 */
async function live(
  scenario: Scenario,
  crashes: readonly CrashPlan[],
  machine: typeof advance,
  undisturbed: (world: World) => void,
): Promise<Life> {
  const world = new World(scenario);
  const pending = [...crashes];
  world.atPoint = () => {
    if (pending.length === 0) undisturbed(world);
  };
  for (let life = 0; life < MOST_LIVES; life++) {
    world.crashAt = pending[0]?.at ?? Number.POSITIVE_INFINITY;
    const driven = drive(world.saved, world.ports(), machine);
    const end = await driven.then(() => "left", errorUnlessCrash);
    if (end instanceof Error) return { world, defect: end.message };
    if (end === "crashed") world.suffer(pending.shift()?.aftermath ?? "same boot");
    else if (world.isRebootPending) world.reboot();
    else if (world.isTimerArmed) world.fireTimer();
    else if (world.hasTidiedUp) break;
  }
  return { world, defect: null };
}

function errorUnlessCrash(error: unknown): "crashed" | Error {
  if (error instanceof Crash) return "crashed";
  return error instanceof Error ? error : new Error(String(error));
}

/** What is wrong at the end, nothing when all is right. */
function violations(scenario: Scenario, world: World): string[] {
  const { saved, reboots } = world;
  const { booted, current, profile, bootDefault } = world.atEnd ?? world;
  const wrong: string[] = [];
  const must = (holds: boolean, what: string): void => void (holds || wrong.push(what));
  const runs = (toplevel: string, started: string): boolean =>
    current === toplevel && (!mustBoot(scenario, world) || booted === started);
  must(isTerminal(saved.state), `ends, but is ${saved.state}`);
  must(world.hasTidiedUp, "runners and pins are given back at the end");
  must(reboots.forward <= 1, `at most one reboot forward, but ${reboots.forward}`);
  must(world.scheduledReboots <= world.boot, "a reboot that is put off is scheduled once a boot");
  must(reboots.back <= 1, `at most one reboot back, but ${reboots.back}`);
  if (saved.state === "live") {
    must(runs(world.wanted, TARGET), "live means that the target runs");
    must(bootDefault === TARGET && profile === TARGET, "live means that the target stays");
  }
  if (saved.state === "rolled-back") {
    const { previous: back } = world;
    must(runs(world.ranBefore, back), "rolled-back means that the previous system runs");
    must(bootDefault === back && profile === back, "rolled-back means that it stays");
  }
  if (saved.state === "superseded" || saved.state === "cancelled") {
    must(world.acts === 0, "dropped means that nothing was done");
  }
  if (/fell back/.test(saved.outcome?.reason ?? "")) {
    must(current === PREVIOUS, "fell back means that the previous system runs");
    const { profileProblem: problem } = scenario;
    const isNamed = problem !== undefined && saved.outcome?.reason.endsWith(`; ${problem}`);
    must(
      saved.previous === null || profile === PREVIOUS || isNamed === true,
      "fell back sets the profile back, or says why not",
    );
  }
  if (putsRebootOff(saved)) must(world.booted === TARGET, "a reboot that is put off comes");
  const { policy, stuckBoots } = scenario;
  const maySwitch = policy.rebootBack === "forbidden";
  must(maySwitch || world.switchesInStuckBoot === 0, "a boot that is stuck is left by a reboot");
  const isGood = stuckBoots === undefined || booted !== TARGET || !mustBoot(scenario, world);
  must(saved.state !== "live" || isGood, "live means that the boot got through");
  must(world.putOffInSpite === 0, "nothing is put off that somebody wants now");
  must(world.rebootsOutsideWindow === 0, "no reboot outside of the window");
  must(saved.state !== "live" || isRequired(scenario, world), "live tells of a reboot required");
  wrong.push(...loaderViolations(scenario, world));
  wrong.push(...slotViolations(scenario, world));
  wrong.push(...runnerViolations(world), ...hookViolations(world));
  must(saved.outcome !== null && saved.outcome.reason !== "", "the end has a reason");
  return wrong;
}

/** Where no reboot is allowed, or it is put off, the host runs the target without having booted it. */
function mustBoot({ kernelChanged, policy }: Scenario, { saved }: World): boolean {
  return kernelChanged === true && policy.reboot === "allowed" && !putsRebootOff(saved);
}

/** Told if and only if the kernel of the target does not run. */
function isRequired({ kernelChanged }: Scenario, { saved, atEnd }: World): boolean {
  const isMissing = kernelChanged === true && atEnd?.booted !== TARGET;
  return (saved.rebootRequired !== null) === isMissing;
}

/** A loader that can fall back: nothing is left pending, and it boots what the profile says. */
function loaderViolations({ loader, profileProblem }: Scenario, world: World): string[] {
  const { oneShot, bootDefault, profile } = world.atEnd ?? world;
  if (loader === undefined || profileProblem !== undefined) return [];
  // Cut off again in the rollback, and given up: the record says so.
  if (/the rollback failed/.test(world.saved.outcome?.reason ?? "")) return [];
  return [
    ...(oneShot === null ? [] : [`nothing is pending at the end, but ${oneShot}`]),
    ...(bootDefault === profile ? [] : [`boots ${bootDefault}, the profile is ${profile}`]),
  ];
}

/** The fleet lock: no act without a slot that it needs, none kept but by a host that failed or went back. */
function slotViolations({ policy, lock: weather, switchEnds }: Scenario, world: World): string[] {
  const { saved, lock, reboots, switches } = world;
  const wrong: string[] = [];
  const must = (holds: boolean, what: string): void => void (holds || wrong.push(what));
  const isForSwitches = weather?.for === "all acts";
  must(world.rebootsWithoutSlot === 0, "no reboot without a slot");
  must(world.switchesWithoutSlot === 0 || !isForSwitches, "no switch without a slot");
  must(world.slotsWhileDeferred === 0, "no slot is held while it is deferred");
  must(!lock.isHeld || lock.slot !== null, "the host knows that it may hold a slot");
  const isKept = saved.state === "rolled-back" && policy.slotOnRollback === "keep";
  const mayKeep = saved.state === "failed" || isKept;
  must(!lock.isHeld || mayKeep, `${saved.state} gives the slot back`);
  must(!lock.isHeld || lock.slot?.keptBecause !== null, "a slot that is kept has a reason");
  // A switch that is refused changes nothing.
  const hasSwitched = isForSwitches && switchEnds !== 1 && switches > 0;
  const hasActed = lock.wasTaken && (hasSwitched || reboots.forward + reboots.back > 0);
  must(!mayKeep || !hasActed || lock.isHeld, `${saved.state} keeps the slot`);
  return wrong;
}

/** No job is killed, and no runner stays stopped. */
function runnerViolations({ runner }: World): string[] {
  if (runner === null) return [];
  return [
    ...(runner.jobsKilled === 0 ? [] : ["no job is killed"]),
    ...(runner.state === "working" ? [] : ["the runner works at the end"]),
    ...(runner.stoppedUnnamed === 0 ? [] : ["a runner is named before it is stopped"]),
    ...(runner.stoppedWhileWaiting === 0 ? [] : ["the runner works while gates are waited for"]),
  ];
}

/** What a hook has begun ends, in the reverse order, and nothing acts without it. */
function hookViolations({ hooks: { wrong, left } }: World): string[] {
  const rules: readonly (readonly [boolean, string])[] = [
    [left.length === 0, `each hook that began has its after, but ${left.join(", ")}`],
    [wrong.unnamed === 0, "a hook is named before it is started"],
    [wrong.orphans === 0, "no after without its before"],
    [wrong.order === 0, "the hook that began last ends first"],
    [wrong.actsWithout === 0, "no act before its hooks"],
    [wrong.waits === 0, "no hook is in force while gates are waited for"],
  ];
  return rules.flatMap(([holds, what]) => (holds ? [] : [what]));
}

export interface Walk {
  readonly crashPoints: number;
  /** The crashes of the walk, those included that leave what another one has left: both go on alike. */
  readonly crashes: number;
  readonly runs: number;
  /** Each with the scenario and the crashes that led to it. */
  readonly violations: readonly string[];
}

/** Walks every crash point of a scenario and, with two crashes, after each one every second crash. */
export async function walk(
  scenario: Scenario,
  machine: typeof advance,
  crashes: 1 | 2,
): Promise<Walk> {
  const explorer = new Explorer(scenario, machine);
  const { world, next: firsts } = await explorer.tryOut([], "crash again");
  const { found } = explorer;
  if (world.saved.state !== scenario.ends) {
    found.push(`${scenario.name}: ends ${world.saved.state}, not ${scenario.ends}`);
  }
  const crashPoints = explorer.crashes;
  const seconds: (readonly CrashPlan[])[] = [];
  for (const first of firsts) {
    const { next } = await explorer.tryOut(first, crashes === 2 ? "crash again" : "last crash");
    seconds.push(...next);
  }
  // One crash that ends wrong is enough to know: a broken machine may take very long over two.
  for (const second of found.length === 0 ? seconds : []) {
    await explorer.tryOut(second, "last crash");
  }
  return { crashPoints, crashes: explorer.crashes, runs: explorer.runs, violations: found };
}

interface TriedOut {
  readonly world: World;
  /** The plans with one more crash that lead to something new. */
  readonly next: readonly (readonly CrashPlan[])[];
}

class Explorer {
  runs = 0;
  crashes = 0;
  readonly found: string[] = [];
  readonly #scenario: Scenario;
  readonly #machine: typeof advance;
  readonly #aftermaths: readonly Aftermath[];
  /** What crashes have left: a state and an aftermath. */
  readonly #known = new Set<string>();

  constructor(scenario: Scenario, machine: typeof advance) {
    this.#scenario = scenario;
    this.#machine = machine;
    this.#aftermaths = aftermathsOf(scenario);
  }

  async tryOut(
    planned: readonly CrashPlan[],
    then: "crash again" | "last crash",
  ): Promise<TriedOut> {
    this.runs++;
    const next: (readonly CrashPlan[])[] = [];
    const { world, defect } = await live(this.#scenario, planned, this.#machine, (at) => {
      if (then === "crash again") {
        next.push(...this.#newOnes(at).map((crash) => [...planned, crash]));
      }
    });
    const told = planned.map(({ at, aftermath }) => `${aftermath} after point ${at}`).join(", ");
    for (const wrong of defect === null ? violations(this.#scenario, world) : [defect]) {
      this.found.push(`${this.#scenario.name} [${told || "no crash"}]: ${wrong}`);
    }
    return { world, next };
  }

  /** The crashes at this point that leave what no other one has left. */
  #newOnes(world: World): CrashPlan[] {
    this.crashes += this.#aftermaths.length;
    const state = hash("sha1", world.state());
    const isNew = (aftermath: Aftermath): boolean => {
      const before = this.#known.size;
      return this.#known.add(`${state} ${aftermath}`).size > before;
    };
    return this.#aftermaths.filter(isNew).map((aftermath) => ({ at: world.point, aftermath }));
  }
}
