import type { Policy, Requests } from "../../src/core/machine-types.ts";
import type { FinalizationRecord } from "../../src/core/record.ts";
import { POLICY } from "../support/records.ts";
import type { LockWeather } from "./lock-world.ts";

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
  /** A boot loader that can boot a system just once; without it the target is simply the default. */
  readonly loader?: true;
  readonly rebootRefused?: true;
  readonly problem?: string;
  readonly problemBack?: string;
  readonly profileProblem?: string;
  /** What ran at scheduling, and has gone back to the previous system when the turn comes. */
  readonly rejected?: string;
  readonly newest?: string;
  readonly movedTo?: string;
  readonly requests?: Partial<Requests>;
  /** How many windows are missed before the reboot window is found open. */
  readonly windowClosedFor?: number;
  /** A fleet lock, and what is out of the ordinary with it; without it there is none. */
  readonly lock?: LockWeather;
  /** How it ends when nothing crashes. */
  readonly ends: FinalizationRecord["state"];
}

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

export const SCENARIOS: readonly Scenario[] = [
  ...[...cases, ...afterRejected, ...withWindow, ...withLoader, ...withLock].map((scenario) => ({
    ...scenario,
    policy: POLICY,
  })),
  { name: "switch, not confirmed", policy: CONFIRMED, ends: "rolled-back" },
  { name: "switch, confirmed", policy: CONFIRMED, requests: { confirm: "ann" }, ends: "live" },
  { ...ONCE, name: "loader, not confirmed", policy: CONFIRMED, ends: "rolled-back" },
  { name: "reboot, not confirmed", policy: CONFIRMED, kernelChanged: true, ends: "rolled-back" },
  {
    name: "switch, no rollback wanted",
    policy: { ...POLICY, rollback: "disabled" },
    switchEnds: 2,
    ends: "failed",
  },
  {
    name: "reboot, forbidden",
    policy: { ...POLICY, reboot: "forbidden" },
    kernelChanged: true,
    ends: "live",
  },
  {
    name: "reboot, forbidden, the switch is refused",
    policy: { ...POLICY, reboot: "forbidden" },
    kernelChanged: true,
    switchEnds: 100,
    ends: "failed",
  },
  {
    name: "reboot, forbidden, a check fails",
    policy: { ...POLICY, reboot: "forbidden" },
    kernelChanged: true,
    problem: "web",
    ends: "rolled-back",
  },
];
