import type { Policy, Requests } from "../../src/core/machine/types.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { POLICY } from "../support/records.ts";
import type { HookConfig } from "../../src/core/config/hooks/hooks-config.ts";
import type { HookWeather } from "./hook-world.ts";
import type { LockWeather } from "./lock-world.ts";
import type { RunnerWeather } from "./runner-world.ts";

/** How the world behaves while one finalization runs; what is not named goes well. */
export interface Scenario {
  readonly name: string;
  readonly policy: Policy;
  readonly record?: Partial<FinalizationRecord>;
  readonly kernelChanged?: true;
  /** Exit codes of the switch to the target and of the one back. */
  readonly switchEnds?: number;
  readonly switchBackEnds?: number;
  /** False: the machine falls back to the previous system when it boots the target. */
  readonly targetBoots?: false;
  /** The systems whose boots hang, or end in emergency mode. */
  readonly stuckBoots?: "target" | "both";
  /** A boot loader that can boot a system just once; without it the target is simply the default. */
  readonly loader?: true;
  readonly rebootRefused?: true;
  readonly problem?: string;
  readonly problemBack?: string;
  readonly profileProblem?: string;
  /** How often the switch to the target dies after it has stopped units. */
  readonly diesHalfway?: number;
  /** The switch to the target is ended at its time limit; the one back as often as it says. */
  readonly hangs?: true;
  readonly hangsBack?: number;
  /** The previous system's boot loader cannot be installed. */
  readonly bootIsReadOnly?: true;
  /** What ran at scheduling, and has gone back to the previous system when the turn comes. */
  readonly rejected?: string;
  /** What ran before: not a generation of its own. */
  readonly ranBefore?: "specialisation" | "tried";
  readonly newest?: string;
  readonly movedTo?: string;
  readonly requests?: Partial<Requests>;
  /** How many windows are missed before the reboot window is found open. */
  readonly windowClosedFor?: number;
  /** Somebody cancels it while its first hook runs. */
  readonly cancelledAtTurn?: true;
  /** Somebody asks to act now: from the start, right after the last look at the gates, or later. */
  readonly now?: "at once" | "as it is put off" | "while put off";
  /** A fleet lock, and what is out of the ordinary with it; without it there is none. */
  readonly lock?: LockWeather;
  /** A runner that the act would stop; without it there is none. */
  readonly runner?: RunnerWeather;
  /** What happens to the hooks of the policy. */
  readonly hooks?: HookWeather;
  /** How it ends when nothing crashes. */
  readonly ends: FinalizationRecord["state"];
}

const NO_REBOOT: Policy = { ...POLICY, reboot: "forbidden", rebootBack: "forbidden" };
const CONFIRMED: Policy = { ...POLICY, confirmWithin: 60 };

const NEWER = "20261122-220000-bbbb";

const cases: Omit<Scenario, "policy">[] = [
  { name: "switch", ends: "live" },
  { name: "switch, a unit fails", switchEnds: 4, problem: "web.service", ends: "rolled-back" },
  { name: "switch, an old unit fails", switchEnds: 4, ends: "live" },
  { name: "switch, the activation fails", switchEnds: 2, ends: "rolled-back" },
  { name: "switch, both activations fail", switchEnds: 2, switchBackEnds: 2, ends: "failed" },
  { name: "switch, both systems do not hold", problem: "a", problemBack: "b", ends: "failed" },
  { name: "switch, refused", switchEnds: 1, ends: "failed" },
  { name: "switch, needs a reboot after all", switchEnds: 100, ends: "live" },
  { name: "switch, dies half-way once", diesHalfway: 1, ends: "live" },
  { name: "switch, dies half-way always", diesHalfway: 99, ends: "rolled-back" },
  { name: "switch, does not end", hangs: true, ends: "rolled-back" },
  { name: "switch, the one back does not end", hangs: true, hangsBack: 1, ends: "rolled-back" },
  { name: "switch, nothing back ends", hangs: true, hangsBack: 99, ends: "failed" },
  { name: "switch, /boot is read-only", problem: "a", bootIsReadOnly: true, ends: "failed" },
  {
    name: "switch, the profile cannot be restored",
    problem: "a",
    profileProblem: "no",
    ends: "failed",
  },
  { name: "switch, no previous system", record: { previous: null }, switchEnds: 2, ends: "failed" },
  { name: "reboot", kernelChanged: true, ends: "live" },
  { name: "reboot, a check fails", kernelChanged: true, problem: "web", ends: "rolled-back" },
  {
    name: "reboot, both systems do not hold",
    kernelChanged: true,
    problem: "a",
    problemBack: "b",
    ends: "failed",
  },
  {
    name: "reboot, the target does not boot",
    kernelChanged: true,
    targetBoots: false,
    ends: "failed",
  },
  { name: "reboot, refused", kernelChanged: true, rebootRefused: true, ends: "failed" },
  { name: "superseded", newest: NEWER, ends: "superseded" },
  { name: "the profile moved", movedTo: "/nix/store/other", ends: "superseded" },
  { name: "cancelled", requests: { cancel: "ann" }, ends: "cancelled" },
  { name: "switch, asked to go back", requests: { rollback: "ann" }, ends: "rolled-back" },
  {
    name: "reboot, asked to go back",
    kernelChanged: true,
    requests: { rollback: "ann" },
    ends: "rolled-back",
  },
  { name: "a rollback", record: { rollbackOf: "20261122-210000-bbbb" }, ends: "live" },
  {
    name: "a rollback that does not hold",
    record: { rollbackOf: "20261122-210000-bbbb" },
    problem: "a",
    ends: "failed",
  },
];

