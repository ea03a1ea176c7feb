import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, MOST_TRANSITIONS } from "../../src/core/machine.ts";
import type { Event, Facts, Policy, Step } from "../../src/core/machine-types.ts";
import { enter, type FinalizationRecord } from "../../src/core/record.ts";
import { aRecord, FACTS, NO_REQUESTS, POLICY, PREVIOUS, TARGET } from "../support/records.ts";

const NOW = new Date("2026-11-22T21:31:00Z");
const SWITCH = FACTS.decision;
const REBOOT = { action: "reboot", reason: "kernel changed", changed: ["kernel"] } as const;
/** Nothing of it can be switched to. */
const INTERFACE = {
  action: "reboot",
  reason: "init-interface-version changed",
  changed: [],
} as const;
const REFUSED = { action: "refuse", missing: ["kernel"] } as const;

function step(
  record: FinalizationRecord,
  event: Event,
  facts: Partial<Facts> = {},
  policy: Partial<Policy> = {},
): Step {
  const seen = { now: NOW, event, facts: { ...FACTS, ...facts }, policy: { ...POLICY, ...policy } };
  return advance(record, seen);
}

interface Row {
  readonly name: string;
  readonly from: FinalizationRecord["state"];
  readonly record?: Partial<FinalizationRecord>;
  readonly event: Event;
  readonly facts?: Partial<Facts>;
  readonly policy?: Partial<Policy>;
  /** The state afterwards and the effect. */
  readonly expect: readonly [FinalizationRecord["state"], Step["effect"]["kind"]];
}

const STARTED: Event = { kind: "started" };
const OPENED: Event = { kind: "gates-opened", waitedFor: [] };
const WINDOW = "2026-11-28T02:00:00.000Z";
const DEFERRED: Event = { kind: "gates-deferred", waitedFor: [], until: WINDOW, why: "window" };
const TURN: Event = { kind: "turn-taken", failedUnits: [], idleRunners: [] };
const RESTORED: Event = { kind: "profile-restored", problem: null };
const AT_TARGET = { bootId: "boot-2", booted: TARGET, current: TARGET };
const AT_PREVIOUS = { bootId: "boot-2" };

function switched(exitCode: number): Event {
  return { kind: "switched", exitCode, tail: ["said"] };
}

function booting(toplevel: string, problem: string | null = null): Event {
  return { kind: "boot-default-restored", toplevel, problem };
}

function verified(...failed: string[]): Event {
  const checks = failed.map((name) => ({ name, kind: "unit", detail: "is failed", seconds: 1 }));
  return { kind: "verified", checks: checks.map((check) => ({ ...check, result: "failed" })) };
}

const OTHER = "/nix/store/other";
const NEWER = "20261122-213159-0zzz";

/** Somebody else has brought another system live: whatever it was at, it touches nothing more. */
function overtakenRows(): Row[] {
  const expect = ["failed", "finish"] as const;
  const facts = { current: OTHER, booted: OTHER };
  const confirmed = { requests: { ...NO_REQUESTS, confirm: "ann" } };
  const afterBoot = { ...facts, bootId: "boot-2", newest: NEWER };
  const asked = { rebootAskedInBoot: "boot-1" };
  return [
    { name: "is overtaken", from: "switching", event: STARTED, facts, expect },
    { name: "is overtaken", from: "rebooting", record: asked, event: STARTED, facts, expect },
    { name: "is overtaken", from: "verifying", event: STARTED, facts, expect },
    { name: "is overtaken", from: "rolling-back", event: STARTED, facts, expect },
    { name: "is overtaken", from: "verifying", event: verified(), facts, expect },
    { name: "is overtaken", from: "verifying", event: verified("web"), facts, expect },
    {
      name: "is overtaken while it waited to go on",
      from: "rolling-back",
      event: { kind: "overtaken" },
      facts,
      expect,
    },
    {
      name: "takes up again what was overtaken for a moment only",
      from: "switching",
      event: { kind: "overtaken" },
      expect: ["switching", "switch"],
    },
    {
      name: "is overtaken, whatever is confirmed",
      from: "verifying",
      event: { kind: "confirmation-ended" },
      facts: { ...facts, ...confirmed },
      expect,
    },
    {
      name: "is overtaken by a boot into a newer deploy",
      from: "switching",
      event: STARTED,
      facts: afterBoot,
      expect,
    },
    {
      name: "is overtaken by a boot into a newer deploy",
      from: "rebooting",
      record: asked,
      event: STARTED,
      facts: afterBoot,
      expect,
    },
    {
      name: "falls back where no newer deploy explains what was booted",
      from: "rebooting",
      record: asked,
      event: STARTED,
      facts: { ...facts, bootId: "boot-2" },
      expect: ["rebooting", "restore-profile"],
    },
  ];
}

