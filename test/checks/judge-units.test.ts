import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import type { Standard } from "../../src/checks/findings.ts";
import { judgeUnits } from "../../src/checks/judge-units.ts";
import { isRunning } from "../../src/checks/units-before.ts";
import type { UnitState } from "../../src/host/systemd/unit-states.ts";
import { ran, standard, stopped, TARGET, unit } from "./unit-states.ts";

function judge(by: Standard, units: readonly UnitState[], seenRunning: string[] = []): string[] {
  const all = [TARGET, ...units];
  const findings = judgeUnits({
    ...by,
    now: new Map(all.map((state) => [state.unit, state])),
    running: new Set(all.filter(isRunning).map((state) => state.unit)),
    seenRunning: new Set(seenRunning),
    restarted: new Set(),
  });
  return findings.map(({ kind, why }) => `${kind}: ${why}`);
}

const ranShop = standard({ active: [ran("shop.service")] });
const shop = (changes: Partial<UnitState>): UnitState[] => [stopped("shop.service", changes)];
const afterStart = { startedAt: 150_000_000 };

const blamed: readonly (readonly [string, Standard, UnitState[], string])[] = [
  ["was stopped and not started", ranShop, shop({}), "ran before and was not started again"],
  ["cannot be loaded", ranShop, shop({ load: "bad-setting" }), "cannot be loaded (bad-setting)"],
  ["has a file that cannot be read", ranShop, shop({ load: "error" }), "cannot be loaded (error)"],
  [
    "has an assertion that does not hold",
    ranShop,
    shop({ assertions: { at: 150_000_000, result: "unmet" } }),
    "was not started: an assertion of it does not hold",
  ],
  ["has failed", ranShop, shop({ active: "failed", sub: "failed" }), "failed"],
  [
    "ends at once although it ran for long before",
    ranShop,
    shop({ ...afterStart, endedAt: 150_500_000 }),
    "ended 0.5 s after its start; before, it had run for 3600 s",
  ],
  [
    "is a socket that is gone",
    standard({ active: [ran("shop.socket")] }),
    [stopped("shop.socket", afterStart)],
    "ran before and is not active",
  ],
  [
    "was not started after a reboot",
    standard({ active: [ran("shop.service")] }, { bootId: "boot-2" }),
    shop({ startedAt: 0, endedAt: 0, conditions: { at: 0, result: "met" } }),
    "ran before and was not started again",
  ],
  [
    "is new, is wanted and was never started",
    standard(),
    shop({ startedAt: 0, endedAt: 0, conditions: { at: 0, result: "met" } }),
    "was not started",
  ],
  [
    "is new and cannot be loaded",
    standard(),
    shop({ load: "bad-setting", startedAt: 0 }),
    "cannot be loaded (bad-setting)",
  ],
  [
    "was idle before and cannot be loaded now",
    standard({ idle: ["shop.service"] }),
    shop({ load: "bad-setting" }),
    "cannot be loaded (bad-setting)",
  ],
  [
    "could not be reloaded",
    standard(
      { active: [ran("shop.service")] },
      { failedJobs: [{ unit: "shop.service", job: "reload" }] },
    ),
    [unit("shop.service")],
    "has a failed job: switch-to-configuration could not reload it",
  ],
  [
    "could not be restarted and still runs as before",
    standard(
      { active: [ran("shop.service")] },
      { failedJobs: [{ unit: "shop.service", job: "restart" }] },
    ),
    [unit("shop.service")],
    "has a failed job: switch-to-configuration could not restart it",
  ],
  [
    "runs on, but cannot be loaded",
    ranShop,
    [unit("shop.service", { load: "bad-setting" })],
    "cannot be loaded (bad-setting)",
  ],
  [
    "is new, cannot be loaded, and a running service wants it",
    standard({ active: [ran("app.service")] }),
    [
      stopped("shop.service", { load: "bad-setting", startedAt: 0, wantedBy: ["app.service"] }),
      unit("app.service"),
    ],
    "cannot be loaded (bad-setting)",
  ],
  [
    "cannot be loaded and is behind a socket",
    standard({ active: [ran("shop.socket")] }),
    [
      stopped("shop.service", { load: "bad-setting", wantedBy: [], triggeredBy: ["shop.socket"] }),
      unit("shop.socket"),
    ],
    "cannot be loaded (bad-setting)",
  ],
  [
    "had restarted lately and cannot be loaded",
    standard({ active: [ran("shop.service", { restarts: 3 })] }, { failed: ["shop.service"] }),
    shop({ load: "bad-setting" }),
    "cannot be loaded (bad-setting)",
  ],
  [
    "had restarted lately and was not started again",
    standard({ active: [ran("shop.service", { restarts: 3 })] }, { failed: ["shop.service"] }),
    shop({}),
    "ran before and was not started again",
  ],
  [
    "is the target of every boot",
    standard({ active: [ran("graphical.target")] }, { bootId: "boot-2" }),
    [stopped("graphical.target", { wantedBy: ["default.target"], startedAt: 0 })],
    "ran before and was not started again",
  ],
  [
    "ends at once, although the bus and its target want it",
    ranShop,
    shop({ ...afterStart, endedAt: 150_500_000, type: "dbus" }),
    "ended 0.5 s after its start; before, it had run for 3600 s",
  ],
  [
    "ends at once, although a socket and its target want it",
    standard({ active: [ran("shop.service"), ran("shop.socket")] }),
    [
      stopped("shop.service", {
        ...afterStart,
        endedAt: 150_500_000,
        triggeredBy: ["shop.socket"],
      }),
      unit("shop.socket"),
    ],
    "ended 0.5 s after its start; before, it had run for 3600 s",
  ],
  [
    "is a oneshot whose dependency has failed",
    standard({}, { failedJobs: [{ unit: "shop.service", job: "start" }] }),
    shop({ type: "oneshot" }),
    "has a failed job: switch-to-configuration could not start it",
  ],
];

