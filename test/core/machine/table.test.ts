import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../support/fast-check.ts";
import type { Decision } from "../../../src/core/decision/decision.ts";
import { advance } from "../../../src/core/machine/machine.ts";
import { TABLE } from "../../../src/core/machine/table.ts";
import type { Effect, Event, Facts, Policy } from "../../../src/core/machine/types.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { isTerminal, type State, STATES, TRANSITIONS } from "../../../src/core/states.ts";
import { EFFECTS, effectOf } from "../../support/effects.ts";
import { aRecord, PREVIOUS, TARGET } from "../../support/records.ts";

const NOW = new Date("2026-11-22T21:31:00Z");
const OTHER = "/nix/store/other";
const NEWER = "20261122-220000-bbbb";
/** The walk over the table draws the same records and facts every time. */
const SEED = { seed: 14, numRuns: 400 };

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.option(value, { nil: null });
const boot = fc.constantFrom("boot-1", "boot-2");
const system = maybe(fc.constantFrom(TARGET, PREVIOUS, OTHER));
/** What most finalizations see, and now and then something else. */
const mostly = <T, U>(usual: T, other: fc.Arbitrary<U>): fc.Arbitrary<T | U> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });
const SPECIAL = "/nix/store/special";
const person = mostly(null, fc.constant("ann"));
const problem = maybe(fc.constant("no space"));
const why = fc.constantFrom("a job", "the window");
const waitedFor = fc.constantFrom<FinalizationRecord["waitedFor"]>(
  [],
  [{ gate: "delay", seconds: 1, why: "60 s" }],
);
const moment = fc.constantFrom("2026-11-22T21:40:00.000Z", "2026-11-28T02:00:00.000Z");
const decision = fc.constantFrom<Decision>(
  { action: "switch", reason: "services only", changed: [] },
  { action: "reboot", reason: "kernel changed", changed: ["kernel"] },
  { action: "reboot", reason: "init-interface-version changed", changed: [] },
  { action: "refuse", missing: ["kernel"] },
);

const facts: fc.Arbitrary<Facts> = fc.record({
  bootId: boot,
  uptime: maybe(fc.constantFrom(10, 1000)),
  booted: system,
  current: mostly(TARGET, fc.oneof(system, fc.constant(SPECIAL))),
  currentGeneration: maybe(fc.nat(9)),
  currentProfile: maybe(fc.constantFrom("/nix/store/parent", "/nix/store/previous")),
  profile: mostly(TARGET, system),
  specialisation: mostly(
    null,
    fc.constantFrom({ name: "night", toplevel: SPECIAL }, { name: "night", toplevel: null }),
  ),
  bootDefault: system,
  isBootDefaultHeld: mostly(false, fc.constant(true)),
  newest: mostly(aRecord().id, maybe(fc.constant(NEWER))),
  actedSince: mostly(null, fc.constant(NEWER)),
  decision,
  rollbackDecision: maybe(decision),
  requests: fc.record({
    cancel: person,
    confirm: person,
    rollback: person,
    now: mostly(null, fc.record({ by: fc.constant("bob"), past: fc.subarray(["units"]) })),
  }),
});

const HOOK = { timeout: 60, onFailure: "hold", actions: ["switch", "reboot"] } as const;
const HOOKS: Policy["hooks"] = [
  { ...HOOK, name: "balancer", before: null, after: ["up"] },
  { ...HOOK, name: "node", before: ["drain"], after: ["uncordon"], actions: ["reboot"] },
  { ...HOOK, name: "units", before: ["stop"], after: null },
];

const hooks = mostly<FinalizationRecord["hooks"], FinalizationRecord["hooks"]>(
  [],
  fc.constantFrom(
    [{ name: "node", stage: "before", after: ["uncordon"], timeout: 60, problems: [] }],
    [{ name: "node", stage: "in-force", after: null, timeout: 60, problems: [] }],
    [{ name: "node", stage: "over", after: null, timeout: 60, problems: ["it failed"] }],
    [
      { name: "balancer", stage: "in-force", after: ["up"], timeout: 60, problems: [] },
      { name: "node", stage: "before", after: ["uncordon"], timeout: 60, problems: [] },
    ],
  ),
);

