import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { finalizationContext } from "../../../src/finalize/context.ts";
import { Interpreter } from "../../../src/finalize/interpreter.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord, PREVIOUS, TARGET } from "../../support/records.ts";

/** No lock is lost. */
const NEVER = new AbortController().signal;

const RUNNER = { unit: "a.service", detect: { kind: "processes" } } as const;

test("a rollback whose process is stopped while it waits for a job does not end that job", async () => {
  using host = new EdgeHost();
  const stop = new AbortController();
  host.boots(20);
  host.folder.link("run/current-system", TARGET);
  host.folder.write("proc/locks", "");
  host.group("/a", 1, 2);
  host.showUnits({ "a.service": { ControlGroup: "/a", MainPID: "1", ActiveState: "active" } });
  host.folder.write("state/.keep", "");
  // So it may stop every runner.
  const program = `${PREVIOUS}/bin/switch-to-configuration`;
  host.answers[`${program} dry-activate`] = { exitCode: 1 };
  host.grantsLocks();
  const say = host.say;
  host.say = (line) => {
    say(line);
    if (line.startsWith("waits for CI job")) stop.abort();
  };
  const store = new RecordStore(host.folder.at("state"));
  const waitFor = { ...DEFAULT_CONFIG.waitFor, runners: [RUNNER] };
  const config = { ...DEFAULT_CONFIG, waitFor };
  const record = aRecord({ state: "rolling-back" });
  const context = finalizationContext(record, {
    host,
    store,
    config,
    stop: stop.signal,
    lost: NEVER,
  });
  const effect = { kind: "switch", toplevel: PREVIOUS, mode: "switch" } as const;
  const event = await new Interpreter(context).perform(effect, record);
  await context.turn.release();
  assert.deepEqual(event, { kind: "suspended" });
  const acts = host.ran.filter((argv) => argv[0] === program && argv[1] === "switch");
  assert.deepEqual(acts, []);
});
