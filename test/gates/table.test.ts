import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { gatesFor, GATES } from "../../src/gates/table.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { explainGates } from "../../src/explain/act.ts";
import { fleetLockConfig } from "../fleet/configs.ts";
import { aRun, receiver } from "../report/reports.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord, TARGET } from "../support/records.ts";
import { system } from "../support/systems.ts";

/** Nothing listens there. */
const NOWHERE = "http://127.0.0.1:9";
const FORGE_RUN = aRun({ server: NOWHERE });

/** A configuration that every gate of a reboot is waited for with. */
function everyGate(host: EdgeHost): Config {
  const tokenFile = host.folder.write("token", "planted-token");
  const forge = receiver({ kind: "gitea", url: NOWHERE, tokenFile, waitForJob: true });
  const { waitFor, reboot, report } = DEFAULT_CONFIG;
  return {
    ...DEFAULT_CONFIG,
    profile: host.folder.at("profiles/system"),
    stateDir: host.folder.at("state"),
    waitFor: { ...waitFor, runners: [{ unit: "a.service" }], units: ["borg.service"] },
    reboot: { ...reboot, window: { start: "02:00", duration: 3600 } },
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
  const config = { ...DEFAULT_CONFIG, waitFor: { ...waitFor, session: false } };
  assert.deepEqual(namesFor(host, config, "switch"), ["delay", "switch lock"]);
  const reboot = ["delay", "switch lock", "shutdown inhibitors", "logged-in users"];
  assert.deepEqual(namesFor(host, config, "reboot"), reboot);
  assert.deepEqual(host.ran, []);
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