/** The boot loader starts the generation in place of such a system, and a rollback brings it back. */
const ways: readonly Omit<Scenario, "policy">[] = [
  { name: "switch", ends: "live" },
  { name: "switch, does not hold", problem: "a", ends: "rolled-back" },
  { name: "reboot", kernelChanged: true, ends: "live" },
  { name: "reboot, does not hold", kernelChanged: true, problem: "a", ends: "rolled-back" },
  { name: "reboot, does not boot", kernelChanged: true, targetBoots: false, ends: "failed" },
  { name: "loader", kernelChanged: true, loader: true, ends: "live" },
  {
    name: "loader, does not boot",
    kernelChanged: true,
    loader: true,
    targetBoots: false,
    ends: "failed",
  },
  {
    name: "loader, does not hold",
    kernelChanged: true,
    loader: true,
    problem: "a",
    ends: "rolled-back",
  },
];

const beforeAsWell = (["specialisation", "tried"] as const).flatMap((ranBefore) =>
  ways.map((way) => ({ ...way, name: `${ranBefore} before: ${way.name}`, ranBefore })),
);

const AFTER_REJECTED = { rejected: "/nix/store/rejected" } as const;

const afterRejected: Omit<Scenario, "policy">[] = [
  { ...AFTER_REJECTED, name: "after a rejected one, switch", ends: "live" },
  { ...AFTER_REJECTED, name: "after a rejected one, fails", problem: "a", ends: "rolled-back" },
  { ...AFTER_REJECTED, name: "after a rejected one, refused", switchEnds: 1, ends: "failed" },
  {
    ...AFTER_REJECTED,
    name: "after a rejected one, reboot, fails",
    kernelChanged: true,
    problem: "a",
    ends: "rolled-back",
  },
  {
    ...AFTER_REJECTED,
    name: "after a rejected one, the target does not boot",
    kernelChanged: true,
    targetBoots: false,
    ends: "failed",
  },
];

const WINDOWED = { kernelChanged: true, windowClosedFor: 2 } as const;

const withWindow: Omit<Scenario, "policy">[] = [
  { ...WINDOWED, name: "window, reboot", ends: "live" },
  { ...WINDOWED, name: "window, a check fails", problem: "web", ends: "rolled-back" },
  { ...WINDOWED, name: "window, the target does not boot", targetBoots: false, ends: "failed" },
  { ...WINDOWED, name: "window, superseded", newest: NEWER, ends: "superseded" },
  { ...WINDOWED, name: "window, cancelled", requests: { cancel: "ann" }, ends: "cancelled" },
  { ...WINDOWED, name: "window and lock", lock: {}, ends: "live" },
  { name: "window, switch", windowClosedFor: 2, ends: "live" },
  { ...WINDOWED, name: "window, now", now: "at once", ends: "live" },
  { ...WINDOWED, name: "window, now while it is put off", now: "while put off", ends: "live" },
  { ...WINDOWED, name: "window, now as it is put off", now: "as it is put off", ends: "live" },
  { ...WINDOWED, name: "window, now, with a loader", now: "at once", loader: true, ends: "live" },
  {
    ...WINDOWED,
    name: "window, now, does not hold",
    now: "at once",
    problem: "web",
    ends: "rolled-back",
  },
  {
    ...WINDOWED,
    name: "window, now and cancelled",
    now: "at once",
    requests: { cancel: "ann" },
    ends: "cancelled",
  },
];

