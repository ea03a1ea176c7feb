import assert from "node:assert/strict";
import { test } from "node:test";
import { advance, MOST_TRANSITIONS } from "../../../src/core/machine/machine.ts";
import type {
  Effect,
  Event,
  Facts,
  Policy,
  Step,
  SwitchEnd,
} from "../../../src/core/machine/types.ts";
import {
  enter,
  type FinalizationRecord,
  hasSwitchedBefore,
} from "../../../src/core/record/record.ts";
import { EFFECTS, effectOf } from "../../support/effects.ts";
import { aRecord, FACTS, NO_REQUESTS, POLICY, PREVIOUS, TARGET } from "../../support/records.ts";

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
  during = effectBefore(event.kind, record.state),
): Step {
  const seen = { now: NOW, facts: { ...FACTS, ...facts }, policy: { ...POLICY, ...policy } };
  return advance(record, { ...seen, during: effectOf(during), event });
}

/** The effect that an event ends; if there are several, the most usual one. */
function effectBefore(
  kind: Event["kind"],
  state: FinalizationRecord["state"],
): Effect["kind"] | null {
  switch (kind) {
    case "started":
      return null;
    case "gates-timed-out":
      return state === "waiting" ? "await-gates" : "switch";
    case "gates-opened":
    case "gates-interrupted":
    case "gates-deferred":
      return "await-gates";
    case "turn-taken":
    case "runners-found":
      return "take-turn";
    case "drained":
      return "drain";
    case "runners-started":
      return "start-runners";
    case "before-ended":
    case "before-failed":
      return "run-before";
    case "after-ended":
      return "run-after";
    case "held-up":
    case "overtaken":
      return state === "rebooting" ? "reboot" : "switch";
    case "switched":
      return "switch";
    case "reboot-refused":
      return "reboot";
    case "verified":
      return state === "rolling-back" ? "verify-rollback" : "verify";
    case "confirmation-ended":
      return "await-confirmation";
    case "boot-default-committed":
      return "commit-boot-default";
    case "profile-restored":
      return "restore-profile";
    case "defaults-restored":
      return "restore-defaults";
  }
}

interface Row {
  readonly name: string;
  readonly from: FinalizationRecord["state"];
  readonly record?: Partial<FinalizationRecord>;
  readonly event: Event;
  /** The effect that was in progress; absent for the most usual one. */
  readonly during?: Effect["kind"];
  readonly facts?: Partial<Facts>;
  readonly policy?: Partial<Policy>;
  /** The state afterwards and the effect. */
  readonly expect: readonly [FinalizationRecord["state"], Step["effect"]["kind"]];
}

const STARTED: Event = { kind: "started" };
const OPENED: Event = { kind: "gates-opened", waitedFor: [] };
const HELD_UP = { kind: "held-up", why: "lock" } as const;
const HURRIED = { ...NO_REQUESTS, now: { by: "bob", past: ["units"] } };
const WINDOW = "2026-11-28T02:00:00.000Z";
const SOONER = "2026-11-23T06:00:00.000Z";
const DEFERRED: Event<"gates-deferred"> = {
  kind: "gates-deferred",
  waitedFor: [],
  until: WINDOW,
  why: "window",
};
const TURN: Event = { kind: "turn-taken", before: { failed: [], units: null }, idleRunners: [] };
const RESTORED: Event = { kind: "profile-restored", problem: null };
const AT_TARGET = { bootId: "boot-2", booted: TARGET, current: TARGET };
const AT_PREVIOUS = { bootId: "boot-2" };

function switched(exitCode: number, changes: Partial<SwitchEnd> = {}): Event {
  const progress = exitCode === 1 || exitCode === 100 ? "nothing-changed" : "begun";
  const end = { mode: "switch", tail: ["said"], failedJobs: [], reason: "named" } as const;
  return { kind: "switched", exitCode, ...end, progress, ...changes };
}

const BOOT_FAILED = {
  name: "boot",
  kind: "boot",
  result: "failed",
  detail: "the boot ended in emergency mode",
  seconds: 0,
} as const;

const SPECIAL = { name: "night", toplevel: "/nix/store/special" };
const CUT = { seconds: 600, why: "systemd waits for: join.service start (running)" };

function committed(problem: string | null = null): Event {
  return { kind: "boot-default-committed", problem };
}