const rows: Row[] = [
  // scheduled, waiting
  { name: "begins to wait", from: "scheduled", event: STARTED, expect: ["waiting", "await-gates"] },
  { name: "goes on waiting", from: "waiting", event: STARTED, expect: ["waiting", "await-gates"] },
  {
    name: "waits on after a boot into the old system",
    from: "waiting",
    event: STARTED,
    facts: AT_PREVIOUS,
    expect: ["waiting", "await-gates"],
  },
  {
    name: "has been booted into while it waited",
    from: "scheduled",
    event: STARTED,
    facts: AT_TARGET,
    expect: ["verifying", "verify"],
  },
  { name: "takes its turn", from: "waiting", event: OPENED, expect: ["waiting", "take-turn"] },
  {
    name: "looks again when it was interrupted",
    from: "waiting",
    event: { kind: "gates-interrupted", waitedFor: [] },
    expect: ["waiting", "await-gates"],
  },
  {
    name: "gives up waiting",
    from: "waiting",
    event: { kind: "gates-timed-out", waitedFor: [], why: "a job" },
    expect: ["failed", "finish"],
  },
  {
    name: "gives way to a newer one",
    from: "waiting",
    event: TURN,
    facts: { newest: "20261122-220000-bbbb" },
    expect: ["superseded", "finish"],
  },
  {
    name: "gives way to a profile that moved",
    from: "scheduled",
    event: STARTED,
    facts: { profile: "/nix/store/other" },
    expect: ["superseded", "finish"],
  },
  {
    name: "gives way to a profile that is gone",
    from: "waiting",
    event: OPENED,
    facts: { profile: null },
    expect: ["superseded", "finish"],
  },
  {
    name: "is cancelled",
    from: "waiting",
    event: { kind: "gates-interrupted", waitedFor: [] },
    facts: { requests: { ...NO_REQUESTS, cancel: "ann" } },
    expect: ["cancelled", "finish"],
  },
  {
    name: "is cancelled before it begins",
    from: "scheduled",
    event: STARTED,
    facts: { requests: { ...NO_REQUESTS, cancel: "ann" } },
    expect: ["cancelled", "finish"],
  },
  { name: "switches", from: "waiting", event: TURN, expect: ["switching", "switch"] },
  {
    name: "reboots when that is the decision now",
    from: "waiting",
    event: TURN,
    facts: { decision: REBOOT },
    expect: ["rebooting", "reboot"],
  },
  {
    name: "does not reboot where that is forbidden",
    from: "waiting",
    event: TURN,
    facts: { decision: INTERFACE },
    policy: { reboot: "forbidden" },
    expect: ["failed", "finish"],
  },
  {
    name: "switches to what can be live, where a reboot is forbidden",
    from: "waiting",
    event: TURN,
    facts: { decision: REBOOT },
    policy: { reboot: "forbidden" },
    expect: ["switching", "switch"],
  },
  {
    name: "is put off until the window opens",
    from: "waiting",
    event: DEFERRED,
    expect: ["waiting", "defer"],
  },
  {
    name: "is not put off when it is cancelled",
    from: "waiting",
    event: DEFERRED,
    facts: { requests: { ...NO_REQUESTS, cancel: "ann" } },
    expect: ["cancelled", "finish"],
  },
  {
    name: "does not act on a target that lost its kernel",
    from: "waiting",
    event: TURN,
    facts: { decision: REFUSED },
    expect: ["failed", "finish"],
  },
  // switching
  {
    name: "verifies a switch",
    from: "switching",
    event: switched(0),
    expect: ["verifying", "verify"],
  },
  {
    name: "lets the verification judge failed units",
    from: "switching",
    event: switched(4),
    expect: ["verifying", "verify"],
  },
  {
    name: "rolls back a failed activation",
    from: "switching",
    event: switched(2),
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "fails where the rollback is disabled",
    from: "switching",
    event: switched(2),
    policy: { rollback: "disabled" },
    expect: ["failed", "finish"],
  },
  {
    name: "fails where there is nothing to go back to",
    from: "switching",
    record: { previous: null },
    event: switched(2),
    expect: ["failed", "finish"],
  },
  {
    name: "fails where the previous system is the target itself",
    from: "switching",
    record: { previous: TARGET },
    event: switched(2),
    expect: ["failed", "finish"],
  },
  {
    name: "fails when the pre-switch check refuses",
    from: "switching",
    event: switched(1),
    expect: ["failed", "finish"],
  },
  {
    name: "reboots when an inhibitor has appeared",
    from: "switching",
    event: switched(1),
    facts: { decision: REBOOT },
    expect: ["rebooting", "reboot"],
  },
  {
    name: "reboots when the init interface asks for it",
    from: "switching",
    event: switched(100),
    expect: ["rebooting", "reboot"],
  },
  {
    name: "does not reboot for the init interface where that is forbidden",
    from: "switching",
    event: switched(100),
    policy: { reboot: "forbidden" },
    expect: ["failed", "finish"],
  },
  {
    name: "waits again for what came in between",
    from: "switching",
    event: { kind: "held-up", why: "lock" },
    expect: ["waiting", "await-gates"],
  },
  {
    name: "switches again after a crash",
    from: "switching",
    event: STARTED,
    expect: ["switching", "switch"],
  },
  {
    name: "switches again after a crash in a later boot than it was scheduled in",
    from: "switching",
    record: { switchedInBoot: "boot-2" },
    event: STARTED,
    facts: AT_PREVIOUS,
    expect: ["switching", "switch"],
  },
  {
    name: "was cut off and booted into the target",
    from: "switching",
    event: STARTED,
    facts: AT_TARGET,
    expect: ["verifying", "verify"],
  },
  {
    name: "was cut off and fell back",
    from: "switching",
    event: STARTED,
    facts: AT_PREVIOUS,
    expect: ["switching", "restore-profile"],
  },
  {
    name: "sets the boot default back after it fell back",
    from: "switching",
    event: RESTORED,
    expect: ["switching", "restore-boot-default"],
  },
  // rebooting
  {
    name: "asks again for a reboot that did not happen",
    from: "rebooting",
    event: STARTED,
    expect: ["rebooting", "reboot"],
  },
  {
    name: "arrives in the target",
    from: "rebooting",
    event: STARTED,
    facts: AT_TARGET,
    expect: ["verifying", "verify"],
  },
  {
    name: "fell back",
    from: "rebooting",
    event: STARTED,
    facts: AT_PREVIOUS,
    expect: ["rebooting", "restore-profile"],
  },
  {
    name: "fell back, with nothing to restore",
    from: "rebooting",
    record: { previous: null },
    event: STARTED,
    facts: AT_PREVIOUS,
    expect: ["failed", "finish"],
  },
  {
    name: "fell back, and the profile cannot be restored",
    from: "rebooting",
    event: { kind: "profile-restored", problem: "no" },
    expect: ["failed", "finish"],
  },
  {
    name: "fell back, with all restored",
    from: "rebooting",
    event: booting(PREVIOUS),
    expect: ["failed", "finish"],
  },
  {
    name: "has come up and gone down again before it was the boot default",
    from: "verifying",
    record: { rebootAskedInBoot: "boot-1" },
    event: STARTED,
    facts: AT_PREVIOUS,
    expect: ["verifying", "restore-profile"],
  },
  {
    name: "fell back from there, with all restored",
    from: "verifying",
    record: { rebootAskedInBoot: "boot-1" },
    event: booting(PREVIOUS),
    facts: AT_PREVIOUS,
    expect: ["failed", "finish"],
  },
  {
    name: "verifies a switch again that came after a reboot that was held up",
    from: "verifying",
    record: { rebootAskedInBoot: "boot-1" },
    event: STARTED,
    expect: ["verifying", "verify"],
  },
  {
    name: "holds, and only then becomes the boot default",
    from: "verifying",
    event: verified(),
    facts: { ...AT_TARGET, bootDefault: PREVIOUS },
    expect: ["verifying", "restore-boot-default"],
  },
  {
    name: "is the boot default already",
    from: "verifying",
    event: verified(),
    facts: { ...AT_TARGET, bootDefault: TARGET },
    expect: ["live", "finish"],
  },
  {
    name: "leaves a boot default alone that is neither system",
    from: "verifying",
    event: verified(),
    facts: { ...AT_TARGET, bootDefault: "/nix/store/other" },
    expect: ["live", "finish"],
  },
  {
    name: "has become the boot default",
    from: "verifying",
    event: booting(TARGET),
    facts: AT_TARGET,
    expect: ["live", "finish"],
  },
  {
    name: "cannot become the boot default",
    from: "verifying",
    event: booting(TARGET, "no space"),
    facts: AT_TARGET,
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "is refused the reboot",
    from: "rebooting",
    event: { kind: "reboot-refused", why: "no" },
    expect: ["failed", "finish"],
  },
  {
    name: "waits again for what came in between",
    from: "rebooting",
    event: { kind: "held-up", why: "lock" },
    expect: ["waiting", "await-gates"],
  },
  // verifying
  {
    name: "verifies again after a crash",
    from: "verifying",
    event: STARTED,
    expect: ["verifying", "verify"],
  },
  {
    name: "is live",
    from: "verifying",
    event: verified(),
    facts: { current: TARGET },
    expect: ["live", "finish"],
  },
  {
    name: "is not live where something else is current",
    from: "verifying",
    event: verified(),
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "rolls back what does not hold",
    from: "verifying",
    event: verified("nginx"),
    facts: { current: TARGET },
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "asks for a confirmation",
    from: "verifying",
    event: verified(),
    facts: { current: TARGET },
    policy: { confirmWithin: 60 },
    expect: ["verifying", "await-confirmation"],
  },
  {
    name: "is confirmed, but somebody has switched back by hand",
    from: "verifying",
    event: { kind: "confirmation-ended" },
    facts: { requests: { ...NO_REQUESTS, confirm: "ann" } },
    expect: ["rolling-back", "restore-profile"],
  },
  ...overtakenRows(),
  {
    name: "is refused a switch that was cut off when it had done its work",
    from: "switching",
    event: switched(1),
    facts: { current: TARGET },
    expect: ["verifying", "verify"],
  },
  {
    name: "is confirmed",
    from: "verifying",
    event: { kind: "confirmation-ended" },
    facts: { current: TARGET, requests: { ...NO_REQUESTS, confirm: "ann" } },
    expect: ["live", "finish"],
  },
  {
    name: "is not confirmed",
    from: "verifying",
    event: { kind: "confirmation-ended" },
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "goes back although it holds, when somebody asks for it",
    from: "verifying",
    event: verified(),
    facts: { current: TARGET, requests: { ...NO_REQUESTS, rollback: "ann" } },
    policy: { rollback: "disabled" },
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "goes back when somebody asks for it instead of confirming",
    from: "verifying",
    event: { kind: "confirmation-ended" },
    facts: { requests: { ...NO_REQUESTS, confirm: "ann", rollback: "ann" } },
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "goes back after an interruption, when somebody asked for it meanwhile",
    from: "verifying",
    event: STARTED,
    facts: { requests: { ...NO_REQUESTS, rollback: "ann" } },
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "has nothing to go back to, whoever asks",
    from: "verifying",
    record: { previous: null },
    event: verified(),
    facts: { current: TARGET, requests: { ...NO_REQUESTS, rollback: "ann" } },
    expect: ["failed", "finish"],
  },
  {
    name: "does not heed a request to go back before it has acted",
    from: "waiting",
    event: TURN,
    facts: { requests: { ...NO_REQUESTS, rollback: "ann" } },
    expect: ["switching", "switch"],
  },
  {
    name: "does not bring back by itself what somebody has rolled back",
    from: "verifying",
    record: { rollbackOf: "20261122-210000-bbbb" },
    event: verified("nginx"),
    facts: { current: TARGET },
    expect: ["failed", "finish"],
  },
  {
    name: "is live without a confirmation after a rollback that was asked for",
    from: "verifying",
    record: { rollbackOf: "20261122-210000-bbbb" },
    event: verified(),
    facts: { current: TARGET },
    policy: { confirmWithin: 60 },
    expect: ["live", "finish"],
  },
  // rolling-back
  {
    name: "switches back",
    from: "rolling-back",
    event: RESTORED,
    expect: ["rolling-back", "switch"],
  },
  {
    name: "reboots back",
    from: "rolling-back",
    event: RESTORED,
    facts: { wayBack: REBOOT },
    expect: ["rolling-back", "reboot"],
  },
  {
    name: "does not reboot back where that is forbidden",
    from: "rolling-back",
    event: RESTORED,
    facts: { wayBack: INTERFACE },
    policy: { reboot: "forbidden" },
    expect: ["failed", "finish"],
  },
  {
    name: "switches back what can be, where a reboot is forbidden",
    from: "rolling-back",
    event: RESTORED,
    facts: { wayBack: REBOOT },
    policy: { reboot: "forbidden" },
    expect: ["rolling-back", "switch"],
  },
  {
    name: "cannot restore the profile",
    from: "rolling-back",
    event: { kind: "profile-restored", problem: "no" },
    expect: ["failed", "finish"],
  },
  {
    name: "finds the previous system incomplete",
    from: "rolling-back",
    event: RESTORED,
    facts: { wayBack: REFUSED },
    expect: ["failed", "finish"],
  },
  {
    name: "verifies the way back",
    from: "rolling-back",
    event: switched(0),
    expect: ["rolling-back", "verify-way-back"],
  },
  {
    name: "lets the verification judge failed units",
    from: "rolling-back",
    event: switched(4),
    expect: ["rolling-back", "verify-way-back"],
  },
  {
    name: "fails when the switch back fails",
    from: "rolling-back",
    event: switched(2),
    expect: ["failed", "finish"],
  },
  {
    name: "begins again when the lock is taken",
    from: "rolling-back",
    event: { kind: "held-up", why: "lock" },
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "is refused the reboot back",
    from: "rolling-back",
    event: { kind: "reboot-refused", why: "no" },
    expect: ["failed", "finish"],
  },
  {
    name: "is rolled back",
    from: "rolling-back",
    event: verified(),
    expect: ["rolled-back", "finish"],
  },
  {
    name: "fails where the previous system is not current",
    from: "rolling-back",
    event: verified(),
    facts: { current: TARGET },
    expect: ["failed", "finish"],
  },
  {
    name: "fails where the previous system does not hold either",
    from: "rolling-back",
    event: verified("nginx"),
    expect: ["failed", "finish"],
  },
  {
    name: "begins again after a crash",
    from: "rolling-back",
    event: STARTED,
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "begins again after a boot that it did not ask for",
    from: "rolling-back",
    event: STARTED,
    facts: AT_PREVIOUS,
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "has rebooted back",
    from: "rolling-back",
    record: { rebootBackAskedInBoot: "boot-1" },
    event: STARTED,
    facts: AT_PREVIOUS,
    expect: ["rolling-back", "restore-boot-default"],
  },
  {
    name: "has made sure of the boot default",
    from: "rolling-back",
    event: booting(PREVIOUS),
    expect: ["rolling-back", "verify-way-back"],
  },
  {
    name: "cannot set the boot default back",
    from: "rolling-back",
    event: booting(PREVIOUS, "no"),
    expect: ["failed", "finish"],
  },
  {
    name: "asks again for a reboot back that did not happen",
    from: "rolling-back",
    record: { rebootBackAskedInBoot: "boot-1" },
    event: STARTED,
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "does not reboot back twice",
    from: "rolling-back",
    record: { rebootBackAskedInBoot: "boot-1" },
    event: STARTED,
    facts: AT_TARGET,
    expect: ["failed", "finish"],
  },
  // terminal
  { name: "stays as it ended", from: "live", event: STARTED, expect: ["live", "finish"] },
  { name: "stays as it ended", from: "failed", event: verified(), expect: ["failed", "finish"] },
];

