import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { LockConfig } from "../../src/core/config/lock-config.ts";
import { NAMED_FOR_NOW, OWN_GATES } from "../../src/core/gate-names.ts";
import { gatesFor, GATES } from "../../src/gates/table.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { explainGates } from "../../src/explain/act.ts";
import { slowestFirst } from "../../src/gates/gate.ts";
import { alertGate, commandConfig } from "./configs.ts";
import { fleetLockConfig } from "../fleet/configs.ts";
import { aRun, receiver } from "../report/reports.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord, TARGET } from "../support/records.ts";
import { system } from "../support/systems.ts";

/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:9";
const FORGE_RUN = aRun({ server: NOWHERE });

const WINDOWS = [{ start: "02:00", duration: 3600 }];

/** A configuration that every gate of a reboot is waited for with. */
function everyGate(host: EdgeHost): Config {
  const tokenFile = host.folder.write("token", "planted-token");
  const forge = receiver({ kind: "gitea", url: NOWHERE, tokenFile, waitForJob: true });
  const { waitFor, reboot, report } = DEFAULT_CONFIG;
  return {
    ...DEFAULT_CONFIG,
    profile: host.folder.at("profiles/system"),
    stateDir: host.folder.at("state"),
    waitFor: {
      ...waitFor,
      runners: [{ unit: "a.service" }],
      units: ["borg.service"],
      storage: ["md"],
      alerts: alertGate({ url: NOWHERE }),
      commands: [commandConfig({ command: ["/asks"] })],
    },
    reboot: { ...reboot, window: WINDOWS },
    switch: { ...DEFAULT_CONFIG.switch, window: WINDOWS },
    report: { ...report, receivers: [forge] },
    lock: fleetLockConfig(NOWHERE),
  };
}

const namesFor = (
  host: EdgeHost,
  config: Config,
  action: "switch" | "reboot",
  changes: Partial<FinalizationRecord> = {},
): string[] => {
  const record = aRecord({ forgeRun: FORGE_RUN, ...changes });
  return gatesFor({ host, record, config }, { action, seat: null }).map(({ name }) => name);
};

test("gates: what is not configured is no gate", () => {
  using host = new EdgeHost();
  const { waitFor } = DEFAULT_CONFIG;
  const nobody = { window: null, sessions: { grace: 0, message: null } };
  const config = { ...DEFAULT_CONFIG, waitFor: { ...waitFor, session: false }, switch: nobody };
  assert.deepEqual(namesFor(host, config, "switch"), ["delay", "switch lock"]);
  const reboot = ["delay", "switch lock", "shutdown inhibitors", "logged-in users"];
  assert.deepEqual(namesFor(host, config, "reboot"), reboot);
  assert.deepEqual(host.ran, []);
});

test("gates: commands and alerts hold up what they are to, and no rollback by hand", () => {
  using host = new EdgeHost();
  const { waitFor } = DEFAULT_CONFIG;
  const commands = [
    commandConfig({ name: "one", before: "act" }),
    commandConfig({ name: "two", before: "reboot" }),
  ];
  const alerts = alertGate({ url: NOWHERE });
  const configOf = (before: "act" | "reboot"): Config => ({
    ...DEFAULT_CONFIG,
    waitFor: { ...waitFor, session: false, commands, alerts: { ...alerts, before } },
  });
  const gates = (
    action: "switch" | "reboot",
    before: "act" | "reboot",
    changes: Partial<FinalizationRecord> = {},
  ): string[] =>
    namesFor(host, configOf(before), action, changes).filter((name) =>
      /^(command|alerts)/.test(name),
    );
  assert.deepEqual(gates("switch", "reboot"), ["command one"]);
  assert.deepEqual(gates("switch", "act"), ["alerts", "command one"]);
  assert.deepEqual(gates("reboot", "reboot"), ["alerts", "command one", "command two"]);
  const byHand = { rollbackOf: "20261122T213000Z-aaaaaa" };
  assert.deepEqual([gates("reboot", "act", byHand), gates("switch", "act", byHand)], [[], []]);
});

/** It would be rolled back after `waitFor.timeout` because something else is wrong after the boot. */
test("gates: the switch to a specialisation after a boot waits only for what it would cut off", () => {
  using host = new EdgeHost();
  const config = everyGate(host);
  const alerts = alertGate({ url: NOWHERE, before: "act" });
  const waitFor = { ...config.waitFor, alerts };
  const switched = namesFor(host, { ...config, waitFor }, "switch", { state: "verifying" });
  assert.deepEqual(switched, ["delay", "session", "forge job", "switch lock", "CI job", "units"]);
  const rebooted = namesFor(host, config, "reboot", { state: "rebooting" });
  for (const name of ["shutdown inhibitors", "alerts", "command my-command", "logged-in users"]) {
    assert.ok(rebooted.includes(name), name);
  }
});