function restored(...problems: string[]): Event {
  return { kind: "defaults-restored", problems };
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
      expect: ["rebooting", "restore-defaults"],
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
    name: "switches what it can until the window opens, if it may",
    from: "waiting",
    event: DEFERRED,
    facts: { decision: REBOOT },
    policy: { whilePutOff: "switch" },
    expect: ["waiting", "await-gates"],
  },
  {
    name: "only waits for the window if it has switched before",
    from: "waiting",
    event: DEFERRED,
    facts: { decision: REBOOT, current: TARGET },
    policy: { whilePutOff: "switch" },
    expect: ["waiting", "defer"],
  },
  {
    name: "only waits for the window if NixOS would refuse the switch",
    from: "waiting",
    event: DEFERRED,
    facts: { decision: INTERFACE },
    policy: { whilePutOff: "switch" },
    expect: ["waiting", "defer"],
  },
  {
    name: "switches while its reboot is put off, because the window of the switch is open",
    from: "waiting",
    event: { ...DEFERRED, other: { kind: "open" } },
    facts: { decision: REBOOT },
    policy: { whilePutOff: "switch" },
    expect: ["waiting", "await-gates"],
  },
  {
    name: "waits with all of it while both windows are closed",
    from: "waiting",
    event: { ...DEFERRED, other: { kind: "closed", opensAt: SOONER } },
    facts: { decision: REBOOT },
    policy: { whilePutOff: "switch" },
    expect: ["waiting", "defer"],
  },
  {
    name: "reboots first if the window of its switch has closed, and that of the reboot is open",
    from: "waiting",
    record: { whilePutOff: "switch" },
    event: { ...DEFERRED, other: { kind: "open" } },
    facts: { decision: REBOOT },
    policy: { whilePutOff: "switch" },
    expect: ["waiting", "await-gates"],
  },
  {
    name: "switches while its reboot is put off",
    from: "waiting",
    record: { whilePutOff: "switch" },
    event: TURN,
    facts: { decision: REBOOT },
    expect: ["switching", "switch"],
  },
  {
    name: "waits for the reboot with all of it if NixOS refuses the switch",
    from: "switching",
    record: { whilePutOff: "switch" },
    event: switched(1),
    facts: { decision: REBOOT },
    expect: ["waiting", "await-gates"],
  },
  {
    name: "looks at its gates again when somebody asks to act now",
    from: "waiting",
    event: { kind: "gates-interrupted", waitedFor: [] },
    facts: { requests: HURRIED },
    expect: ["waiting", "await-gates"],
  },
  {
    name: "is not put off when somebody asks to act now",
    from: "waiting",
    event: DEFERRED,
    facts: { requests: HURRIED },
    expect: ["waiting", "await-gates"],
  },
  {
    name: "gives its runners work meanwhile, if it is asked to act now in a drain",
    from: "waiting",
    record: { stoppedRunners: ["runner.service"] },
    event: { kind: "gates-interrupted", waitedFor: [] },
    during: "drain",
    facts: { requests: HURRIED },
    expect: ["waiting", "start-runners"],
  },
  {
    name: "is cancelled, also if somebody asks to act now",
    from: "waiting",
    event: { kind: "gates-interrupted", waitedFor: [] },
    facts: { requests: { ...HURRIED, cancel: "ann" } },
    expect: ["cancelled", "finish"],
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
    expect: ["switching", "restore-defaults"],
  },
  {
    name: "has restored profile and boot default after it fell back",
    from: "switching",
    event: restored(),
    expect: ["failed", "finish"],
  },
  {
    name: "runs a switch again that died half-way",
    from: "switching",
    event: switched(1, { progress: "begun" }),
    expect: ["switching", "switch"],
  },
  {
    name: "rolls back a switch that died half-way twice",
    from: "switching",
    record: { switchRepeated: true },
    event: switched(101, { progress: "begun" }),
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "activates the specialisation after a boot into the target",
    from: "rebooting",
    record: { rebootAskedInBoot: "boot-1", specialisation: SPECIAL },
    event: STARTED,
    facts: AT_TARGET,
    expect: ["verifying", "switch"],
  },
  {
    name: "does the same if it was interrupted by a boot while it verified",
    from: "verifying",
    record: { rebootAskedInBoot: "boot-1", specialisation: SPECIAL },
    event: STARTED,
    facts: AT_TARGET,
    expect: ["verifying", "switch"],
  },
  {
    name: "verifies a specialisation that runs",
    from: "verifying",
    record: { specialisation: SPECIAL },
    event: switched(0, { mode: "test" }),
    facts: { ...AT_TARGET, current: SPECIAL.toplevel },
    expect: ["verifying", "verify"],
  },
  {
    name: "rolls back a target without the specialisation that it is to have",
    from: "verifying",
    record: { specialisation: SPECIAL },
    event: verified(),
    facts: AT_TARGET,
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "rolls back a specialisation that cannot be activated",
    from: "verifying",
    record: { specialisation: SPECIAL },
    event: switched(2, { mode: "test" }),
    facts: AT_TARGET,
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "makes the target boot default before its specialisation is live",
    from: "verifying",
    record: { specialisation: SPECIAL },
    event: verified(),
    facts: { current: SPECIAL.toplevel },
    expect: ["verifying", "commit-boot-default"],
  },
  {
    name: "falls back to the generation of a specialisation and is not overtaken",
    from: "rebooting",
    record: {
      rebootAskedInBoot: "boot-1",
      previous: "/nix/store/special-before",
      previousProfile: PREVIOUS,
    },
    event: STARTED,
    facts: { ...AT_PREVIOUS, booted: PREVIOUS, current: PREVIOUS },
    expect: ["rebooting", "restore-defaults"],
  },
  {
    name: "rolls back a switch that was ended at its time limit, and does not run it again",
    from: "switching",
    event: switched(255, { progress: "begun", cut: CUT }),
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "ends as failed after the time limit if no rollback is wanted",
    from: "switching",
    event: switched(255, { progress: "nothing-changed", cut: CUT }),
    policy: { rollback: "disabled" },
    expect: ["failed", "finish"],
  },
  {
    name: "tests the previous system if the switch back has reached its time limit",
    from: "rolling-back",
    event: switched(255, { progress: "begun", cut: CUT }),
    expect: ["rolling-back", "switch"],
  },
  {
    name: "verifies the previous system if its test has reached the time limit too",
    from: "rolling-back",
    event: switched(255, { mode: "test", progress: "begun", cut: CUT }),
    expect: ["rolling-back", "verify-rollback"],
  },
  {
    name: "rolls back unit failures that nobody named",
    from: "switching",
    event: switched(4, { reason: "none" }),
    expect: ["rolling-back", "restore-profile"],
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
    expect: ["rebooting", "restore-defaults"],
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
    event: restored("no"),
    expect: ["failed", "finish"],
  },
  {
    name: "fell back, with all restored",
    from: "rebooting",
    event: restored(),
    expect: ["failed", "finish"],
  },
  {
    name: "has come up and gone down again before it was the boot default",
    from: "verifying",
    record: { rebootAskedInBoot: "boot-1" },
    event: STARTED,
    facts: AT_PREVIOUS,
    expect: ["verifying", "restore-defaults"],
  },
  {
    name: "fell back from there, with all restored",
    from: "verifying",
    record: { rebootAskedInBoot: "boot-1" },
    event: restored(),
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
    expect: ["verifying", "commit-boot-default"],
  },
  {
    name: "is the boot default already",
    from: "verifying",
    event: verified(),
    facts: { ...AT_TARGET, bootDefault: TARGET },
    expect: ["live", "finish"],
  },
  {
    name: "releases a boot default that is held, whichever it is",
    from: "verifying",
    event: verified(),
    facts: { ...AT_TARGET, bootDefault: "/nix/store/other", isBootDefaultHeld: true },
    expect: ["verifying", "commit-boot-default"],
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
    event: committed(),
    facts: AT_TARGET,
    expect: ["live", "finish"],
  },
  {
    name: "is not live if another activation came before it had become the boot default",
    from: "verifying",
    event: committed(),
    facts: { ...AT_TARGET, current: "/nix/store/other" },
    expect: ["failed", "finish"],
  },
  {
    name: "rolls back an activation that failed, also behind exit code 4",
    from: "switching",
    event: switched(4, { reason: "activation" }),
    expect: ["rolling-back", "restore-profile"],
  },
  {
    name: "cannot become the boot default",
    from: "verifying",
    event: committed("no space"),
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
    facts: { rollbackDecision: REBOOT },
    expect: ["rolling-back", "reboot"],
  },
  {
    name: "switches back to a system that ran in this boot, whatever kernel that one brings",
    from: "rolling-back",
    record: { rebootAskedInBoot: null },
    event: RESTORED,
    facts: { rollbackDecision: REBOOT, booted: "/nix/store/other" },
    expect: ["rolling-back", "switch"],
  },
  {
    name: "reboots back out of the target that somebody has booted",
    from: "rolling-back",
    record: { rebootAskedInBoot: null },
    event: RESTORED,
    facts: { rollbackDecision: REBOOT, booted: TARGET },
    expect: ["rolling-back", "reboot"],
  },
  {
    name: "reboots back from a boot that did not get through",
    from: "rolling-back",
    record: { checks: [BOOT_FAILED] },
    event: RESTORED,
    facts: AT_TARGET,
    expect: ["rolling-back", "reboot"],
  },
  {
    name: "switches back from a boot that did not get through where no reboot is allowed",
    from: "rolling-back",
    record: { checks: [BOOT_FAILED] },
    event: RESTORED,
    facts: AT_TARGET,
    policy: { rebootBack: "forbidden" },
    expect: ["rolling-back", "switch"],
  },
  {
    name: "reboots back if the boot before its switch did not get through",
    from: "rolling-back",
    event: { kind: "verified", checks: [BOOT_FAILED] },
    during: "switch",
    facts: AT_TARGET,
    expect: ["rolling-back", "reboot"],
  },
  {
    name: "does not reboot back twice for a boot that did not get through",
    from: "rolling-back",
    record: { rebootBackAskedInBoot: "boot-1" },
    event: { kind: "verified", checks: [BOOT_FAILED] },
    during: "switch",
    facts: AT_TARGET,
    expect: ["rolling-back", "restore-defaults"],
  },
  {
    name: "does not reboot into the system that did not get through",
    from: "rolling-back",
    event: { kind: "verified", checks: [BOOT_FAILED] },
    during: "switch",
    facts: AT_PREVIOUS,
    expect: ["rolling-back", "restore-defaults"],
  },
  {
    name: "switches back in a boot that did not get through if no reboot is allowed",
    from: "rolling-back",
    event: { kind: "verified", checks: [BOOT_FAILED] },
    during: "switch",
    facts: AT_TARGET,
    policy: { rebootBack: "forbidden" },
    expect: ["rolling-back", "switch"],
  },
  {
    name: "does not reboot back once the previous system is booted",
    from: "rolling-back",
    record: { checks: [BOOT_FAILED] },
    event: RESTORED,
    facts: AT_PREVIOUS,
    expect: ["rolling-back", "switch"],
  },
  {
    name: "does not reboot back where that is forbidden",
    from: "rolling-back",
    event: RESTORED,
    facts: { rollbackDecision: INTERFACE },
    policy: { rebootBack: "forbidden" },
    expect: ["rolling-back", "restore-defaults"],
  },
  {
    name: "reboots back also if the target must not be booted",
    from: "rolling-back",
    event: RESTORED,
    facts: { rollbackDecision: INTERFACE },
    policy: { reboot: "forbidden" },
    expect: ["rolling-back", "reboot"],
  },
  {
    name: "reboots back out of a boot that did not get through also if the target must not be booted",
    from: "rolling-back",
    event: { kind: "verified", checks: [BOOT_FAILED] },
    during: "switch",
    facts: AT_TARGET,
    policy: { reboot: "forbidden" },
    expect: ["rolling-back", "reboot"],
  },
  {
    name: "switches back what can be, where a reboot is forbidden",
    from: "rolling-back",
    event: RESTORED,
    facts: { rollbackDecision: REBOOT },
    policy: { rebootBack: "forbidden" },
    expect: ["rolling-back", "switch"],
  },
  {
    name: "brings the services back although the profile cannot be restored",
    from: "rolling-back",
    event: { kind: "profile-restored", problem: "no" },
    expect: ["rolling-back", "switch"],
  },
  {
    name: "finds the previous system incomplete",
    from: "rolling-back",
    event: RESTORED,
    facts: { rollbackDecision: REFUSED },
    expect: ["failed", "finish"],
  },
  {
    name: "verifies the rollback",
    from: "rolling-back",
    event: switched(0),
    expect: ["rolling-back", "verify-rollback"],
  },
  {
    name: "lets the verification judge failed units",
    from: "rolling-back",
    event: switched(4),
    expect: ["rolling-back", "verify-rollback"],
  },
  {
    name: "judges the units although the activation of the previous system fails",
    from: "rolling-back",
    event: switched(2),
    expect: ["rolling-back", "verify-rollback"],
  },
  {
    name: "leaves the boot loader out when it is in the way",
    from: "rolling-back",
    event: switched(1),
    expect: ["rolling-back", "switch"],
  },
  {
    name: "judges the units although nothing can be activated",
    from: "rolling-back",
    event: switched(1, { mode: "test" }),
    expect: ["rolling-back", "verify-rollback"],
  },
  {
    name: "reboots if the switch to the previous system asks for it",
    from: "rolling-back",
    event: switched(100),
    expect: ["rolling-back", "reboot"],
  },
  {
    name: "does not reboot for it twice",
    from: "rolling-back",
    record: { rebootBackAskedInBoot: "boot-1" },
    event: switched(100),
    expect: ["rolling-back", "restore-defaults"],
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
    expect: ["rolling-back", "switch"],
  },
  {
    name: "restores profile and boot default last",
    from: "rolling-back",
    event: verified(),
    expect: ["rolling-back", "restore-defaults"],
  },
  {
    name: "is rolled back",
    from: "rolling-back",
    event: restored(),
    expect: ["rolled-back", "finish"],
  },
  {
    name: "restores the defaults although the previous system is not current",
    from: "rolling-back",
    event: verified(),
    facts: { current: TARGET },
    expect: ["rolling-back", "restore-defaults"],
  },
  {
    name: "restores the defaults although the previous system has problems too",
    from: "rolling-back",
    event: verified("nginx"),
    expect: ["rolling-back", "restore-defaults"],
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
    expect: ["rolling-back", "verify-rollback"],
  },
  {
    name: "fails if the rollback has left a problem",
    from: "rolling-back",
    record: { rollbackProblems: ["nginx: is failed"] },
    event: restored(),
    expect: ["failed", "finish"],
  },
  {
    name: "cannot set the boot default back",
    from: "rolling-back",
    event: restored("no"),
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
    name: "does not reboot back twice, and brings the services back",
    from: "rolling-back",
    record: { rebootBackAskedInBoot: "boot-1" },
    event: STARTED,
    facts: AT_TARGET,
    expect: ["rolling-back", "switch"],
  },
  // terminal
  {
    name: "drains the runners that it names first",
    from: "waiting",
    event: { kind: "runners-found", units: ["runner.service"] },
    expect: ["waiting", "drain"],
  },
  {
    name: "looks at everything once more after the drain",
    from: "waiting",
    event: { kind: "drained", waitedFor: [] },
    expect: ["waiting", "take-turn"],
  },
  {
    name: "is superseded while it drains, by the job that it waits for",
    from: "waiting",
    event: { kind: "drained", waitedFor: [] },
    facts: { newest: "20261122-220000-bbbb" },
    expect: ["superseded", "finish"],
  },
  {
    name: "starts drained runners again before it waits for its gates",
    from: "waiting",
    record: { stoppedRunners: ["runner.service"] },
    event: STARTED,
    expect: ["waiting", "start-runners"],
  },
  {
    name: "waits for its gates when the runners work",
    from: "waiting",
    event: { kind: "runners-started", left: [] },
    expect: ["waiting", "await-gates"],
  },
  { name: "stays as it ended", from: "live", event: STARTED, expect: ["live", "finish"] },
  { name: "stays as it ended", from: "failed", event: STARTED, expect: ["failed", "finish"] },
];