for (const row of rows) {
  test(`machine: ${row.from} ${row.name} (${row.event.kind})`, () => {
    const from = aRecord({ state: row.from, rebootAskedInBoot: "boot-1", ...row.record });
    const { record, effect } = step(from, row.event, row.facts, row.policy);
    assert.deepEqual([record.state, effect.kind], row.expect);
    if (record.state !== row.from) assert.equal(record.timeline.at(-1)?.state, record.state);
  });
}

test("machine: notes the boot in which it asked for the reboot, and what had failed before", () => {
  const failedUnits = [{ unit: "old.service", restarts: 0 }];
  const event: Event = { kind: "turn-taken", failedUnits, idleRunners: ["runner.service"] };
  const facts = { decision: REBOOT, bootId: "boot-7" };
  const { record } = step(aRecord({ state: "waiting" }), event, facts);
  assert.equal(record.rebootAskedInBoot, "boot-7");
  assert.equal(record.plan.action, "reboot");
  assert.deepEqual(record.failedBefore, failedUnits);
  assert.deepEqual(record.stoppedRunners, ["runner.service"]);
});

test("machine: the way back leads to what runs when it acts, not to what ran at scheduling", () => {
  const other = { current: "/nix/store/other", currentGeneration: 7 };
  for (const decision of [SWITCH, REBOOT]) {
    const { record } = step(aRecord({ state: "waiting" }), TURN, { ...other, decision });
    assert.deepEqual([record.previous, record.previousGeneration], ["/nix/store/other", 7]);
  }
});

