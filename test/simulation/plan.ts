import type { FleetPlan } from "./host/lock-server.ts";
import type { HookPlan } from "./host/hook.ts";
import type { LoaderKind } from "./host/boot.ts";
import type { Health } from "./host/systems.ts";
import { Random } from "./kernel/random.ts";
import { rolloutOf, type RolloutPlan } from "./rollout-plan.ts";

/** What happens on a host, apart from the order in which it happens. */
export interface Plan {
  readonly seed: number;
  readonly loader: LoaderKind;
  /** Seconds; null asks for no confirmation. */
  readonly confirmWithin: number | null;
  /** For how many seconds units are watched after an act. */
  readonly settle: number;
  readonly hasRunner: boolean;
  /** Whether the stop of the runner lets it finish its job. */
  readonly drains: boolean;
  /** A job of a second comes then, if the runner takes jobs; 0 for none. */
  readonly nextJobAt: number;
  /** The job on the runner ends so many milliseconds after the begin; 0 for none. */
  readonly jobEndsAt: number;
  readonly hasReceiver: boolean;
  /** So many of the first deliveries fail. */
  readonly failedDeliveries: number;
  /** Whether the host reboots in its window only; see host/window.ts. */
  readonly reboots: "always" | "in its window";
  /** What happens while a reboot waits for its window. */
  readonly whilePutOff: "wait" | "switch";
  /** Null if the host belongs to no fleet. */
  readonly fleet: FleetPlan | null;
  /** Null if the host takes part in no rollouts; with them, its slots are in etcd. */
  readonly rollout: RolloutPlan | null;
  readonly deploys: readonly Deploy[];
  readonly calls: readonly Call[];
  readonly faults: readonly Fault[];
  /** The check that the configuration has. */
  readonly checks: "none" | "pass" | "fail";
  /** What a power cut takes of that which was not synced. */
  readonly disk: "loses some" | "loses all";
  /** `none`: no system has one. Otherwise each has one, and this is the option of the host. */
  readonly specialisation: "none" | "keep" | typeof SPECIALISATION;
  /** Whether the host has a logind, so that a program can block the shutdown. */
  readonly hasLogind: boolean;
  readonly hooks: HookPlan;
}

/** The name of every simulated specialisation. */
export const SPECIALISATION = "night";

export interface Deploy {
  /** Milliseconds after the begin. */
  readonly at: number;
  readonly health: Health;
  readonly kernel: "kernel-1" | "kernel-2";
}

/** A person, or a unit, calls the program. */
export interface Call {
  readonly at: number;
  readonly args: readonly string[];
}

const HARD = [
  "kill",
  "kill",
  "kill a program",
  "terminate",
  "terminate",
  "power cut",
  "reboot",
  "boot hangs",
  "boot ends in emergency mode",
  "disk full",
  "no more files",
  "slow call",
  "clock forward",
  "clock back",
  "systemd executes itself",
  "systemd refuses a timer",
] as const;
/** What came later than the seeds of `HARD`. */
type LaterFault = "lose a lock" | "block the shutdown";
export type FaultKind = "interrupt" | (typeof HARD)[number] | LaterFault;

/** Something that comes before the call of this number, of all calls of all processes. */
export interface Fault {
  readonly call: number;
  readonly kind: FaultKind;
}

const HEALTHS: readonly [Health, ...Health[]] = [
  "good",
  "good",
  "good",
  "good",
  "unit fails",
  "activation fails",
  "ends half-way",
  "does not boot",
];

const HOOKS = ["good", "good", "a before fails", "an after fails at first"] as const;

/** Most plans are small: many orders of few things find more than few orders of many. */
export function planOf(seed: number): Plan {
  const random = new Random(seed);
  const isLarge = random.oneIn(8);
  const count = isLarge ? random.pick([1, 2, 2, 3]) : random.pick([1, 1, 2]);
  const plan = {
    seed,
    loader: random.oneIn(isLarge ? 2 : 4) ? "systemd-boot" : "unknown",
    confirmWithin: isLarge && random.oneIn(4) ? 20 : null,
    settle: isLarge ? random.pick([0, 1]) : 0,
    ...runnerOf(random, isLarge ? 2 : 5),
    ...receiverOf(random, isLarge ? 2 : 8),
    reboots: random.oneIn(isLarge ? 4 : 12) ? "in its window" : "always",
    deploys: Array.from({ length: count }, (_, index) => deployOf(random, index)),
    calls: callsOf(random),
    faults: faultsOf(random, isLarge ? 4 : 1),
    checks: isLarge ? random.pick<Plan["checks"]>(["none", "pass", "fail"]) : "none",
    disk: "loses some",
  } as const;
  // Last, so that a seed of before means the same.
  const fleet = fleetOf(random, isLarge ? 2 : 5);
  const drains = plan.hasRunner && random.oneIn(2);
  const nextJobAt = drains ? momentAfter(102, random) : 0;
  const onRollback = random.oneIn(3) ? "give-back" : "keep";
  const whole: Omit<Plan, "rollout"> = {
    ...plan,
    fleet: fleet === null ? null : { ...fleet, onRollback },
    drains,
    nextJobAt,
    specialisation: random.oneIn(isLarge ? 4 : 12) ? random.pick(["keep", SPECIALISATION]) : "none",
    calls: [...plan.calls, ...laterCallsOf(random)],
    ...laterFaultsOf(plan.faults, random),
    whilePutOff: plan.reboots === "in its window" && random.oneIn(2) ? "switch" : "wait",
    hooks: random.oneIn(isLarge ? 4 : 10) ? random.pick(HOOKS) : "none",
  };
  const calls = [...whole.calls, ...hurriesOf(random)];
  return { ...whole, calls, rollout: rolloutOf(random, isLarge ? 4 : 10) };
}