const policy: fc.Arbitrary<Policy> = fc.record({
  reboot: fc.constantFrom("allowed" as const, "forbidden" as const),
  rebootBack: fc.constantFrom("allowed" as const, "forbidden" as const),
  whilePutOff: fc.constantFrom("wait" as const, "switch" as const),
  rollback: fc.constantFrom("enabled" as const, "disabled" as const),
  confirmWithin: maybe(fc.constant(60)),
  slotOnRollback: fc.constantFrom("keep" as const, "give-back" as const),
  hooks: mostly([], fc.constantFrom(HOOKS, HOOKS.slice(1))),
});

const REBOOT: FinalizationRecord["plan"] = { action: "reboot", reason: "asked for", changed: [] };

const fields: fc.Arbitrary<Partial<FinalizationRecord>> = fc.record({
  plan: mostly(aRecord().plan, fc.constant(REBOOT)),
  previous: system,
  specialisation: mostly(null, fc.constant({ name: "night", toplevel: SPECIAL })),
  rollbackOf: maybe(fc.constant("20261122-210000-bbbb")),
  switchedInBoot: maybe(boot),
  rebootAskedInBoot: maybe(boot),
  rebootBackAskedInBoot: maybe(boot),
  deferredUntil: maybe(moment),
  whilePutOff: maybe(fc.constantFrom("switch" as const, "wait" as const)),
  hurried: mostly(
    null,
    fc.constant({
      by: "bob",
      past: [],
      since: { at: "2026-11-22T21:31:00.000Z", bootId: "boot-1", uptime: 1000 },
    }),
  ),
  stoppedRunners: mostly([], fc.constant(["runner.service"])),
  confirmBy: maybe(moment),
  hooks,
});

const checks = fc
  .constantFrom("passed" as const, "failed" as const)
  .map((result) => [{ name: "web", kind: "unit", result, detail: "is so", seconds: 1 }]);

/** What each kind of event may tell. */
const EVENTS: { readonly [K in Event["kind"]]: fc.Arbitrary<Event<K>> } = {
  started: fc.constant({ kind: "started" }),
  "gates-opened": fc.record({ kind: fc.constant("gates-opened"), waitedFor }),
  "gates-interrupted": fc.record({ kind: fc.constant("gates-interrupted"), waitedFor }),
  "gates-timed-out": fc.record({ kind: fc.constant("gates-timed-out"), waitedFor, why }),
  "gates-deferred": fc.record({
    kind: fc.constant("gates-deferred"),
    waitedFor,
    until: moment,
    why,
  }),
  "turn-taken": fc.constant({
    kind: "turn-taken",
    before: { failed: [], units: null },
    idleRunners: ["runner.service"],
  }),
  "runners-found": fc.constant({ kind: "runners-found", units: ["runner.service"] }),
  drained: fc.record({ kind: fc.constant("drained"), waitedFor }),
  "runners-started": fc.constant({ kind: "runners-started", left: [] }),
  "before-ended": fc.record({
    kind: fc.constant("before-ended"),
    hook: fc.constant("node"),
    problem,
    waitedFor,
  }),
  "before-failed": fc.record({
    kind: fc.constant("before-failed"),
    hook: fc.constant("node"),
    why,
    waitedFor,
  }),
  "after-ended": fc.record({
    kind: fc.constant("after-ended"),
    hook: fc.constant("node"),
    problem,
  }),
  "held-up": fc.record({ kind: fc.constant("held-up"), why }),
  overtaken: fc.constant({ kind: "overtaken" }),
  switched: fc.record(
    {
      kind: fc.constant("switched"),
      exitCode: fc.constantFrom(0, 1, 2, 4, 100, 101),
      mode: fc.constantFrom("switch", "test"),
      tail: fc.constantFrom([], ["said"]),
      failedJobs: fc.constantFrom([], [{ unit: "web.service", job: "reload" }]),
      reason: fc.constantFrom("named", "activation", "none"),
      progress: fc.constantFrom("begun", "nothing-changed"),
      cut: fc.constant({ seconds: 600, why: "it waits" }),
    },
    { requiredKeys: ["kind", "exitCode", "mode", "tail", "failedJobs", "reason", "progress"] },
  ),
  "reboot-refused": fc.record({ kind: fc.constant("reboot-refused"), why }),
  verified: fc.record({ kind: fc.constant("verified"), checks }),
  "confirmation-ended": fc.constant({ kind: "confirmation-ended" }),
  "boot-default-committed": fc.record({ kind: fc.constant("boot-default-committed"), problem }),
  "profile-restored": fc.record({ kind: fc.constant("profile-restored"), problem }),
  "defaults-restored": fc.record({
    kind: fc.constant("defaults-restored"),
    problems: fc.constantFrom([], ["/boot is read-only"]),
  }),
};

