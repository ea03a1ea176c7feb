import type { Policy, Requests } from "../../src/core/machine-types.ts";
import type { FinalizationRecord } from "../../src/core/record.ts";
import { POLICY } from "../support/records.ts";

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
  readonly rebootRefused?: true;
  readonly problem?: string;
  readonly problemBack?: string;
  readonly profileProblem?: string;
  readonly newest?: string;
  readonly movedTo?: string;
  readonly requests?: Partial<Requests>;
  /** How it ends when nothing crashes. */
  readonly ends: FinalizationRecord["state"];
}

const CONFIRMED: Policy = { ...POLICY, confirmWithin: 60 };

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
  { name: "superseded", newest: "20261122-220000-bbbb", ends: "superseded" },
  { name: "the profile moved", movedTo: "/nix/store/other", ends: "superseded" },
  { name: "cancelled", requests: { cancel: "ann" }, ends: "cancelled" },
];

export const SCENARIOS: readonly Scenario[] = [
  ...cases.map((scenario) => ({ ...scenario, policy: POLICY })),
  { name: "switch, not confirmed", policy: CONFIRMED, ends: "rolled-back" },
  { name: "switch, confirmed", policy: CONFIRMED, requests: { confirm: "ann" }, ends: "live" },
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
    ends: "failed",
  },
];