for (const [what, by, units, why] of blamed) {
  test(`blamed: a unit that ${what}`, () => {
    const [{ unit: name } = TARGET] = units;
    assert.deepEqual(judge(by, units), [`wrong: ${name} ${why}`]);
  });
}

const innocent: readonly (readonly [string, Standard, UnitState[], string[]?])[] = [
  ["runs", ranShop, [unit("shop.service", { startedAt: 150_000_000 })]],
  ["reloads", ranShop, [unit("shop.service", { active: "reloading", sub: "reload" })]],
  ["the target does not have", ranShop, shop({ load: "not-found", wantedBy: [] })],
  ["the target has masked", ranShop, shop({ load: "masked" })],
  ["nothing wants any more", ranShop, shop({ wantedBy: [] })],
  ["only an inactive unit wants", ranShop, shop({ wantedBy: ["rescue.target"] })],
  ["is ignored", standard({ active: [ran("shop.service")] }, { ignored: ["sh*"] }), shop({})],
  ["had failed before", standard({}, { failed: ["shop.service"] }), shop({ active: "failed" })],
  [
    "has a condition that is not met now",
    ranShop,
    shop({ conditions: { at: 150_000_000, result: "unmet" } }),
  ],
  [
    "a socket has started and that is idle again",
    standard({ active: [ran("shop.service"), ran("shop.socket")] }),
    [stopped("shop.service", { triggeredBy: ["shop.socket"] }), unit("shop.socket")],
  ],
  ["ends by itself: a oneshot", ranShop, shop({ ...afterStart, type: "oneshot" })],
  ["ends by itself: started by the bus", ranShop, shop({ ...afterStart, type: "dbus" })],
  [
    "ends by itself after about as long as before",
    standard({ active: [ran("shop.service", { seconds: 30 })] }),
    shop({ ...afterStart, endedAt: 170_000_000 }),
  ],
  ["ended by itself after it was seen running", ranShop, shop({}), ["shop.service"]],
  [
    "could not be loaded before either",
    standard({ broken: ["shop.service"] }),
    shop({ load: "error" }),
  ],
  ["was idle before and is idle now", standard({ idle: ["shop.service"] }), shop({ startedAt: 0 })],
  [
    "is new and only a service wants it",
    standard(),
    shop({ startedAt: 0, wantedBy: ["a.service"] }),
  ],
  [
    "is new and whose condition is not met",
    standard(),
    shop({ startedAt: 0, conditions: { at: 150_000_000, result: "unmet" } }),
  ],
  [
    "failed to start and was started again by Restart=",
    standard(
      { active: [ran("shop.service")] },
      { failedJobs: [{ unit: "shop.service", job: "start" }] },
    ),
    [unit("shop.service", { startedAt: 150_000_000 })],
  ],
  [
    "failed to stop and is gone",
    standard(
      { active: [ran("shop.service")] },
      { failedJobs: [{ unit: "shop.service", job: "stop" }] },
    ),
    shop({ load: "not-found", wantedBy: [] }),
  ],
  [
    "runs and could not be loaded before either",
    standard({ active: [ran("shop.service")], broken: ["shop.service"] }),
    [unit("shop.service", { load: "bad-setting" })],
  ],
  [
    "had restarted lately and ends again",
    standard({ active: [ran("shop.service")] }, { failed: ["shop.service"] }),
    shop({ ...afterStart, endedAt: 150_500_000 }),
  ],
  [
    "cannot be loaded and nothing wants or starts",
    standard(),
    shop({ load: "bad-setting", wantedBy: [] }),
  ],
  [
    "a timer starts and that has ended",
    standard({ active: [ran("shop.service"), ran("shop.timer")] }),
    [
      stopped("shop.service", {
        ...afterStart,
        endedAt: 150_500_000,
        triggeredBy: ["shop.timer"],
      }),
      unit("shop.timer"),
    ],
  ],
  [
    "is new, ends with success and is restarted each time",
    standard(),
    shop({ active: "activating", sub: "auto-restart" }),
  ],
  [
    "is a oneshot that was idle and works again",
    standard({ idle: ["shop.service"] }),
    shop({ active: "activating", sub: "start", type: "oneshot" }),
  ],
  [
    "is masked, so that it could not be started",
    standard(
      { active: [ran("shop.service")] },
      { failedJobs: [{ unit: "shop.service", job: "start" }] },
    ),
    shop({ load: "masked" }),
  ],
  [
    "had restarted lately and is starting again",
    standard({ active: [ran("shop.service")] }, { failed: ["shop.service"] }),
    shop({ active: "activating", sub: "start-pre" }),
  ],
  [
    "is a mount behind an automount, and idle again",
    standard({ active: [ran("srv.mount"), ran("srv.automount")] }),
    [
      stopped("srv.mount", { ...afterStart, triggeredBy: ["srv.automount"] }),
      unit("srv.automount"),
    ],
  ],
  ["is a user's own manager", standard(), [stopped("user@1000.service", { active: "failed" })]],
  [
    "waits for this verification, and was killed",
    standard(),
    [
      stopped("deploy-finalize-boot-complete.service", {
        active: "activating",
        sub: "auto-restart",
        result: "signal",
      }),
    ],
  ],
  ["is a core dump", standard(), [stopped("systemd-coredump@1-2.service", { active: "failed" })]],
];

