import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { finalizationContext } from "../../../src/finalize/context.ts";
import { Interpreter } from "../../../src/finalize/interpreter.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord, TARGET } from "../../support/records.ts";

/** No lock is lost. */
const NEVER = new AbortController().signal;

const RUNNER = { unit: "a.service", detect: { kind: "processes" } } as const;

test("a specialisation after a boot: an idle runner is named in the record before it is stopped", async () => {
  using host = new EdgeHost();
  host.boots(20, "boot-1");
  host.folder.link("run/current-system", TARGET);
  host.folder.write("proc/locks", "");
  host.group("/a", 1);
  host.showUnits({ "a.service": { ControlGroup: "/a", MainPID: "1", ActiveState: "active" } });
  host.folder.write("state/.keep", "");
  const special = "/nix/store/special";
  // So it may stop every runner.
  host.answers[`${special}/bin/switch-to-configuration dry-activate`] = { exitCode: 1 };
  host.grantsLocks();
  const store = new RecordStore(host.folder.at("state"));
  const waitFor = { ...DEFAULT_CONFIG.waitFor, runners: [RUNNER] };
  const config = { ...DEFAULT_CONFIG, waitFor };
  const specialisation = { name: "night", toplevel: special };
  const record = aRecord({ state: "verifying", specialisation });
  const stop = AbortSignal.timeout(60_000);
  const context = finalizationContext(record, { host, store, config, stop, lost: NEVER });
  const effect = { kind: "switch", toplevel: special, mode: "test" } as const;
  const event = await new Interpreter(context).perform(effect, record);
  await context.turn.release();
  assert.deepEqual(event, { kind: "runners-found", units: ["a.service"] });
  const stopped = host.ran.filter(([program, verb]) => program === "systemctl" && verb === "stop");
  assert.deepEqual(stopped, []);
});
