/** Runs one edge inside the test host: `look.ts WHAT JSON` prints what it finds as JSON. */
import { setTimeout as sleep } from "node:timers/promises";
import { watchSettling } from "../../../src/checks/settling.ts";
import type { RunnerConfig } from "../../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { lookAtRunners } from "../../../src/gates/runners/state.ts";
import { startAgain, stopIdleRunners } from "../../../src/finalize/runners/stop.ts";
import { runnersStoppedBy } from "../../../src/gates/runners/stopped-by-switch.ts";
import { dryActivate } from "../../../src/host/nixos/dry-activation.ts";
import { type Baseline, takeBaseline } from "../../../src/checks/units-before.ts";
import { readBootId } from "../../../src/host/nixos/systems.ts";
import type { Host } from "../../../src/host/process/host.ts";
import { findOwnSession, sessionState } from "../../../src/host/systemd/logind/sessions.ts";
import { pathsUnder } from "../../../src/host/files/paths.ts";
import { spawnWith } from "../../support/spawning.ts";
import { nextChange } from "../../../src/host/process/watch.ts";
import { aRecord } from "../../support/records.ts";

const host: Host = {
  spawn: spawnWith(process.env),
  now: () => new Date(),
  elapsedMs: () => performance.now(),
  paths: pathsUnder("/"),
  say: () => {},
  echo: () => {},
  journal: { announce: async () => {}, leave: async () => {} },
};
const never = new AbortController().signal;
const runners: RunnerConfig[] = [{ unit: "ci-runner.service", detect: { kind: "processes" } }];

async function look(what: string, argument: string): Promise<unknown> {
  switch (what) {
    case "runners":
      return await lookAtRunners(host, runners);
    case "stopped": {
      const waitFor = { ...DEFAULT_CONFIG.waitFor, runners };
      const record = aRecord({ target: argument });
      const context = { host, record, config: { ...DEFAULT_CONFIG, waitFor } };
      return runnersStoppedBy(context, await dryActivate(host, argument));
    }
    case "stop-idle":
      return await stopIdleRunners(
        host,
        runners,
        runners.map(({ unit }) => unit),
      );
    case "start":
      return await startAgain(host, ["ci-runner.service", "no-such.service"]);
    case "session":
      return findOwnSession(host.paths);
    case "session-end": {
      const isOver = () => sessionState(host.paths, argument) !== "open";
      while (!isOver()) await nextChange(host.paths.loginSessions, isOver, never);
      return "over";
    }
    case "baseline":
      return await takeBaseline(host, AbortSignal.timeout(60_000));
    case "settle": {
      const baseline: Baseline = JSON.parse(argument);
      const standard = {
        baseline,
        ignored: ["ignored-*"],
        failedJobs: [],
        bootId: readBootId(host.paths),
      };
      return await watchSettling(host, standard, 2, never);
    }
    default:
      await sleep(0);
      throw new Error(`what is ${what}?`);
  }
}

process.stdout.write(JSON.stringify(await look(process.argv[2] ?? "", process.argv[3] ?? "")));
