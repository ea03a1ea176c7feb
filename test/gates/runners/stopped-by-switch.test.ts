import assert from "node:assert/strict";
import fc from "../../support/fast-check.ts";
import { test } from "node:test";
import type { RunnerConfig } from "../../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { parseDryActivate, bondsOf } from "../../../src/host/nixos/dry-activation.ts";
import { type Gate, type GateContext, runnersOf } from "../../../src/gates/gate.ts";
import { gatesFor } from "../../../src/gates/table.ts";
import { isRunnerStopped } from "../../../src/gates/runners/stopped-by-switch.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord, TARGET } from "../../support/records.ts";

const OUTPUT = `would stop the following units: a.service, gitea-runner-x.service
would NOT stop the following changed units: skipped.service
would activate the configuration...
would reload the following units: dbus.service
would restart the following units: nix-daemon.service, sshd@1-2.service
would start the following units: a.service, gitea-runner-x.service
`;

test("dry-activate: every list is read", () => {
  assert.deepEqual(parseDryActivate(OUTPUT), {
    stop: ["a.service", "gitea-runner-x.service"],
    restart: ["nix-daemon.service", "sshd@1-2.service"],
    reload: ["dbus.service"],
    start: ["a.service", "gitea-runner-x.service"],
    skip: ["skipped.service"],
    systemd: "stays",
  });
});

test("dry-activate: what the activation script adds counts, NOT restarting does not", () => {
  const text = [
    "would stop the following units as well: b.service",
    "would NOT restart the following changed units: c.service",
    "would stop swap device: /dev/x",
    "would restart systemd",
  ].join("\n");
  const { stop, restart, skip, systemd } = parseDryActivate(text);
  assert.deepEqual([stop, restart, skip], [["b.service"], [], ["c.service"]]);
  assert.equal(systemd, "restarts");
});

test("dry-activate: any text is read without a crash", () => {
  const line = fc.constantFrom(...OUTPUT.split("\n"), "would stop the following units: ", "would ");
  const piece = fc.oneof(fc.string({ unit: "binary" }), line);
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const { systemd: _systemd, ...plan } = parseDryActivate(pieces.join("\n"));
      for (const units of Object.values(plan)) assert.equal(units.indexOf(""), -1);
    }),
  );
});

const runnerA: RunnerConfig = { unit: "a.service", preset: "buildkite-agent" };
const runnerB: RunnerConfig = { unit: "b.service", preset: "gitlab-runner" };

test("stopped by a switch: itself, what it is bound to however far, and its containers' engine", () => {
  const bonds = bondsOf([
    { Id: "a.service", Requires: "sysinit.target x.socket", BindsTo: "" },
    { Id: "x.socket", PartOf: "x.target" },
    { Id: "x.target", Requires: "a.service" },
  ]);
  const isStopped = (runner: RunnerConfig, unit: string): boolean =>
    isRunnerStopped(runner, { stop: [], restart: [unit], reload: [] }, bonds);
  assert.equal(isStopped(runnerA, "a.service"), true);
  assert.equal(isStopped(runnerA, "x.target"), true);
  assert.equal(isStopped(runnerA, "other.service"), false);
  assert.equal(isStopped(runnerA, "docker.service"), false);
  assert.equal(isStopped(runnerB, "docker.service"), true);
});

test("stopped by a switch: a container that is reloaded switches what runs in it", () => {
  const reload = { stop: [], restart: [], reload: ["container@ci.service", "a.service"] };
  const container: RunnerConfig = { unit: "container@ci.service", preset: "nixos-container" };
  assert.equal(isRunnerStopped(container, reload, new Map()), true);
  assert.equal(isRunnerStopped(runnerA, reload, new Map()), false);
});

function contextOf(host: EdgeHost): GateContext {
  const waitFor = { ...DEFAULT_CONFIG.waitFor, runners: [runnerA, runnerB] };
  host.showUnits({ "a.service": {}, "b.service": {} });
  return { host, record: aRecord(), config: { ...DEFAULT_CONFIG, waitFor } };
}

