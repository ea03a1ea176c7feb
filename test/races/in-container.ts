import { existsSync } from "node:fs";
import { messageOf } from "../../src/core/refusal.ts";
import { runningContainers } from "../../src/host/network/containers.ts";
import { deploy, ended } from "../on-host/deploying.ts";
import type { Way } from "../on-host/racing.ts";
import { hostAvailable } from "../test-host/available.ts";
import { Gitea } from "./gitea.ts";
import { RunnerHost, runnerSpec } from "./runner-host.ts";

/**
 * `make check-runner` with a container engine of this machine: a real runner of Gitea runs a job in a
 * container, and a deploy that would stop the runner comes meanwhile.
 */

const { RUNNER = "", GITEA_URL = "", GITEA_TOKEN = "", ENGINE = "", IMAGE = "" } = process.env;

const missing = Object.entries({ RUNNER, GITEA_URL, GITEA_TOKEN, ENGINE, IMAGE }).flatMap(
  ([name, value]) => (value === "" ? [name] : []),
);
const absent = Object.entries({ RUNNER, ENGINE }).find(([, path]) => !existsSync(path));
const availability = hostAvailable();
const problem =
  missing.length > 0
    ? `set ${missing.join(", ")} (ENGINE: the socket of Docker or Podman; IMAGE: one that it has, with bash)`
    : absent !== undefined
      ? `${absent[0]}: there is no ${absent[1]}`
      : !availability.available
        ? `needs a test host, and none can boot here: ${availability.reason}`
        : null;
if (problem !== null) {
  console.error(`check-runner: ${problem}`);
  process.exit(2);
}

const JOB = /^GITEA-ACTIONS-TASK-/;
const LONG = { deadlineMs: 240_000 };

async function isJobSeen(): Promise<boolean> {
  return (await runningContainers([{ socketPath: ENGINE }])).some((name) => JOB.test(name));
}

/** Whether the deploy waited for the job, and the job ended well. */
async function tryWay(way: Way): Promise<boolean> {
  await using made = new AsyncDisposableStack();
  const gitea = made.use(new Gitea(GITEA_URL, GITEA_TOKEN));
  const runner = made.use(await RunnerHost.boot(way, RUNNER, GITEA_URL, "in-container"));
  const { host } = runner;
  const engine = await runner.serveEngine(ENGINE);
  made.defer(() => void engine.close());
  await gitea.make(runner.seen, "sleep 15");
  await runner.register(gitea.label, await gitea.registration(), `docker://${IMAGE}`);
  const target = await host.buildToplevel(runnerSpec(way, "1", "in-container"));
  const run = await gitea.push("one");
  await host.until("the container of the job runs", isJobSeen, LONG);
  const id = await deploy(host, target, "--delay", "0");
  const end = await gitea.ended(run, LONG.deadlineMs);
  const record = await ended(host, id, LONG.deadlineMs);
  const waits = record.waitedFor.map(({ why, seconds }) => `${seconds.toFixed(1)} s: ${why}`);
  console.log(`${way}, a job in a container: ${end} for the forge; the deploy is ${record.state}`);
  for (const wait of waits) console.log(`  waited ${wait}`);
  return end === "success" && record.state === "live" && waits.length > 0;
}

let code = 0;
for (const way of ["drained", "looked-at"] as const) {
  const isGood = await tryWay(way).catch((error: unknown) => {
    console.error(`check-runner: ${messageOf(error)}`);
    return false;
  });
  if (!isGood) code = 1;
}
process.exitCode = code;