test("gates: each act takes a slot if it is one of lock.for, but not after its reboot", () => {
  using host = new EdgeHost();
  const takesSlot = (
    acts: LockConfig["for"],
    action: "switch" | "reboot",
    changes: Partial<FinalizationRecord> = {},
  ): boolean => {
    const config = { ...DEFAULT_CONFIG, lock: fleetLockConfig(NOWHERE, { for: acts }) };
    return namesFor(host, config, action, changes).includes("fleet lock");
  };
  assert.deepEqual(
    [takesSlot(["reboot"], "reboot"), takesSlot(["reboot"], "switch")],
    [true, false],
  );
  assert.deepEqual(
    [takesSlot(["switch"], "reboot"), takesSlot(["switch"], "switch")],
    [false, true],
  );
  assert.equal(takesSlot(["switch"], "switch", { rollbackOf: "20261122-210000-aaaa" }), true);
  assert.deepEqual([takesSlot([], "reboot"), takesSlot([], "switch")], [false, false]);
  // The switch to a specialisation after a boot: a wait would end in a rollback.
  assert.equal(takesSlot(["switch", "reboot"], "switch", { state: "verifying" }), false);
});

test("gates: the last look before an act comes to what may take long first", () => {
  using host = new EdgeHost();
  const config = everyGate(host);
  const context = { host, record: aRecord({ forgeRun: FORGE_RUN }), config };
  const names = slowestFirst(gatesFor(context, { action: "reboot", seat: null })).map(
    ({ name }) => name,
  );
  const place = (name: string): number => names.indexOf(name);
  assert.ok(place("logged-in users") < place("storage"), names.join());
  for (const slow of ["storage", "alerts", "command my-command"]) {
    for (const quick of ["switch lock", "CI job", "units", "shutdown inhibitors"]) {
      assert.ok(place(slow) < place(quick), `${slow} before ${quick}: ${names.join()}`);
    }
  }
});

test("gates: each is known to those who ask to act now", () => {
  using host = new EdgeHost();
  host.folder.write("proc/sys/kernel/random/boot_id", "boot-1\n");
  const names = (["reboot", "switch"] as const).flatMap((action) =>
    namesFor(host, everyGate(host), action, { bootId: "boot-0" }),
  );
  assert.deepEqual(new Set(names), new Set([...OWN_GATES, "command my-command"]));
});

test("gates: what is to act now waits for all but the moment, and for none that is named", () => {
  using host = new EdgeHost();
  const since = { at: "2026-11-22T21:31:00.000Z", bootId: "boot-1", uptime: 1 };
  const left = (past: readonly string[]): string[] => {
    const hurried = { by: "bob", past: [...past], since };
    return namesFor(host, everyGate(host), "reboot", { hurried });
  };
  const named = [...NAMED_FOR_NOW, "command my-command"];
  assert.deepEqual(new Set(left([])), new Set(["switch lock", ...named]));
  for (const name of named) assert.ok(!left([name]).includes(name), name);
  assert.deepEqual(left(named), ["switch lock"]);
});

/** The boot is a gate only of what was scheduled before it. */
test("gates: explain lists every gate of the table that a reboot waits for", async () => {
  using host = new EdgeHost();
  host.folder.write("proc/sys/kernel/random/boot_id", "boot-1\n");
  const config = everyGate(host);
  const names = namesFor(host, config, "reboot", { bootId: "boot-0" });
  assert.equal(new Set(names).size, GATES.length, `${names.join()}: a row of the table is missing`);

  const target = system(TARGET);
  const systems = { booted: target, current: target, target };
  const decision = { action: "reboot", reason: "kernel changed", changed: ["kernel"] } as const;
  const { gates } = await explainGates(
    host,
    {
      config,
      configFile: null,
      random: () => 0.5,
      hostName: "web1",
      requester: { user: null, sshClient: null, sessionId: null },
      forgeRun: FORGE_RUN,
      run: { command: [], path: "" },
    },
    { target: TARGET, specialisation: null, systems, decision },
    { kind: "unknown", why: "it would reboot" },
  );
  assert.deepEqual(
    gates.map(({ name }) => name),
    names.filter((name) => name !== "delay" && name !== "boot"),
  );
});