const program = `${TARGET}/bin/switch-to-configuration dry-activate`;

/** What the gates for runners and units say, those before them being open. */
async function look(gates: readonly Gate[], context: GateContext): Promise<string[]> {
  const closed = gates.map(async (gate) => {
    const state = await gate.look(context);
    return state.kind === "open" ? [] : [`${gate.name}: ${state.why}`];
  });
  return (await Promise.all(closed)).flat();
}

/** Two runners, each with a job. */
function busyContext(host: EdgeHost): GateContext {
  const context = contextOf(host);
  const units = Object.fromEntries(
    ["a.service", "b.service"].map((unit, index) => {
      host.group(`/system.slice/${unit}`, index + 10, index + 20);
      return [unit, { ControlGroup: `/system.slice/${unit}`, MainPID: String(index + 10) }];
    }),
  );
  host.showUnits(units);
  const detect = { kind: "processes" } as const;
  const runners = [runnerA, runnerB].map(({ unit }) => ({ unit, detect }));
  return {
    ...context,
    config: { ...context.config, waitFor: { ...context.config.waitFor, runners } },
  };
}

const gatesOf = (context: GateContext, action: "switch" | "reboot") =>
  gatesFor(context, { action, seat: null });

const timesTried = (host: EdgeHost): number =>
  host.ran.filter((argv) => argv.join(" ") === program).length;

test("gates: only the runner that the switch would stop is waited for", async () => {
  using host = new EdgeHost();
  const context = busyContext(host);
  host.answers[program] = { stderr: "would stop the following units: b.service\n" };
  const gates = gatesOf(context, "switch");
  assert.deepEqual(await look(gates, context), ["CI job: b.service runs a job"]);
  await look(gates, context);
  assert.deepEqual(
    (await runnersOf(gates)).map(({ unit }) => unit),
    ["b.service"],
  );
  assert.equal(timesTried(host), 1);
});

test("gates: a switch that touches no runner waits for none", async () => {
  using host = new EdgeHost();
  const context = busyContext(host);
  host.answers[program] = { stderr: "would stop the following units: c.service\n" };
  assert.deepEqual(await look(gatesOf(context, "switch"), context), []);
});

test("gates: for a reboot, and where the dry run fails, all runners are waited for", async () => {
  using host = new EdgeHost();
  const context = busyContext(host);
  const both = ["CI job: a.service runs a job; b.service runs a job"];
  const toReboot = gatesOf(context, "reboot");
  assert.deepEqual(await look(toReboot, context), both);
  assert.deepEqual(await runnersOf(toReboot), context.config.waitFor.runners);
  assert.equal(timesTried(host), 0);
  host.answers[program] = { exitCode: 11, stderr: "Could not acquire lock" };
  assert.deepEqual(await look(gatesOf(context, "switch"), context), both);
  assert.match(host.said.join(), /waits for all of them: .*Could not acquire lock/);
});

test("gates: a switch is not tried while nothing is in its way: that takes the switch lock", async () => {
  using host = new EdgeHost();
  const context = contextOf(host);
  const waitFor = { ...context.config.waitFor, units: ["borg.service"] };
  const idle = { ...context, config: { ...context.config, waitFor } };
  const gates = gatesOf(idle, "switch");
  assert.deepEqual(
    gates.map(({ name }) => name),
    [
      "delay",
      "session",
      "switch lock",
      "CI job",
      "units",
      "shutdown inhibitors",
      "logged-in users",
    ],
  );
  assert.deepEqual(await look(gates, idle), []);
  assert.equal(timesTried(host), 0);
  // But to stop runners for the act is to know which.
  host.answers[program] = { stderr: "would stop the following units: a.service\n" };
  assert.deepEqual(await runnersOf(gates), [runnerA]);
});

test("gates: without runners nothing is run", async () => {
  using host = new EdgeHost();
  const context = { host, record: aRecord(), config: DEFAULT_CONFIG };
  const gates = gatesOf(context, "switch");
  assert.deepEqual(await look(gates, context), []);
  assert.deepEqual([await runnersOf(gates), host.ran], [[], []]);
});
