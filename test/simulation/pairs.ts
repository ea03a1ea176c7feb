import type { Call, Deploy, Plan } from "./plan.ts";

/** Two processes side by side, in a plan without any fault. */
export interface Pair {
  readonly name: string;
  readonly plan: Plan;
  /** When they meet, in milliseconds after the begin. */
  readonly from: number;
}

/** A plan in which nothing happens. */
export const QUIET: Plan = {
  seed: 1,
  loader: "unknown",
  confirmWithin: null,
  settle: 0,
  hasRunner: false,
  drains: false,
  nextJobAt: 0,
  jobEndsAt: 0,
  hasReceiver: false,
  failedDeliveries: 0,
  reboots: "always",
  whilePutOff: "wait",
  fleet: null,
  rollout: null,
  deploys: [],
  calls: [],
  faults: [],
  checks: "none",
  disk: "loses some",
  specialisation: "none",
  hasLogind: false,
  hooks: "none",
};

const GOOD = { health: "good", kernel: "kernel-1" } as const;
const FIRST: Deploy = { at: 100, ...GOOD };
/** The timer of the first deploy elapses then. */
const FIRES = 1104;

function called(at: number, ...args: string[]): Call {
  return { at, args };
}

function pair(name: string, from: number, plan: Partial<Plan>): Pair {
  return { name, from, plan: { ...QUIET, deploys: [FIRST], ...plan } };
}

export const PAIRS: readonly Pair[] = [
  pair("two schedules", 500, { calls: [called(600, "schedule"), called(600, "schedule")] }),
  pair("schedule and cancel", 500, {
    calls: [called(600, "schedule"), called(600, "cancel", "--restore-boot-default")],
  }),
  pair("schedule and the run of the older", 1000, {
    deploys: [FIRST, { at: FIRES - 3, ...GOOD }],
  }),
  pair("run and cancel", 1000, { calls: [called(FIRES, "cancel", "--restore-boot-default")] }),
  pair("run and confirm", 3000, { confirmWithin: 20, calls: [called(3500, "confirm")] }),
  pair("run and rollback", 1500, { confirmWithin: 20, calls: [called(3500, "rollback", "--yes")] }),
  pair("resume and run", 1000, { calls: [called(FIRES, "resume")] }),
  pair("two nows", 500, { calls: [called(600, "now"), called(600, "now")] }),
  pair("now and cancel", 500, { calls: [called(600, "now"), called(600, "cancel")] }),
  pair("run and now", 1000, { calls: [called(FIRES, "now")] }),
  pair("run that puts its reboot off, and now", 1000, {
    reboots: "in its window",
    deploys: [{ at: 100, health: "good", kernel: "kernel-2" }],
    calls: [called(1300, "now")],
  }),
  pair("two cancels", 500, {
    calls: [
      called(600, "cancel", "--restore-boot-default"),
      called(600, "cancel", "--restore-boot-default"),
    ],
  }),
];