for (const [what, by, units, seen = []] of innocent) {
  test(`not blamed: a unit that ${what}`, () => {
    assert.deepEqual(judge(by, units, seen), []);
  });
}

test("a unit that is still starting, restarting or transient is not judged yet", () => {
  const by = standard({ active: [ran("a.service"), ran("b.service"), ran("c.service")] });
  const units = [
    stopped("a.service", { job: "queued" }),
    stopped("b.service", { active: "activating", sub: "start" }),
    stopped("c.service", { active: "activating", sub: "auto-restart" }),
    stopped("run-1.service", { active: "failed", lifetime: "transient", wantedBy: [] }),
  ];
  assert.deepEqual(
    judge(by, units).map((line) => line.split(":")[0]),
    ["starting", "starting", "restarting", "transient"],
  );
});

test("a new unit that is still on its way is not judged yet", () => {
  const activating = { active: "activating", sub: "start" };
  const units = [
    stopped("a.service", activating),
    stopped("b.service", { ...activating, type: "oneshot" }),
  ];
  const kinds = (by: Standard): (string | undefined)[] =>
    judge(by, units).map((line) => line.split(":")[0]);
  assert.deepEqual(kinds(standard()), ["starting", "working"]);
  // After a boot, a oneshot that was idle has begun since then.
  const idle = { idle: ["a.service", "b.service"] };
  assert.deepEqual(kinds(standard(idle, { bootId: "boot-2" })), ["starting", "working"]);
});

test("a oneshot whose start failed and that Restart= repeated has done its work", () => {
  const by = standard({}, { failedJobs: [{ unit: "shop.service", job: "start" }] });
  const state = stopped("shop.service", { type: "oneshot", restarts: 1 });
  const evidence = {
    ...by,
    now: new Map([[state.unit, state]]),
    running: new Set<string>(),
    seenRunning: new Set<string>(),
  };
  assert.deepEqual(judgeUnits({ ...evidence, restarted: new Set(["shop.service"]) }), []);
  assert.equal(judgeUnits({ ...evidence, restarted: new Set() }).length, 1);
});

test("a record of an older version is judged by failures alone", () => {
  const old = { ...ranShop, baseline: { failed: [], units: null } };
  assert.deepEqual(judge(old, shop({})), []);
  assert.deepEqual(judge(old, shop({ active: "failed" })), ["wrong: shop.service failed"]);
});

const words = fc.constantFrom("active", "inactive", "failed", "activating", "loaded", "error", "");
const anyUnit = fc
  .record({
    unit: fc.constantFrom("a.service", "b.socket", "c.target"),
    load: words,
    active: words,
    sub: words,
    type: fc.constantFrom("simple", "oneshot", ""),
    startedAt: fc.nat(),
    endedAt: fc.nat(),
    wantedBy: fc.subarray(["multi-user.target", "a.service"]),
  })
  .map(({ unit: name, ...changes }) => unit(name, changes));

test("a host whose units run is never blamed, and judging never throws", () => {
  fc.assert(
    fc.property(fc.array(anyUnit), fc.array(anyUnit), (before, now) => {
      const by = standard({ active: before.map(({ unit: name }) => ran(name)) });
      judge(by, now);
      const all = before.map((state) => unit(state.unit));
      assert.deepEqual(judge(by, all), []);
    }),
  );
});