for (const row of rows) {
  test(`machine: ${row.from} ${row.name} (${row.event.kind})`, () => {
    const from = aRecord({ state: row.from, rebootAskedInBoot: "boot-1", ...row.record });
    const { record, effect } = step(from, row.event, row.facts, row.policy, row.during);
    assert.deepEqual([record.state, effect.kind], row.expect);
    if (record.state !== row.from) assert.equal(record.timeline.at(-1)?.state, record.state);
  });
}

test("machine: notes the boot in which it asked for the reboot, and what had failed before", () => {
  const units = { bootId: "boot-1", active: [], idle: ["idle.service"], broken: [] };
  const before = { failed: [{ unit: "old.service", restarts: 0 }], units };
  const event: Event = { kind: "turn-taken", before, idleRunners: ["runner.service"] };
  const facts = { decision: REBOOT, bootId: "boot-7" };
  const { record } = step(aRecord({ state: "waiting" }), event, facts);
  assert.equal(record.rebootAskedInBoot, "boot-7");
  assert.equal(record.plan.action, "reboot");
  assert.deepEqual(record.failedBefore, before.failed);
  assert.deepEqual(record.unitsBefore, units);
  assert.deepEqual(record.stoppedRunners, ["runner.service"]);
});

test("machine: a drained runner stays named through the act, and one that was started is not", () => {
  const named = { stoppedRunners: ["a.service"] };
  const waiting = aRecord({ state: "waiting", ...named });
  const found = step(waiting, { kind: "runners-found", units: ["b.service"] }).record;
  assert.deepEqual(found.stoppedRunners, ["a.service", "b.service"]);
  assert.deepEqual(step(found, TURN).record.stoppedRunners, ["a.service", "b.service"]);
  const left = { kind: "runners-started", left: ["b.service"] } as const;
  assert.deepEqual(step(found, left).record.stoppedRunners, ["b.service"]);
});

