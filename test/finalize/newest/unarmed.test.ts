import assert from "node:assert/strict";
import { test } from "node:test";
import { pathsUnder } from "../../../src/host/files/paths.ts";
import { pin } from "../../../src/state-dir/pins.ts";
import { OperatedHost } from "../../cli/operating.ts";
import { aRecord } from "../../support/records.ts";
import { makeToplevel } from "../../support/systems.ts";

const OLD = "20261122-213000-aaaa";
const KILLED = "20261122-220000-bbbb";

/** A finalization that waits for its timer, and a younger one whose `schedule` was killed. */
class KilledHost extends OperatedHost {
  readonly old = makeToplevel(this.folder, "old");
  readonly killed = makeToplevel(this.folder, "killed");

  constructor(timerOfKilled: "active" | "inactive") {
    super();
    this.save({ id: OLD, target: this.old, previous: this.booted });
    const profile = this.folder.at("profiles/system");
    const record = aRecord({ id: KILLED, profile, target: this.killed, previous: this.booted });
    pin(pathsUnder(this.folder.path), record);
    this.store.saveNew(record);
    this.units(`ActiveState=${timerOfKilled}`, "ActiveState=inactive");
  }

  async endOf(id: string): Promise<[state: string, reason: string | undefined]> {
    const read = await this.store.read(id);
    assert.ok(read.kind === "record");
    return [read.record.state, read.record.outcome?.reason];
  }
}

// The deployer has gone back to the deploy before, which still waits.
test("run by hand: one that was never armed, and whose profile has moved, does not supersede the one before", async () => {
  using host = new KilledHost("inactive");
  host.setProfile(host.old);
  await host.operate("run", KILLED);
  assert.equal(host.store.newest(), OLD);
  assert.deepEqual(await host.endOf(KILLED), ["superseded", `the profile moved to ${host.old}`]);
  assert.deepEqual(await host.endOf(OLD), ["scheduled", undefined]);
});

test("run by hand: one that was armed has superseded the one before, wherever the profile is", async () => {
  using host = new KilledHost("active");
  host.setProfile(host.old);
  await host.operate("run", KILLED);
  assert.equal(host.store.newest(), KILLED);
});

test("run by hand: one whose profile is still there is the newest, although it was never armed", async () => {
  using host = new KilledHost("inactive");
  host.setProfile(host.killed);
  host.stop.abort();
  await host.operate("run", KILLED);
  assert.equal(host.store.newest(), KILLED);
});