/** What can be switched goes live while the window is closed, and the reboot follows. */
const MEANWHILE = { ...WINDOWED, policy: { ...POLICY, whilePutOff: "switch" } } as const;

const meanwhile: Scenario[] = [
  { ...MEANWHILE, name: "put off, switches, then reboots", loader: true, ends: "live" },
  { ...MEANWHILE, name: "put off, now", now: "at once", ends: "live" },
  { ...MEANWHILE, name: "put off, a check fails", problem: "web", ends: "rolled-back" },
  { ...MEANWHILE, name: "put off, the switch asks for a reboot", switchEnds: 100, ends: "live" },
  { ...MEANWHILE, name: "put off, the target does not boot", targetBoots: false, ends: "failed" },
  { ...MEANWHILE, name: "put off, the boot is stuck", stuckBoots: "target", ends: "rolled-back" },
  { ...MEANWHILE, name: "put off, lock", lock: {}, ends: "live" },
];

const REBOOTS = { kernelChanged: true, lock: {} } as const;

const withLock: Omit<Scenario, "policy">[] = [
  { ...REBOOTS, name: "lock, reboot", ends: "live" },
  { ...REBOOTS, name: "lock, a check fails", problem: "web", ends: "rolled-back" },
  { ...REBOOTS, name: "lock, both do not hold", problem: "a", problemBack: "b", ends: "failed" },
  { ...REBOOTS, name: "lock, the target does not boot", targetBoots: false, ends: "failed" },
  { ...REBOOTS, name: "lock, reboot refused", rebootRefused: true, ends: "failed" },
  { ...REBOOTS, name: "lock, superseded", newest: NEWER, ends: "superseded" },
  { ...REBOOTS, name: "lock, cancelled", requests: { cancel: "ann" }, ends: "cancelled" },
  { name: "lock, needs a reboot after all", switchEnds: 100, lock: {}, ends: "live" },
  { ...REBOOTS, name: "lock, full at first", lock: { fullFor: 3 }, ends: "live" },
  { ...REBOOTS, name: "lock, no answer at first", lock: { silentFor: 2 }, ends: "live" },
  {
    ...REBOOTS,
    name: "lock, no answer at first, reboot refused",
    rebootRefused: true,
    lock: { silentFor: 4 },
    ends: "failed",
  },
];

const ALL_ACTS = { lock: { for: "all acts" } } as const;

const withSlotsForSwitches: Omit<Scenario, "policy">[] = [
  { ...ALL_ACTS, name: "slots for switches", ends: "live" },
  { ...ALL_ACTS, name: "slots for switches, a check fails", problem: "web", ends: "rolled-back" },
  {
    ...ALL_ACTS,
    name: "slots for switches, the activation fails",
    switchEnds: 2,
    ends: "rolled-back",
  },
  {
    ...ALL_ACTS,
    name: "slots for switches, both activations fail",
    switchEnds: 2,
    switchBackEnds: 2,
    ends: "failed",
  },
  { ...ALL_ACTS, name: "slots for switches, refused", switchEnds: 1, ends: "failed" },
  { ...ALL_ACTS, name: "slots for switches, a reboot after all", switchEnds: 100, ends: "live" },
  { ...ALL_ACTS, name: "slots for switches, superseded", newest: NEWER, ends: "superseded" },
  {
    name: "slots for switches, full at first, no answer then",
    lock: { for: "all acts", fullFor: 2, silentFor: 2 },
    ends: "live",
  },
];

const DRAINS = { runner: {} } as const;

