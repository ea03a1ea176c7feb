import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { finalizationContext } from "../../../src/finalize/context.ts";
import { RunnerDrain } from "../../../src/finalize/runners/runner-drain.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord } from "../../support/records.ts";

const [RUNNER, OTHER] = [{ unit: "a.service" }, { unit: "b.service" }] as const;
const DRAINS = { ActiveState: "active", MainPID: "1", KillMode: "mixed", TimeoutStopUSec: "3h" };
const KILLS = { ...DRAINS, KillMode: "control-group" };

interface Ahead {
  readonly host: EdgeHost;
  readonly drain: RunnerDrain;
  /** Has seen that the stop of the runner kills, or drains. */
  readonly look: (properties: Readonly<Record<string, string>>) => Promise<void>;
}

function ahead(host: EdgeHost): Ahead {
  host.passes(0);
  host.answers["grep"] = (argv) => ({ stdout: `${argv.at(-1)}\n` });
  host.folder.write("state/.keep", "");
  const store = new RecordStore(host.folder.at("state"));
  const waitFor = { ...DEFAULT_CONFIG.waitFor, runners: [RUNNER, OTHER] };
  const stop = new AbortController().signal;
  const config = { ...DEFAULT_CONFIG, waitFor };
  const drain = new RunnerDrain(
    finalizationContext(aRecord(), { host, store, config, stop, lost: stop }),
  );
  const look = async (properties: Readonly<Record<string, string>>): Promise<void> => {
    host.showUnits({ "a.service": properties, "b.service": KILLS });
    drain.lookAhead([RUNNER]);
    await drain.find([RUNNER]);
    host.ran.splice(0);
  };
  return { host, drain, look };
}

test("that no runner drains is seen ahead, and then nobody is asked before the act", async () => {
  using host = new EdgeHost();
  const { drain, look } = ahead(host);
  await look(KILLS);
  assert.deepEqual(await drain.find([RUNNER]), []);
  assert.deepEqual(host.ran, []);
  // Another runner was not looked at.
  assert.deepEqual(await drain.find([RUNNER, OTHER]), []);
  assert.ok(host.ran.length > 0);
});

test("a runner that drains is asked for right before its stop: that may kill meanwhile", async () => {
  using host = new EdgeHost();
  const { drain, look } = ahead(host);
  await look(DRAINS);
  assert.deepEqual(await drain.find([RUNNER]), ["a.service"]);
  host.showUnits({ "a.service": KILLS });
  assert.deepEqual(await drain.find([RUNNER]), []);
});

test("what was seen some time ago is looked at again", async () => {
  using host = new EdgeHost();
  const { drain, look } = ahead(host);
  await look(KILLS);
  host.passes(10_000);
  host.showUnits({ "a.service": DRAINS });
  assert.deepEqual(await drain.find([RUNNER]), ["a.service"]);
});
