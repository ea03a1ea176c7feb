import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { test } from "node:test";
import { pin, pinnedIds } from "../../../src/state-dir/pins.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { FakeHost } from "../../support/fake-host.ts";
import { aRecord } from "../../support/records.ts";
import { saveNewest } from "../../support/store.ts";
import { makeToplevel } from "../../support/systems.ts";
import { pathsUnder } from "../../../src/host/files/paths.ts";

const OLD = "20261122-210000-aaaa";
const KILLED = "20261122-211500-bbbb";
const NEW = "20261122-213000-0000";

/** A host with one finalization that waits for its timer, and a deploy to schedule. */
class DeployedHost extends FakeHost {
  readonly store = new RecordStore(this.folder.at("state"));
  readonly places = pathsUnder(this.folder.path);

  constructor() {
    super();
    this.folder.write("proc/locks", "");
    this.setProfile(makeToplevel(this.folder, "new"));
    const old = aRecord({ id: OLD });
    pin(this.places, old);
    saveNewest(this.store, old);
  }

  /** What happens while systemd-run arms the timer. */
  whileArming(act: () => void): void {
    const spawn = this.spawn;
    this.spawn = async (argv, options) => {
      if (argv[0] === "systemd-run") act();
      return await spawn(argv, options);
    };
  }

  get launched(): string[] {
    const starts = this.ran.filter(([program]) => program === "systemd-run");
    return starts.map((argv) => argv.at(-1) ?? "").filter((id) => id !== NEW);
  }
}

test("schedule: what a killed call prepared never becomes the newest after it", async () => {
  using host = new DeployedHost();
  host.store.saveNew(aRecord({ id: KILLED }));
  assert.equal((await host.schedule()).exitCode, 0);
  host.store.publish(KILLED);
  assert.equal(host.store.newest(), NEW);
});

test("schedule: a killed call that may have armed stays prepared if this one cannot arm", async () => {
  using host = new DeployedHost();
  host.store.saveNew(aRecord({ id: KILLED }));
  host.ends["systemd-run"] = { exitCode: 1 };
  host.ends["systemctl"] = { stdout: "Id=x\nActiveState=active\nJob=\n" };
  assert.equal((await host.schedule()).exitCode, 1);
  assert.deepEqual([host.store.prepared(), host.store.newest()], [[KILLED], OLD]);
});

for (const timer of ["active", "inactive"]) {
  test(`schedule: it cannot arm and the older timer is ${timer}: the older one is driven`, async () => {
    using host = new DeployedHost();
    host.ends["systemctl"] = { stdout: `Id=x\nActiveState=${timer}\nJob=\n\nId=y\n` };
    const spawn = host.spawn;
    host.spawn = async (argv, options) => {
      const ended = await spawn(argv, options);
      return argv.at(-1) === NEW ? { ...ended, exitCode: 1, stderr: "no" } : ended;
    };
    const { exitCode, stderr } = await host.schedule();
    assert.equal(exitCode, 1);
    assert.match(stderr, /cannot arm/);
    assert.deepEqual(host.launched, timer === "active" ? [] : [OLD]);
    assert.deepEqual([host.store.ids(), host.store.newest()], [[OLD], OLD]);
    assert.deepEqual(pinnedIds(host.places), [OLD]);
  });
}

test("schedule: its unit has taken it up although systemd-run failed: it has scheduled", async () => {
  using host = new DeployedHost();
  host.whileArming(() => {
    host.store.publish(NEW);
  });
  host.ends["systemd-run"] = { exitCode: 1 };
  assert.equal((await host.schedule()).exitCode, 0);
  assert.equal(host.store.newest(), NEW);
});

test("schedule: what fails after the timer is armed is left to its unit", async () => {
  using host = new DeployedHost();
  const current = host.folder.at("state/current");
  host.whileArming(() => {
    rmSync(current);
    mkdirSync(current);
    // A folder in the way is moved aside, unless that is in the way too.
    host.folder.write(`state/current.${NEW}.broken/inside`, "");
  });
  const { exitCode, stderr } = await host.schedule();
  assert.equal(exitCode, 0);
  assert.match(stderr, /warning: .* is armed, and its unit will finish its scheduling/);
  rmSync(current, { recursive: true });
  host.store.publish(NEW);
  assert.equal(host.store.newest(), NEW);
});

test("schedule: a pin that is there already is left to the finalization that it belongs to", async () => {
  using host = new DeployedHost();
  pin(host.places, aRecord({ id: NEW }));
  assert.equal((await host.schedule()).exitCode, 1);
  assert.deepEqual(pinnedIds(host.places).toSorted(), [OLD, NEW]);
  assert.ok(!existsSync(host.folder.at(`state/${NEW}.json`)));
});