const withRunner: Omit<Scenario, "policy">[] = [
  { ...DRAINS, name: "runner, switch", ends: "live" },
  { ...DRAINS, name: "runner, a check fails", problem: "web", ends: "rolled-back" },
  { ...DRAINS, name: "runner, needs a reboot after all", switchEnds: 100, ends: "live" },
  { ...DRAINS, name: "runner, reboot", kernelChanged: true, ends: "live" },
  {
    ...DRAINS,
    name: "runner, reboot, a check fails",
    kernelChanged: true,
    problem: "web",
    ends: "rolled-back",
  },
  {
    ...DRAINS,
    name: "runner, reboot, refused",
    kernelChanged: true,
    rebootRefused: true,
    ends: "failed",
  },
  { ...DRAINS, name: "runner, refused", switchEnds: 1, ends: "failed" },
  { ...DRAINS, name: "runner, superseded", newest: NEWER, ends: "superseded" },
  { ...DRAINS, ...WINDOWED, name: "runner, window", ends: "live" },
  { ...DRAINS, ...WINDOWED, name: "runner, window, now", now: "while put off", ends: "live" },
  { ...DRAINS, ...REBOOTS, name: "runner, lock", ends: "live" },
  { ...DRAINS, name: "runner, a specialisation", ranBefore: "specialisation", ends: "live" },
  { name: "runner, its job does not end", runner: { neverEnds: true }, ends: "failed" },
  { name: "runner, it does not stop at first", runner: { refusesFor: 2 }, ends: "live" },
  { name: "runner, a gate closes", runner: { gateClosesFor: 2 }, ends: "live" },
];

const ONCE = { kernelChanged: true, loader: true } as const;

const withLoader: Omit<Scenario, "policy">[] = [
  { ...ONCE, name: "loader, reboot", ends: "live" },
  { ...ONCE, name: "loader, a check fails", problem: "web", ends: "rolled-back" },
  { ...ONCE, name: "loader, both do not hold", problem: "a", problemBack: "b", ends: "failed" },
  { ...ONCE, name: "loader, the target does not boot", targetBoots: false, ends: "failed" },
  { ...ONCE, name: "loader, reboot refused", rebootRefused: true, ends: "failed" },
  { ...ONCE, name: "loader, asked to go back", requests: { rollback: "a" }, ends: "rolled-back" },
  { name: "loader, needs a reboot after all", switchEnds: 100, loader: true, ends: "live" },
  { name: "loader, switch", loader: true, ends: "live" },
];

const SPECIAL_BEFORE = { ranBefore: "specialisation" } as const;
const STUCK = { kernelChanged: true, stuckBoots: "target" } as const;

const withStuckBoots: Omit<Scenario, "policy">[] = [
  { ...STUCK, name: "stuck boot, reboot", ends: "rolled-back" },
  { ...STUCK, name: "stuck boot, both", stuckBoots: "both", ends: "failed" },
  { ...STUCK, name: "stuck boot, loader", loader: true, ends: "rolled-back" },
  { ...STUCK, name: "stuck boot, loader, both", loader: true, stuckBoots: "both", ends: "failed" },
  { ...STUCK, name: "stuck boot, lock", lock: {}, ends: "rolled-back" },
  {
    name: "stuck boot, switch asks for it",
    switchEnds: 100,
    stuckBoots: "target",
    ends: "rolled-back",
  },
  {
    ...STUCK,
    name: "stuck boot, loader, special",
    ...SPECIAL_BEFORE,
    loader: true,
    ends: "rolled-back",
  },
  {
    ...STUCK,
    name: "stuck boot, asked to go back",
    requests: { rollback: "ann" },
    ends: "rolled-back",
  },
  { ...STUCK, name: "stuck boot, a specialisation", ...SPECIAL_BEFORE, ends: "rolled-back" },
  // Only a power cut brings the target up by a boot then.
  { name: "stuck boot, switch", stuckBoots: "target", ends: "live" },
];

const HOOK = { timeout: 60, onFailure: "hold", actions: ["switch", "reboot"] } as const;
const HOOKS: readonly HookConfig[] = [
  { ...HOOK, name: "balancer", before: ["out"], after: ["in"] },
  { ...HOOK, name: "mark", before: null, after: ["unmark"] },
  { ...HOOK, name: "node", before: ["drain"], after: ["uncordon"], actions: ["reboot"] },
];

