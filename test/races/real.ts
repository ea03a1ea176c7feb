import { existsSync, readFileSync } from "node:fs";
import { messageOf } from "../../src/core/refusal.ts";
import { deployScript } from "../on-host/deploying.ts";
import { complain, inWords, isGood, type Push, racePairs } from "../on-host/racing.ts";
import type { Race, Way } from "../on-host/racing.ts";
import { hostAvailable } from "../test-host/available.ts";
import { Gitea, SIGNS } from "./gitea.ts";
import { RunnerHost, runnerSpec } from "./runner-host.ts";

/**
 * `make check-runner`: the pairs of `make check-races` with a real runner and a real Gitea. The job of
 * each push leaves a sign at its end, because a forge may report a killed job as a success.
 */

const { RUNNER = "", GITEA_URL = "", GITEA_TOKEN = "", PAIRS = "20" } = process.env;

const missing = Object.entries({ RUNNER, GITEA_URL, GITEA_TOKEN }).flatMap(([name, value]) =>
  value === "" ? [name] : [],
);
const availability = hostAvailable();
const problem =
  missing.length > 0
    ? `set ${missing.join(", ")} (the runner's program; the address of a Gitea; a token of it with the rights write:repository and write:user)`
    : !existsSync(RUNNER)
      ? `RUNNER: there is no ${RUNNER}`
      : !availability.available
        ? `needs a test host, and none can boot here: ${availability.reason}`
        : null;
if (problem !== null) {
  console.error(`check-runner: ${problem}`);
  process.exit(2);
}

/** A job whose forge has said nothing by then was killed, and its runner could not say so. */
const END_MS = 240_000;

const SCRIPT = `mkdir -p ${SIGNS}
exec > ${SIGNS}/$1.log 2>&1
${deployScript("$2")}
sleep 0.2
touch ${SIGNS}/$1`;

async function races(way: Way, pairs: number): Promise<readonly Race[]> {
  await using made = new AsyncDisposableStack();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void made.disposeAsync().finally(() => process.exit(130)));
  }
  const gitea = made.use(new Gitea(GITEA_URL, GITEA_TOKEN));
  const runner = made.use(await RunnerHost.boot(way, RUNNER, GITEA_URL));
  const { host } = runner;
  await gitea.make(runner.seen, SCRIPT);
  await runner.register(gitea.label, await gitea.registration());
  const targets = await Promise.all(
    ["1", "2", "3", "4"].map(async (one) => await host.buildToplevel(runnerSpec(way, one))),
  );
  let pushes = 0;
  const push: Push = async (toplevel) => {
    const sign = String(++pushes);
    const run = await gitea.push(sign, toplevel);
    return async () => {
      const end = await gitea.ended(run, END_MS);
      const isSigned = existsSync(host.path(`${SIGNS}/${sign}`));
      if (isSigned && end === "success") return "ended";
      const log = host.path(`${SIGNS}/${sign}.log`);
      const said = existsSync(log) ? readFileSync(log, "utf8") : "";
      const how = isSigned ? "ended" : "did not end";
      console.log(`${way}: job ${sign} ${how}; its end for the forge: ${end}\n${said}`);
      return "killed";
    };
  };
  const told = (one: Race): void => {
    complain(way, one);
  };
  return await racePairs(host, targets, push, { pairs, offset: Math.random, told });
}

async function main(pairs: number): Promise<number> {
  const drained = await races("drained", pairs);
  console.log(inWords("drained", drained));
  // What a look alone reaches: printed, not judged.
  console.log(inWords("looked-at", await races("looked-at", Math.ceil(pairs / 2))));
  return isGood(drained) ? 0 : 1;
}

process.exitCode = await main(Number(PAIRS)).catch((error: unknown) => {
  console.error(`check-runner: ${messageOf(error)}`);
  return 1;
});