for (const [name, current] of [
  ["the target", TARGET],
  ["nothing known", null],
] as const) {
  test(`machine: where ${name} runs when it acts, the way back is what it was`, () => {
    const { record } = step(aRecord({ state: "waiting" }), TURN, { current });
    assert.deepEqual([record.previous, record.previousGeneration], [PREVIOUS, 1]);
  });
}

test("machine: an act that is done again keeps the way back", () => {
  const { record } = step(aRecord({ state: "switching" }), STARTED, { current: "/nix/store/half" });
  assert.equal(record.previous, PREVIOUS);
});

test("machine: keeps the exit code and the last words of a failed switch", () => {
  const { record } = step(aRecord({ state: "switching" }), switched(1));
  assert.deepEqual(record.outcome, {
    reason: "the switch was refused before it changed anything: said",
    activationExitCode: 1,
    activationTail: ["said"],
  });
});

test("machine: the time limit of a confirmation is not lengthened by an interruption", () => {
  const confirmBy = "2026-11-22T21:30:30.000Z";
  const verifying = aRecord({ state: "verifying", confirmBy });
  const { effect } = step(verifying, verified(), { current: TARGET }, { confirmWithin: 600 });
  assert.deepEqual(effect, { kind: "await-confirmation", until: confirmBy });
});