const HOOKED = { policy: { ...POLICY, hooks: HOOKS } } as const;
const HOOKED_REBOOT = { ...HOOKED, kernelChanged: true } as const;

const withHooks: readonly Scenario[] = [
  { ...HOOKED, name: "hooks, switch", ends: "live" },
  { ...HOOKED, name: "hooks, one fails", hooks: { fails: "balancer" }, ends: "failed" },
  { ...HOOKED, name: "hooks, a gate closes", hooks: { gateClosesFor: 1 }, ends: "live" },
  { ...HOOKED, name: "hooks, superseded", newest: NEWER, ends: "superseded" },
  { ...HOOKED, name: "hooks, needs a reboot after all", switchEnds: 100, ends: "live" },
  {
    ...HOOKED,
    name: "hooks, needs a reboot after all, and gates close",
    switchEnds: 100,
    hooks: { gateClosesFor: 2 },
    ends: "live",
  },
  {
    ...HOOKED,
    name: "hooks, needs a reboot after all, and its hook fails",
    switchEnds: 100,
    hooks: { fails: "node" },
    ends: "failed",
  },
  { ...HOOKED, name: "hooks, runner", runner: {}, ends: "live" },
  { ...HOOKED_REBOOT, name: "hooks, reboot", ends: "live" },
  { ...HOOKED_REBOOT, name: "hooks, reboot, a check fails", problem: "a", ends: "rolled-back" },
  {
    ...HOOKED_REBOOT,
    name: "hooks, reboot, refused",
    rebootRefused: true,
    hooks: { afterFails: true },
    ends: "failed",
  },
  { ...HOOKED_REBOOT, name: "hooks, does not boot", targetBoots: false, ends: "failed" },
  { ...HOOKED_REBOOT, name: "hooks, lock", lock: {}, ends: "live" },
  {
    ...MEANWHILE,
    name: "hooks, put off",
    policy: { ...MEANWHILE.policy, hooks: HOOKS.slice(0, 1) },
    ends: "live",
  },
  {
    ...HOOKED,
    name: "hooks, cancelled at the turn",
    cancelledAtTurn: true,
    ends: "cancelled",
  },
];

export const SCENARIOS: readonly Scenario[] = [
  ...[
    ...cases,
    ...beforeAsWell,
    ...afterRejected,
    ...withWindow,
    ...withLoader,
    ...withLock,
    ...withSlotsForSwitches,
    ...withRunner,
    ...withStuckBoots,
  ].map((scenario) => ({
    ...scenario,
    policy: POLICY,
  })),
  {
    ...REBOOTS,
    name: "lock, a check fails, the slot goes back",
    policy: { ...POLICY, slotOnRollback: "give-back" },
    problem: "web",
    ends: "rolled-back",
  },
  { name: "switch, not confirmed", policy: CONFIRMED, ends: "rolled-back" },
  { name: "switch, confirmed", policy: CONFIRMED, requests: { confirm: "ann" }, ends: "live" },
  { ...ONCE, name: "loader, not confirmed", policy: CONFIRMED, ends: "rolled-back" },
  { name: "reboot, not confirmed", policy: CONFIRMED, kernelChanged: true, ends: "rolled-back" },
  {
    name: "stuck boot, after a reboot by hand where none is allowed",
    policy: NO_REBOOT,
    kernelChanged: true,
    stuckBoots: "target",
    ends: "live",
  },
  {
    name: "stuck boot, after a reboot by hand into what the host does not reboot into by itself",
    policy: { ...POLICY, reboot: "forbidden" },
    kernelChanged: true,
    stuckBoots: "target",
    ends: "live",
  },
  {
    name: "switch, no rollback wanted",
    policy: { ...POLICY, rollback: "disabled" },
    switchEnds: 2,
    ends: "failed",
  },
  ...meanwhile,
  ...withHooks,
  {
    name: "reboot, forbidden",
    policy: NO_REBOOT,
    kernelChanged: true,
    ends: "live",
  },
  {
    name: "reboot, forbidden, the switch is refused",
    policy: NO_REBOOT,
    kernelChanged: true,
    switchEnds: 100,
    ends: "failed",
  },
  {
    name: "reboot, forbidden, a check fails",
    policy: NO_REBOOT,
    kernelChanged: true,
    problem: "web",
    ends: "rolled-back",
  },
];
