/** Runs one edge inside the test host: `look.ts WHAT JSON` prints what it finds as JSON. */
import { setTimeout as sleep } from "node:timers/promises";
import { watchSettling } from "../../../src/checks/settling.ts";
import { DEFAULT_CONFIG, type RunnerConfig } from "../../../src/core/config.ts";
import { lookAtRunners } from "../../../src/gates/ci-job.ts";
import { quiesceRunners, startRunners } from "../../../src/gates/quiesce.ts";
import { runnersTouched } from "../../../src/gates/touched.ts";
import { dryActivate } from "../../../src/host/dry-activation.ts";
import { type FailedUnits, takeBaseline } from "../../../src/host/failed-units.ts";
import type { Host } from "../../../src/host/host.ts";
import { findOwnSession, sessionState } from "../../../src/host/logind.ts";
import { pathsUnder } from "../../../src/host/paths.ts";
import { spawnWith } from "../../support/spawning.ts";
import { nextChange } from "../../../src/gates/watch.ts";
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
    case "touched": {
      const waitFor = { ...DEFAULT_CONFIG.waitFor, runners };
      const record = aRecord({ target: argument });
      const context = { host, record, config: { ...DEFAULT_CONFIG, waitFor } };
      return runnersTouched(context, await dryActivate(host, argument));
    }
    case "quiesce":
      return await quiesceRunners(host, runners);
    case "start":
      return await startRunners(host, ["ci-runner.service", "no-such.service"]);
    case "session":
      return findOwnSession(host.paths);
    case "session-end": {
      const isOver = () => sessionState(host.paths, argument) !== "open";
      while (!isOver()) await nextChange(host.paths.loginSessions, isOver, never);
      return "over";
    }
    case "baseline":
      return await takeBaseline(host);
    case "settle": {
      const baseline: FailedUnits = JSON.parse(argument);
      return await watchSettling(host, { baseline, ignored: ["ignored-*"] }, 2, never);
    }
    default:
      await sleep(0);
      throw new Error(`what is ${what}?`);
  }
}

process.stdout.write(JSON.stringify(await look(process.argv[2] ?? "", process.argv[3] ?? "")));
