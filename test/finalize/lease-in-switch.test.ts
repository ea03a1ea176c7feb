import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { finalizationContext } from "../../src/finalize/context.ts";
import { Interpreter } from "../../src/finalize/interpreter.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { makeToplevel } from "../support/systems.ts";
import { saveNewest } from "../support/store.ts";
import { aRecord, PREVIOUS } from "../support/records.ts";

/** A long switch must not cost the host its slot, which another one would take. */
test("a switch renews the lease of its slot, from before it begins", async () => {
  using host = new EdgeHost();
  host.boots(1000);
  host.folder.link("run/current-system", PREVIOUS);
  host.folder.link("run/booted-system", PREVIOUS);
  host.folder.write("proc/locks", "");
  host.folder.write("state/.keep", "");
  const { spawn } = host;
  const order: string[] = [];
  host.spawn = async (argv, options) => {
    if (argv[0] === "flock") options?.onOutput?.("held\n", "stdout");
    await options?.holdInput;
    if (argv.join(" ").includes("switch-to-configuration switch")) order.push("switches");
    return await spawn(argv, options);
  };
  const store = new RecordStore(host.folder.at("state"));
  const target = makeToplevel(host.folder, "new");
  host.folder.link("profiles/system", target);
  const profile = host.folder.at("profiles/system");
  const record = aRecord({ state: "switching", switchedInBoot: "boot-1", profile, target });
  saveNewest(store, record);
  const context = finalizationContext(record, {
    host,
    store,
    config: DEFAULT_CONFIG,
    stop: AbortSignal.timeout(60_000),
    lost: new AbortController().signal,
  });
  context.slots.keepLease = () => void order.push("keeps the lease");
  const interpreter = new Interpreter(context);
  const effect = { kind: "switch", toplevel: target, mode: "switch" } as const;
  await interpreter.perform(effect, record);
  await context.turn.release();
  assert.deepEqual(order, ["keeps the lease", "switches"]);
});