test("machine: an act that finds another runner is asked for once more, as it was", () => {
  const event = { kind: "runners-found", units: ["b.service"] } as const;
  const seen = { now: NOW, facts: FACTS, policy: POLICY, event };
  const back = { kind: "switch", toplevel: PREVIOUS, mode: "switch" } as const;
  for (const [state, during] of [
    ["switching", EFFECTS.switch],
    ["rebooting", EFFECTS.reboot],
    ["verifying", { kind: "switch", toplevel: "/nix/store/special", mode: "test" }],
    ["rolling-back", back],
    // Without the boot loader, which was in the way before.
    ["rolling-back", { ...back, mode: "test" }],
    ["rolling-back", { kind: "reboot", toplevel: PREVIOUS }],
  ] as const) {
    const from = aRecord({ state, stoppedRunners: ["a.service"] });
    const { record, effect } = advance(from, { ...seen, during });
    assert.deepEqual(effect, during);
    assert.deepEqual(record, { ...from, stoppedRunners: ["a.service", "b.service"] });
  }
});

test("machine: a rollback leads to what runs when it acts, not to what ran at scheduling", () => {
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
  test(`machine: where ${name} runs when it acts, the previous system is what it was`, () => {
    const { record } = step(aRecord({ state: "waiting" }), TURN, { current });
    assert.deepEqual([record.previous, record.previousGeneration], [PREVIOUS, 1]);
  });
}

test("machine: an act that is done again keeps the previous system", () => {
  const { record } = step(aRecord({ state: "switching" }), STARTED, { current: "/nix/store/half" });
  assert.equal(record.previous, PREVIOUS);
});

test("machine: the second run of a switch forgets no reload that failed in the first", () => {
  const reload = { unit: "web.service", job: "reload" } as const;
  const first = switched(1, { progress: "begun", failedJobs: [reload] });
  const begun = enter(aRecord({ state: "waiting" }), "switching", NOW, "now");
  const again = step(begun, first).record;
  assert.deepEqual([hasSwitchedBefore(begun), hasSwitchedBefore(again)], [false, true]);
  const { record } = step(again, switched(0));
  assert.deepEqual([record.state, record.failedJobs], ["verifying", [reload]]);
});

test("machine: nor does the second run for a specialisation", () => {
  const reload = { unit: "web.service", job: "reload" } as const;
  const verifying = aRecord({ state: "verifying", specialisation: SPECIAL });
  const first = switched(1, { mode: "test", progress: "begun", failedJobs: [reload] });
  const again = step(verifying, first, AT_TARGET).record;
  const { record } = step(again, switched(0, { mode: "test" }), AT_TARGET);
  assert.deepEqual([record.state, record.failedJobs], ["verifying", [reload]]);
});

test("machine: a boot into the target ends what a switch before it said of jobs", () => {
  const failedJobs = [{ unit: "web.service", job: "reload" }] as const;
  const before = { switchedInBoot: "boot-1", failedJobs: [...failedJobs] };
  const { record } = step(aRecord({ state: "switching", ...before }), STARTED, AT_TARGET);
  assert.deepEqual([record.state, record.failedJobs], ["verifying", []]);
});

test("machine: a boot default that is neither system is named", () => {
  const facts = { ...AT_TARGET, bootDefault: "/nix/store/other" };
  const { record } = step(aRecord({ state: "verifying" }), verified(), facts);
  assert.match(record.outcome?.reason ?? "", /; the boot default is \/nix\/store\/other$/);
});

test("machine: a rollback names a profile that somebody has set to a third system", () => {
  const rolling = aRecord({ state: "rolling-back" });
  const reason = (facts: Partial<Facts>) => {
    const { record } = step(rolling, restored(), facts);
    assert.equal(record.state, "rolled-back");
    return record.outcome?.reason ?? "";
  };
  assert.match(
    reason({ profile: "/nix/store/third" }),
    /; the profile points to \/nix\/store\/third$/,
  );
  assert.match(reason({ profile: null }), /; the profile points to nothing that resolves$/);
  assert.doesNotMatch(reason({ profile: PREVIOUS }), /the profile points/);
  assert.doesNotMatch(reason({ profile: "/nix/store/third", newest: "another" }), /the profile/);
});

test("machine: keeps the exit code and the last words of a failed switch", () => {
  const { record } = step(aRecord({ state: "switching" }), switched(1));
  assert.deepEqual(record.outcome, {
    reason: "NixOS refused the switch; nothing was changed: said",
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

test("machine: live says so if somebody has set the profile to another system by hand", () => {
  const verifying = aRecord({ state: "verifying" });
  const facts = { current: TARGET, profile: OTHER };
  const { record } = step(verifying, verified(), facts);
  assert.equal(record.state, "live");
  assert.match(record.outcome?.reason ?? "", /; the profile points to \/nix\/store\/other$/);
  const newer = step(verifying, verified(), { ...facts, newest: NEWER }).record;
  assert.doesNotMatch(newer.outcome?.reason ?? "", /points to/);
});

test("machine: the reason of the rollback stays the outcome's reason", () => {
  const { record } = step(aRecord({ state: "switching" }), switched(2));
  const end = step(record, restored(), { current: PREVIOUS, profile: PREVIOUS }).record;
  assert.equal(end.state, "rolled-back");
  assert.equal(end.outcome?.reason, "switch-to-configuration ended with exit code 2");
});

test("machine: an act that is held up again and again counts no transitions", () => {
  let record = aRecord({ state: "waiting" });
  for (let round = 0; round < 10 * MOST_TRANSITIONS; round++) {
    record = step(record, TURN).record;
    assert.equal(record.state, "switching");
    record = step(record, HELD_UP).record;
    assert.equal(record.state, "waiting");
  }
});

for (const state of ["waiting", "verifying"] as const) {
  test(`machine: forty restarts while it is ${state} do not count, and add two entries at most`, () => {
    let record = enter(aRecord({ state }), state, NOW, "so far");
    const before = record.timeline.length;
    for (let i = 0; i < 40; i++) record = step(record, STARTED, { current: TARGET }).record;
    assert.equal(record.state, state);
    assert.ok(record.timeline.length <= before + 2);
  });
}

test("machine: forty restarts while it awaits its confirmation do not count, and keep its deadline", () => {
  const at = { current: TARGET };
  const policy = { confirmWithin: 600 };
  const verifying = enter(aRecord({ state: "switching" }), "verifying", NOW, "so far");
  let record = step(verifying, verified(), at, policy).record;
  const { confirmBy } = record;
  for (let i = 0; i < 40; i++) {
    record = step(record, STARTED, at, policy).record;
    const asked = step(record, verified(), at, policy);
    assert.deepEqual(asked.effect, { kind: "await-confirmation", until: confirmBy });
    record = asked.record;
  }
  assert.equal(record.timeline.length, verifying.timeline.length + 2);
});

/** Acts that have begun: none may be held up in circles, and none may go back to where it can be cancelled. */
const BEGUN: readonly (readonly [name: string, record: FinalizationRecord])[] = [
  ["a switch that is repeated", step(aRecord({ state: "switching" }), STARTED).record],
  ["the switch of a rollback", aRecord({ state: "rolling-back" })],
  [
    "the switch to a specialisation",
    aRecord({
      state: "verifying",
      specialisation: { name: "night", toplevel: "/nix/store/night" },
    }),
  ],
];

for (const [name, begun] of BEGUN) {
  test(`machine: ${name} that is held up stays, whatever is in the way, and its time limit ends it`, () => {
    const { state, failedBefore } = begun;
    // An entry before it: what it is held up in has begun.
    let record = enter(begun, state, NOW, "begun");
    const before = record.timeline.length;
    for (let i = 0; i < 10 * MOST_TRANSITIONS; i++) {
      const held = step(record, { ...HELD_UP, why: i % 2 === 0 ? "lock" : "a job" });
      record = held.record;
      assert.deepEqual([record.state, record.failedBefore], [state, failedBefore]);
      assert.match(record.timeline.at(-1)?.detail ?? "", /^held up: lock$/);
    }
    assert.equal(record.timeline.length, before + 1);
    const over = step(record, { kind: "gates-timed-out", waitedFor: [], why: "timed out: lock" });
    assert.equal(over.record.state, "rolling-back");
    const kind = state === "rolling-back" ? "restore-defaults" : "restore-profile";
    assert.equal(over.effect.kind, kind);
  });
}

test("machine: going round in circles ends as failed", () => {
  let record = aRecord({ state: "switching" });
  for (let i = 0; i <= MOST_TRANSITIONS && record.state !== "failed"; i++) {
    record = step(record, STARTED).record;
  }
  assert.equal(record.state, "failed");
  assert.match(record.outcome?.reason ?? "", /gave up after 28 state changes/);
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
  assert.deepEqual(again.record, first);
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

test("machine: a rollback that somebody asks for before the boot has got through reboots", () => {
  const asked = { ...AT_TARGET, requests: { ...NO_REQUESTS, rollback: "ann" } };
  const verifying = aRecord({ state: "verifying", rebootAskedInBoot: "boot-1" });
  const event: Event = { kind: "verified", checks: [BOOT_FAILED] };
  const { record } = step(verifying, event, asked);
  assert.match(record.outcome?.reason ?? "", /^rollback requested by ann/);
  assert.equal(step(record, RESTORED, asked).effect.kind, "reboot");
});

test("the end of a switch at its time limit names the jobs", () => {
  const event = switched(255, { progress: "begun", cut: CUT });
  const { record } = step(aRecord({ state: "switching" }), event);
  assert.equal(
    record.outcome?.reason,
    "switch-to-configuration did not end within 10 min: systemd waits for: join.service start (running)",
  );
});

test("the end of each switch to the target is noted by all clocks, and no other step changes that", () => {
  const facts = { current: TARGET, uptime: 1234.5 };
  const { record } = step(aRecord({ state: "switching" }), switched(4), facts);
  const acted = { at: NOW.toISOString(), bootId: "boot-1", uptime: 1234.5 };
  assert.deepEqual(record.clocks.acted, acted);
  const later = { ...facts, uptime: 1300 };
  const asked = step(record, verified(), later, { confirmWithin: 60 }).record;
  assert.deepEqual([asked.clocks.acted, asked.clocks.confirmation?.uptime], [acted, 1300]);
  const special = step(
    { ...record, specialisation: SPECIAL },
    switched(0, { mode: "test" }),
    { ...later, current: SPECIAL.toplevel },
    {},
    "switch",
  );
  assert.equal(special.record.clocks.acted?.uptime, 1300);
});

const INTERRUPTED: Event = { kind: "gates-interrupted", waitedFor: [] };

test("now: who asked, since when and past which gates is in the record and the timeline", () => {
  const { record } = step(aRecord({ state: "waiting" }), INTERRUPTED, { requests: HURRIED });
  const since = { at: NOW.toISOString(), bootId: "boot-1", uptime: 1000 };
  assert.deepEqual(record.hurried, { by: "bob", past: ["units"], since });
  assert.equal(record.timeline.at(-1)?.detail, "now, as asked by bob, past the units");
});

test("now: the same wish is taken up once, and a second one adds its gates", () => {
  const first = step(aRecord({ state: "waiting" }), INTERRUPTED, { requests: HURRIED }).record;
  assert.equal(step(first, INTERRUPTED, { requests: HURRIED }).record, first);
  const requests = { ...NO_REQUESTS, now: { by: "ann", past: ["fleet lock"] } };
  const { hurried } = step(first, INTERRUPTED, { requests }).record;
  assert.deepEqual([hurried?.by, hurried?.past], ["ann", ["units", "fleet lock"]]);
});

test("now: what was to be switched while its reboot is put off reboots with all of it", () => {
  const waits = aRecord({ state: "waiting", whilePutOff: "switch" });
  const { record } = step(waits, INTERRUPTED, { requests: HURRIED, decision: REBOOT });
  assert.deepEqual([record.whilePutOff, record.plan.action], [null, "reboot"]);
});

test("now: any number of wishes does not end a finalization", () => {
  let record = aRecord({ state: "waiting" });
  for (let asked = 0; asked < 2 * MOST_TRANSITIONS; asked++) {
    const requests = { ...NO_REQUESTS, now: { by: `user ${asked}`, past: [] } };
    record = step(record, INTERRUPTED, { requests }).record;
  }
  assert.equal(record.state, "waiting");
});

function putOff(record: FinalizationRecord, opensAt: string | null): FinalizationRecord {
  const event = { ...DEFERRED, other: { kind: "closed", opensAt } } as const;
  return step(record, event, { decision: REBOOT }, { whilePutOff: "switch" }).record;
}

test("windows: a reboot that may be switched before is put off to whichever opens first", () => {
  const record = aRecord({ state: "waiting" });
  const sooner = putOff(record, SOONER);
  assert.deepEqual([sooner.deferredUntil, sooner.whilePutOff], [SOONER, null]);
  const words = `window, or for the switch window, which opens at ${SOONER}`;
  assert.equal(sooner.timeline.at(-1)?.detail, words);
  for (const opensAt of [null, "2026-12-24T06:00:00.000Z"]) {
    const { deferredUntil, timeline } = putOff(record, opensAt);
    assert.deepEqual([deferredUntil, timeline.at(-1)?.detail], [WINDOW, "window"]);
  }
});

test("windows: a switch whose window has closed again is a reboot again", () => {
  const record = aRecord({ state: "waiting", whilePutOff: "switch" });
  const { deferredUntil, plan, whilePutOff } = putOff(record, SOONER);
  assert.deepEqual([deferredUntil, plan.action, whilePutOff], [SOONER, "reboot", null]);
});
