import assert from "node:assert/strict";
import { after, test, type TestContext } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { LockConfig } from "../../src/core/config/lock-config.ts";
import { readingAt } from "../../src/core/record/clock.ts";
import { type Slot, tokenOf } from "../../src/core/record/slot.ts";
import { serverFor } from "../../src/fleet/slot-access.ts";
import { giveSlotBack, type SlotPorts, takeSlot } from "../../src/fleet/slot-keeping.ts";
import { deliverAll, newMemory } from "../../src/report/deliver.ts";
import { Outbox } from "../../src/report/outbox.ts";
import { oweReports } from "../../src/report/report.ts";
import { etcdConfig, fleetLockConfig } from "../fleet/configs.ts";
import { ended, receiver } from "../report/reports.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { until } from "../test-host/until.ts";
import { FAULTS, type Fault, HARMLESS, type Place } from "./faults.ts";
import { Site } from "./site.ts";

// Each fault of the network against each thing that is asked over it: it ends in time, the outcome is
// not lost, and it is made up for when the fault has ended.

/** Seconds: of one request while there is a fault. */
const LIMIT = 0.4;
/** Of one request without a fault: the servers are in this process, which may stand still. */
const PATIENT = 60;
/** Milliseconds for everything: a few requests, on a busy machine. */
const IN_TIME = 45_000;

type Act = (fault: Fault, site: Site, isHarmless: boolean) => Promise<void>;

/** A host whose time goes on. */
class RunningHost extends EdgeHost {
  override now = (): Date => new Date(this.time + performance.now());
}

const report: Act = async ({ place, begin, end }, { caFile }, isHarmless) => {
  using host = new RunningHost();
  host.folder.write("state/.keep", "");
  const outbox = new Outbox(host, host.folder.at("state"));
  const tokenFile = host.folder.write("token", "planted");
  const { url, proxy } = place;
  const forge = { kind: "gitea", url, repository: "a/b", tokenFile, caFile, events: ["live"] };
  const retry = { first: 0.05, most: 0.1 };
  const timeout = isHarmless ? PATIENT : LIMIT;
  const config = { ...DEFAULT_CONFIG.report, timeout, retry, receivers: [receiver(forge)] };
  oweReports(host, outbox, config, ended("live"));
  await begin();
  const stop = AbortSignal.timeout(IN_TIME);
  const memory = newMemory();
  const done = deliverAll({ host, outbox, config, proxy, random: () => 0, stop, memory });
  if (!isHarmless) {
    await until("it was tried twice", () => (outbox.owed()[0]?.tries ?? 0) >= 2);
    assert.equal(outbox.count("given-up").size, 0, "the outcome is lost");
  }
  await end();
  // It is tried again and again, so one answer that comes too late does no harm.
  await done;
  assert.equal(outbox.names("done").length, 1, host.said.join("\n"));
};

const HOLDER = { id: "a1", host: "web1" };
const FINALIZATION = "20261122-213000-aaaa";

const now = (): Date => new Date();

interface HostPorts extends SlotPorts {
  readonly slot: () => Slot | null;
  /** From now on its requests have so many seconds. */
  readonly giveTime: (seconds: number) => void;
}

/** The ports of a host that notes its slot in memory. */
function portsOf(place: Place): HostPorts {
  let slot: Slot | null = null;
  let timeout = PATIENT;
  return {
    giveTime: (seconds) => {
      timeout = seconds;
    },
    clock: () => readingAt(now().toISOString()),
    slot: () => slot,
    read: () => slot,
    write: (written) => {
      slot = written;
    },
    remove: () => {
      slot = null;
    },
    server: (lock) => serverFor({ ...lock, timeout }, HOLDER.id, now, place.proxy),
    self: () => ({ host: HOLDER.host, finalizations: [FINALIZATION] }),
    standing: async () => ({ kind: "unfinished" }),
  };
}

type LockAt = (place: Place, caFile: string) => LockConfig;

function taken(lockAt: LockAt): Act {
  return async ({ place, begin, end }, { caFile }, isHarmless) => {
    const ports = portsOf(place);
    const take = async () => await takeSlot(ports, lockAt(place, caFile), FINALIZATION, HOLDER);
    await begin();
    if (!isHarmless) ports.giveTime(LIMIT);
    const taking = await take();
    if (!isHarmless) {
      assert.notEqual(taking.kind, "held", "a slot that nobody gave");
      assert.equal(ports.slot()?.state, "asked", "it would not be given back");
    }
    await end();
    ports.giveTime(PATIENT);
    assert.deepEqual(await take(), { kind: "held" });
    const slot = ports.slot();
    assert.equal(slot === null ? "" : tokenOf(slot), `${FINALIZATION}#1`);
  };
}

function freed(lockAt: LockAt): Act {
  return async ({ place, begin, end }, { caFile }, isHarmless) => {
    const ports = portsOf(place);
    const taking = await takeSlot(ports, lockAt(place, caFile), FINALIZATION, HOLDER);
    assert.deepEqual(taking, { kind: "held" });
    await begin();
    if (!isHarmless) ports.giveTime(LIMIT);
    const given = await giveSlotBack(ports);
    if (!isHarmless) {
      assert.equal(given.kind, "unknown");
      assert.equal(ports.slot()?.state, "giving-back", "it would be forgotten");
    }
    await end();
    ports.giveTime(PATIENT);
    assert.deepEqual(await giveSlotBack(ports), { kind: "given-back" });
    assert.equal(ports.slot(), null);
  };
}

const fleetLock: LockAt = ({ url }, caFile) => fleetLockConfig(url, { caFile });
const etcd: LockAt = ({ url }, caFile) => etcdConfig([url], { caFile });

const ACTS: Readonly<Record<string, Act>> = {
  report,
  "slot of FleetLock taken": taken(fleetLock),
  "slot of FleetLock freed": freed(fleetLock),
  "slot of etcd taken": taken(etcd),
  "slot of etcd freed": freed(etcd),
};

async function cell(name: string, act: Act, context: TestContext): Promise<number> {
  await using site = await Site.build();
  const fault = await (FAULTS[name] ?? assert.fail())(site, context);
  const began = performance.now();
  await act(fault, site, HARMLESS.has(name));
  const ms = performance.now() - began;
  assert.ok(ms < IN_TIME, `${ms} ms`);
  return ms;
}

/** How long each took from the beginning of the fault to the end that makes up for it. */
const took = new Map<string, string>();

after(() => {
  const acts = Object.keys(ACTS);
  const rows = Object.keys(FAULTS).map((name) => [
    name,
    ...acts.map((what) => took.get(`${name} × ${what}`) ?? "FAILED"),
  ]);
  const lines = [["fault", ...acts], ...rows].map((cells) =>
    cells
      .map((text, column) => text.padEnd(column === 0 ? 26 : 24))
      .join("")
      .trimEnd(),
  );
  process.stdout.write(`${lines.join("\n")}\n`);
});

for (const name of Object.keys(FAULTS)) {
  for (const [what, act] of Object.entries(ACTS)) {
    const outcome = HARMLESS.has(name) ? "unnoticed" : "bounded, then made up for";
    test(`network: ${name} × ${what}: ${outcome}`, { timeout: 120_000 }, async (context) => {
      const ms = await cell(name, act, context);
      took.set(
        `${name} × ${what}`,
        `${outcome === "unnoticed" ? outcome : "made up for"}, ${Math.round(ms)} ms`,
      );
    });
  }
}
