import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { advance } from "../../src/core/machine/machine.ts";
import type { Event } from "../../src/core/machine/types.ts";
import { type FinalizationRecord, UNNOTED_UNITS } from "../../src/core/record/record.ts";
import { finalizationContext } from "../../src/finalize/context.ts";
import { Interpreter } from "../../src/finalize/interpreter.ts";
import { summaryOf } from "../../src/report/words.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { headline } from "../../src/view/headline.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord, FACTS, POLICY, PREVIOUS, TARGET } from "../support/records.ts";

const NEVER = new AbortController().signal;

/** A host that has booted the target while its finalization waited; units that failed in that boot. */
function bootedHost(...failed: string[]): EdgeHost {
  const host = new EdgeHost();
  host.boots(20, "boot-2");
  host.folder.link("run/current-system", TARGET);
  host.folder.link("run/booted-system", TARGET);
  host.folder.write("proc/locks", "");
  host.folder.write("state/.keep", "");
  const state = { LoadState: "loaded", ActiveState: "failed", SubState: "failed" };
  host.showUnits({
    "default.target": { LoadState: "loaded", ActiveState: "active", SubState: "active" },
    ...Object.fromEntries(failed.map((unit) => [unit, state])),
  });
  host.answers["systemctl show --property=SystemState,"] = {
    stdout: "SystemState=running\nUserspaceTimestampMonotonic=1000000\n",
  };
  host.answers["systemctl list-units"] = {
    stdout: failed.map((unit) => `${unit} loaded failed failed Some unit\n`).join(""),
  };
  host.grantsLocks();
  return host;
}

/** The record after the verification of a target that it has not brought up itself. */
async function verified(
  host: EdgeHost,
  ignoreFailedUnits: string[] = [],
): Promise<FinalizationRecord> {
  const store = new RecordStore(host.folder.at("state"));
  const record = aRecord({ state: "verifying" });
  const verify = { ...DEFAULT_CONFIG.verify, settle: 0, ignoreFailedUnits };
  const config = { ...DEFAULT_CONFIG, verify };
  const stop = AbortSignal.timeout(60_000);
  const context = finalizationContext(record, { host, store, config, stop, lost: NEVER });
  const effect = { kind: "verify" } as const;
  const event = await new Interpreter(context).perform(effect, record);
  await context.turn.release();
  assert.ok(event.kind === "verified", event.kind);
  const facts = { ...FACTS, bootId: "boot-2", booted: TARGET, current: TARGET };
  const seen = { now: host.now(), policy: POLICY, facts, during: effect, event };
  return advance(record, seen).record;
}

test("nobody noted the units before the boot: it is live, and says which of them have failed", async () => {
  using host = bootedHost("web.service", "tmp-x.mount");
  const record = await verified(host, ["tmp-*.mount"]);
  const words = "units are in trouble, and nobody noted whether they were before: web.service";
  assert.equal(record.state, "live");
  assert.equal(record.outcome?.reason, `the target is the running system; ${words}`);
  assert.ok(headline(record, { now: host.now(), waiting: null }).endsWith(`; ${words}`));
  const last = record.timeline.length - 1;
  assert.ok(summaryOf(record, last).endsWith(`; ${words}`));
  const details = record.checks.map(({ detail }) => detail);
  assert.ok(
    !details.some((detail) => detail.includes("every wanted unit runs")),
    details.join("\n"),
  );
});

test("the same of a rollback that somebody asks for then: it says the units of the previous system", () => {
  const check = {
    name: "units before",
    kind: UNNOTED_UNITS,
    result: "passed",
    seconds: 0,
  } as const;
  const of = (detail: string) => ({ ...check, detail });
  const facts = { ...FACTS, profile: PREVIOUS, bootDefault: PREVIOUS };
  const event: Event<"verified"> = { kind: "verified", checks: [of("b.service")] };
  const given = { policy: POLICY, facts, now: new Date("2026-11-22T21:40:00Z") };
  const during = { kind: "verify-rollback" } as const;
  const rollingBack = aRecord({ state: "rolling-back", checks: [of("a.service")] });
  const { record, effect } = advance(rollingBack, { ...given, during, event });
  const restored: Event<"defaults-restored"> = { kind: "defaults-restored", problems: [] };
  const over = advance(record, { ...given, during: effect, event: restored });
  assert.equal(over.record.state, "rolled-back");
  assert.match(over.record.outcome?.reason ?? "", /; b\.service$/);
});

test("nobody noted the units before the boot, and all is well: nothing is said of them", async () => {
  using host = bootedHost();
  const record = await verified(host);
  assert.equal(record.outcome?.reason, "the target is the running system");
});

test("nobody noted the units before the boot: one that has come up since then is not in trouble", async () => {
  using host = bootedHost();
  const state = { LoadState: "loaded", UnitFileState: "enabled", NRestarts: "1" };
  const restarts = { ...state, ActiveState: "activating", SubState: "auto-restart" };
  const units = { "default.target": { LoadState: "loaded", ActiveState: "active" } };
  host.showUnits({ ...units, "web.service": restarts });
  const shows = host.answers["systemctl show"];
  assert.ok(typeof shows === "function");
  host.answers["systemctl show"] = (argv) => {
    const told = shows(argv);
    const runs = { ...state, ActiveState: "active", SubState: "running", NRestarts: "2" };
    if (argv.includes("*")) host.showUnits({ ...units, "web.service": runs });
    return told;
  };
  const record = await verified(host);
  assert.deepEqual(
    record.checks.map(({ detail }) => detail).filter((detail) => detail.includes("trouble")),
    [],
  );
  assert.equal(record.state, "live");
});
