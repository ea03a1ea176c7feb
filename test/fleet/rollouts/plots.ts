import type { Fleet, Script } from "../../../bench/fleet/rollouts/fleet.ts";
import {
  cancelOne,
  forgetTheMissing,
  goodRevision,
  goOnWithout,
  haltAndResume,
  laggard,
  newCanary,
  resumedAgainAndAgain,
  twoInARow,
} from "../../../bench/fleet/rollouts/scripts.ts";
import type { Fate } from "../../../bench/fleet/rollouts/terms.ts";
import fc from "../../support/fast-check.ts";
import type { Schedule } from "./model/schedules.ts";

/** Hosts look without any news too, but not as soon as this: whoever acts so late has missed one. */
export const LOOKS_ANYWAY_MS = 120_000;

const FLEET = {
  members: "known",
  spreadMs: 100,
  actMs: 200,
  soakMs: 200,
  retry: 0.1,
  joinWithin: 3600,
  onMissing: "halt",
} as const;

const schedule = fc.record({
  fleet: fc
    .record({
      waves: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 2, maxLength: 4 }),
      maxFailures: fc.integer({ min: 1, max: 3 }),
      crash: fc.constantFrom(0, 0.01, 0.05),
    })
    .map((drawn): Fleet => ({ ...FLEET, ...drawn })),
  loss: fc.constantFrom(0, 0.02, 0.1),
  seed: fc.integer({ min: 0, max: 1e9 }),
});

export interface Drawn extends Schedule {
  readonly share: number;
  readonly how: Fate;
}

export const drawn: fc.Arbitrary<Drawn> = fc
  .tuple(schedule, fc.constantFrom(0.05, 0.3, 1), fc.constantFrom("breaks", "breaks-in-soak"))
  .map(([base, share, how]) => ({ ...base, share, how: how }));

const waits = { joinWithin: 30 } as const;

/** What is played to a fleet, and what the fleet needs for it. */
export const plots: Record<string, readonly [(plot: Drawn) => Script, Partial<Fleet>?]> = {
  "a good revision": [() => goodRevision],
  "the first rollout of a group": [() => goodRevision, { members: "new" }],
  "a rollout superseded half-way": [() => twoInARow],
  "a host that asks late, with a revision that no other host has any more": [() => laggard],
  "a group whose canaries are forgotten": [() => newCanary],
  "an operator who halts and resumes": [() => haltAndResume],
  "an operator who resumes a bad revision": [
    ({ share, seed }) => resumedAgainAndAgain(share, seed),
  ],
  "a host that is gone, and is not waited for": [
    () => goOnWithout,
    { ...waits, onMissing: "go-on-without" },
  ],
  "a host whose deploy is cancelled": [() => cancelOne, { ...waits, onMissing: "go-on-without" }],
  "a host that is gone, and is forgotten": [() => forgetTheMissing, waits],
};