for (const step of [3_600_000, -3_600_000]) {
  test(`schedule: a clock set by ${step} ms while it waits for its turn moves no delay`, async () => {
    using host = new DeployedHost();
    const spawn = host.spawn;
    host.spawn = async (argv, options) => {
      if (argv[0] === "flock") host.time += step;
      return await spawn(argv, options);
    };
    const { stdout } = await host.schedule("--delay", "100", "--json");
    const { id, fireAt } = JSON.parse(stdout);
    const read = await host.store.read(id);
    assert.ok(read.kind === "record");
    const { scheduledAt, clocks, timeline } = read.record;
    // The gate of the delay takes the delay from both times.
    for (const since of [host.time, Date.parse(scheduledAt)]) {
      const delayMs = Date.parse(fireAt) - since;
      assert.ok(delayMs > 60_000 && delayMs <= 100_000, `${delayMs} ms`);
    }
    assert.deepEqual([clocks.scheduled?.at, timeline[0]?.at], [scheduledAt, scheduledAt]);
  });
}

test("schedule: the ID and the time of the timer are of the moment at which it has its turn", async () => {
  using host = new DeployedHost();
  const spawn = host.spawn;
  host.spawn = async (argv, options) => {
    if (argv[0] === "flock") host.passes(60_000);
    return await spawn(argv, options);
  };
  const { stdout } = await host.schedule("--delay", "10", "--json");
  const { id, fireAt } = JSON.parse(stdout);
  assert.deepEqual([id, fireAt], ["20261122-213100-0000", "2026-11-22T21:31:00.500Z"]);
  assert.equal(host.store.newest(), id);
});

test("schedule: without a delay its timer elapses at once, so that its unit sees the job that schedules", async () => {
  using host = new DeployedHost();
  host.folder.write("proc/uptime", "1000.25 1.00\n");
  host.folder.write("proc/1/stat", `1 (systemd) S ${"0 ".repeat(18)}0 0\n`);
  const { stdout } = await host.schedule("--delay", "0", "--json");
  const options = host.ran.flatMap((argv) => argv.filter((word) => word.startsWith("--on-")));
  // A calendar time must still be ahead when systemd loads the timer.
  assert.deepEqual(options, ["--on-calendar=2026-11-22 21:30:00.500 UTC", "--on-boot=1000.250s"]);
  assert.equal(JSON.parse(stdout).fireAt, "2026-11-22T21:30:00.000Z");
});

test("schedule: a call that has waited for nearly all of its delay shortens no delay", async () => {
  using host = new DeployedHost();
  host.folder.write("proc/1/stat", `1 (systemd) S ${"0 ".repeat(18)}0 0\n`);
  host.folder.write("proc/uptime", "1000.00 1.00\n");
  const spawn = host.spawn;
  host.spawn = async (argv, options) => {
    if (argv[0] === "flock") {
      host.passes(9_700);
      host.folder.write("proc/uptime", "1009.70 1.00\n");
    }
    return await spawn(argv, options);
  };
  const { stdout } = await host.schedule("--delay", "10", "--json");
  const uptime = host.ran.flat().find((word) => word.startsWith("--on-boot="));
  // Real time passes too.
  assert.ok(Number.parseFloat(uptime?.split("=")[1] ?? "") > 1009.9, uptime);
  assert.ok(Date.parse(JSON.parse(stdout).fireAt) > Date.parse("2026-11-22T21:30:09.900Z"), stdout);
});

test("schedule: the notice that its unit has left meanwhile stays", async () => {
  using host = new DeployedHost();
  host.whileArming(() => {
    const plan = { action: "reboot", reason: "kernel changed", changed: ["kernel"] } as const;
    host.store.save(
      aRecord({ id: NEW, state: "waiting", plan: { ...plan, changed: [...plan.changed] } }),
    );
    host.folder.write("run/deploy-finalize/notice", "a REBOOT is pending");
  });
  assert.equal((await host.schedule()).exitCode, 0);
  assert.match(
    readFileSync(host.places.notice, "utf8"),
    /a REBOOT into the deployed system is pending/,
  );
});

test("schedule: what it cannot undo is named", async () => {
  using host = new DeployedHost();
  host.whileArming(() => {
    const path = host.folder.at(`state/${NEW}.json`);
    rmSync(path, { recursive: true });
    // No rm of a file removes it.
    mkdirSync(path);
  });
  host.ends["systemd-run"] = { exitCode: 1 };
  const { exitCode, stderr } = await host.schedule();
  assert.equal(exitCode, 1);
  assert.match(stderr, /cannot arm/);
  assert.match(stderr, /could not be removed: .*\. The next boot may carry this deploy out\./);
});
