import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { finalizationContext } from "../../src/finalize/context.ts";
import { Interpreter } from "../../src/finalize/interpreter.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";
import { saveNewest } from "../support/store.ts";
import { makeToplevel } from "../support/systems.ts";

const NEVER = new AbortController().signal;

/** A host on which the turn is free. */
function freeHost(): EdgeHost {
  const host = new EdgeHost();
  host.boots(3600);
  host.folder.write("proc/locks", "");
  host.folder.write("state/.keep", "");
  host.grantsLocks();
  return host;
}

// The gates opened while another finalization verified its target; it has rolled back since.
for (const noted of ["rejected", "running"] as const) {
  test(`the turn: with ${noted} as the previous system`, async () => {
    using host = freeHost();
    const [running, target] = ["running", "target"].map((name) => makeToplevel(host.folder, name));
    assert.ok(running !== undefined && target !== undefined);
    host.folder.link("run/current-system", running);
    host.folder.link("run/booted-system", running);
    const profile = host.folder.link("profiles/system", target);
    const store = new RecordStore(host.folder.at("state"));
    const record = aRecord({ state: "waiting", profile, target, previous: running });
    saveNewest(store, record);
    const config = { ...DEFAULT_CONFIG, profile, stateDir: store.folder };
    const stop = AbortSignal.timeout(60_000);
    const context = finalizationContext(record, { host, store, config, stop, lost: NEVER });
    const interpreter = new Interpreter(context);
    const opened = await interpreter.perform({ kind: "await-gates" }, record);
    assert.equal(opened.kind, "gates-opened");
    const previous = noted === "running" ? running : "/nix/store/rejected";
    const event = await interpreter.perform({ kind: "take-turn" }, { ...record, previous });
    await context.turn.release();
    const heldUp = { kind: "held-up", why: "another system was brought live" };
    if (noted === "rejected") assert.deepEqual(event, heldUp);
    else assert.equal(event.kind, "turn-taken");
  });
}