const isEvent = (name: string): name is Event["kind"] => Object.hasOwn(EVENTS, name);
const isEffect = (name: string): name is Effect["kind"] => Object.hasOwn(EFFECTS, name);

interface Pair {
  readonly state: State;
  readonly during: Effect["kind"] | null;
  readonly phase: string;
  readonly kind: Event["kind"];
  readonly event: fc.Arbitrary<Event>;
}

/** Every state with every effect in progress or none, and every event. */
const PAIRS: readonly Pair[] = STATES.flatMap((state) =>
  [null, ...Object.keys(EFFECTS).filter(isEffect)].flatMap((during) =>
    Object.keys(EVENTS)
      .filter(isEvent)
      .map((kind) => ({
        state,
        during,
        phase: during === null ? state : `${state}: ${during}`,
        kind,
        event: EVENTS[kind],
      })),
  ),
);

const handled = (table: Readonly<Record<string, object>>, { phase, kind }: Pair): boolean =>
  Object.hasOwn(table[phase] ?? {}, kind);
const within = PAIRS.filter((pair) => handled(TABLE, pair));
const outside = PAIRS.filter((pair) => !handled(TABLE, pair));

function stepOf({ state, during, event }: Pair) {
  return fc.tuple(fields, facts, policy, event).map(([changes, seen, wanted, told]) => ({
    record: aRecord({ ...changes, state }),
    seen: { now: NOW, policy: wanted, facts: seen, during: effectOf(during), event: told },
  }));
}

test("table: all pairs of a state, an effect in progress and an event are looked at", () => {
  const inTable = Object.values(TABLE).flatMap((handlers) => Object.keys(handlers));
  assert.equal(within.length, inTable.length);
  assert.equal(PAIRS.length, STATES.length * 18 * 21);
});

test("table: every pair in it is handled, whatever the facts are, and leads to a phase of the table", () => {
  for (const pair of within) {
    fc.assert(
      fc.property(stepOf(pair), ({ record, seen }) => {
        const step = advance(record, seen);
        const { state } = step.record;
        const phase = `${state}: ${step.effect.kind}`;
        const isEnd = isTerminal(state) && step.effect.kind === "finish";
        assert.ok(isEnd || Object.hasOwn(TABLE, phase), `${pair.phase}, ${pair.kind}: ${phase}`);
      }),
    );
  }
});

test("table: every pair outside of it throws, and names the state and the event", () => {
  for (const pair of outside) {
    const [drawn] = fc.sample(stepOf(pair), { ...SEED, numRuns: 1 });
    assert.ok(drawn !== undefined);
    assert.throws(() => advance(drawn.record, drawn.seen), {
      name: "Error",
      message: `no handler for ${pair.kind} in ${pair.phase}`,
    });
  }
});

test("table: a process that takes a record up may find it in any state", () => {
  for (const state of STATES) assert.ok(TABLE[state].started !== undefined, state);
});

/** The transitions that only other commands make: cancel, a newer deploy, a configuration that cannot be read. */
const BY_OTHERS = ["scheduled → failed"];

test("table: it makes the transitions that states may make, and leads to each of its phases", () => {
  const made = new Set<string>(BY_OTHERS);
  const reached = new Set<string>(STATES);
  for (const pair of within) {
    for (const { record, seen } of fc.sample(stepOf(pair), SEED)) {
      const step = advance(record, seen);
      reached.add(`${step.record.state}: ${step.effect.kind}`);
      if (step.record.state !== pair.state) made.add(`${pair.state} → ${step.record.state}`);
    }
  }
  const declared = STATES.flatMap((from) => TRANSITIONS[from].map((to) => `${from} → ${to}`));
  assert.deepEqual([...made].toSorted(), declared.toSorted());
  assert.deepEqual(
    Object.keys(TABLE).filter((phase) => !reached.has(phase)),
    [],
  );
});