test("machine: the reason of the rollback stays the outcome's reason", () => {
  const { record } = step(aRecord({ state: "switching" }), switched(2));
  const end = step(record, verified(), { current: PREVIOUS }).record;
  assert.equal(end.state, "rolled-back");
  assert.equal(end.outcome?.reason, "switch-to-configuration ended with exit code 2");
});

test("machine: going round in circles ends as failed", () => {
  let record = aRecord({ state: "switching" });
  for (let i = 0; i <= MOST_TRANSITIONS && record.state !== "failed"; i++) {
    record = step(record, STARTED).record;
  }
  assert.equal(record.state, "failed");
  assert.match(record.outcome?.reason ?? "", /needs a human/);
});

test("machine: to wait for many windows is no going round in circles", () => {
  let record = aRecord({ state: "waiting" });
  for (let week = 0; week < 2 * MOST_TRANSITIONS; week++) {
    const until = new Date(Date.parse(WINDOW) + week * 604_800_000).toISOString();
    record = step(record, { ...DEFERRED, until }).record;
  }
  assert.equal(record.state, "waiting");
  assert.equal(step(record, OPENED).effect.kind, "take-turn");
});

test("machine: has no transition out of a terminal state", () => {
  const live = aRecord({ state: "live" });
  assert.throws(() => enter(live, "waiting", NOW, ""), /no transition from live/);
});

test("machine: is told once for each moment that it is put off to", () => {
  const first = step(aRecord({ state: "waiting" }), DEFERRED).record;
  assert.equal(first.deferredUntil, WINDOW);
  assert.deepEqual(first.timeline.at(-1)?.detail, "window");
  const again = step(first, DEFERRED);
  assert.equal(again.record, first);
  assert.deepEqual(again.effect, { kind: "defer", until: WINDOW });
});

test("machine: live by a switch tells of the reboot that is not allowed, and live by a boot does not", () => {
  const forbidden = { reboot: "forbidden" } as const;
  const verifying = aRecord({ state: "verifying" });
  const current = { current: TARGET };
  const switchedTo = step(
    verifying,
    verified(),
    { ...current, decision: REBOOT },
    forbidden,
  ).record;
  assert.equal(switchedTo.state, "live");
  assert.equal(switchedTo.rebootRequired, "kernel changed");
  assert.match(switchedTo.outcome?.reason ?? "", /a reboot is required: kernel changed/);
  assert.equal(step(verifying, verified(), AT_TARGET, forbidden).record.rebootRequired, null);
});