function hurriesOf(random: Random): Call[] {
  if (!random.oneIn(6)) return [];
  const count = random.pick([1, 1, 2]);
  return Array.from({ length: count }, () => ({ at: momentAfter(102, random), args: ["now"] }));
}

function laterCallsOf(random: Random): Call[] {
  if (!random.oneIn(6)) return [];
  const args = random.pick<readonly string[]>([["retry", "--yes"], ["undo"]]);
  return [{ at: momentAfter(102, random), args }];
}

function laterFaultsOf(
  before: readonly Fault[],
  random: Random,
): Pick<Plan, "hasLogind" | "faults"> {
  const hasLogind = random.oneIn(10);
  const faultOf = (kind: LaterFault): Fault => ({ kind, call: 200 + random.below(1600) });
  const lost = random.oneIn(12) ? [faultOf("lose a lock")] : [];
  const blocks = hasLogind ? [faultOf("block the shutdown"), faultOf("block the shutdown")] : [];
  const faults = [...before, ...lost, ...blocks].toSorted((a, b) => a.call - b.call);
  return { hasLogind, faults };
}

function fleetOf(random: Random, oneIn: number): Omit<FleetPlan, "onRollback"> | null {
  if (!random.oneIn(oneIn)) return null;
  const downFrom = random.oneIn(2) ? momentAfter(102, random) : 0;
  return {
    neighbourUntil: random.pick([0, 0, 1200, 8000]),
    downFrom,
    downUntil: downFrom + random.pick([0, 0, 300, 5000, 20_000]),
    lostAnswer: random.pick([0, 0, 1, 1, 2, 3]),
  };
}

function runnerOf(random: Random, oneIn: number): Pick<Plan, "hasRunner" | "jobEndsAt"> {
  const hasRunner = random.oneIn(oneIn);
  return { hasRunner, jobEndsAt: hasRunner ? random.pick([0, 1200, 4000, 10_000]) : 0 };
}

function receiverOf(random: Random, oneIn: number): Pick<Plan, "hasReceiver" | "failedDeliveries"> {
  const hasReceiver = random.oneIn(oneIn);
  return { hasReceiver, failedDeliveries: hasReceiver ? random.pick([0, 0, 1, 3]) : 0 };
}

/** What follows the first deploy, in milliseconds: its schedule, its timer, its act, its end, a boot. */
const MOMENTS = [0, 2, 500, 1000, 1010, 1300, 1400, 6000, 12_000] as const;

/** Things that happen at the same moment find more than others. */
function momentAfter(first: number, random: Random): number {
  return first + random.pick(MOMENTS) + random.pick([0, 1, 2, 5, 10, 100]) * random.next();
}

function deployOf(random: Random, index: number): Deploy {
  return {
    at: index === 0 ? 100 : momentAfter(100, random),
    health: random.pick(HEALTHS),
    kernel: random.oneIn(4) ? "kernel-2" : "kernel-1",
  };
}

function callsOf(random: Random): Call[] {
  const count = random.pick([0, 0, 0, 1, 1, 2]);
  return Array.from({ length: count }, () => ({
    at: momentAfter(102, random),
    args: random.pick<readonly string[]>([
      ["cancel", "--restore-boot-default"],
      ["cancel"],
      ["confirm"],
      ["rollback", "--yes"],
      ["schedule"],
      ["schedule"],
      ["resume"],
      ["deliver"],
    ]),
  }));
}

function faultsOf(random: Random, size: number): Fault[] {
  const hard = (): FaultKind => random.pick(HARD);
  const interrupts = Array.from({ length: random.below(4) }, () => "interrupt" as const);
  const others = Array.from({ length: random.pick([0, 1, 1, 2, 2, 3]) }, hard);
  return [...interrupts, ...others]
    .map((kind) => ({ kind, call: random.below(random.pick([200, 600, 1000]) * size) }))
    .toSorted((a, b) => a.call - b.call);
}
