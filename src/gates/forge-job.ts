import { forgeToAsk } from "../core/config/receivers.ts";
import type { ProxyConfig } from "../core/config/proxy-config.ts";
import { gatesLeft } from "../core/record/time-limits.ts";
import { readClock } from "../host/process/clock.ts";
import { messageOf } from "../core/refusal.ts";
import type { ForgeReceiver } from "../core/config/report-config.ts";
import type { ForgeJob, KnownRun } from "../forge/jobs.ts";
import { type Gate, type GateContext, type GateState, OPEN, polled } from "./gate.ts";

/** A look that ends this shortly before the deadline, in seconds, counts as one after it. */
const DEADLINE_SLACK = 1;

/** A job that the forge does not list after this time never will be: it has another name there. */
const LISTED_SECONDS = 30;

/** How long to wait for an answer, in seconds. */
const TIMEOUT = 10;

/**
 * The forge says that the job that scheduled the finalization has ended; for a runner that this
 * host cannot inspect. Unknown waits, because a job must not be killed on a guess, but not longer
 * than the deadline: a forge that is down, or a wrong token, must not block a host.
 */
export function forgeJob(): Gate {
  // It is looked at several times, and says it once.
  let said = "";
  const goOn = ({ host }: GateContext, why: string): GateState => {
    if (said !== why) host.say(`continues without an answer from the forge: ${why}`);
    said = why;
    return OPEN;
  };
  return {
    name: "forge job",
    whenUnknown: "wait",
    atDeadline: "as-configured",
    look: async (context) => {
      const { report } = context.config;
      const run = context.record.forgeRun;
      const receiver = forgeToAsk(report, run);
      if (receiver === null || run === null || run.run === null || run.job === null) return OPEN;
      const known = { ...run, run: run.run, job: run.job };
      const job = await ask(receiver, known, context.config.proxy);
      return toGateState(context, job, goOn);
    },
    // Forges limit requests: GitHub allows 5000 an hour for each token.
    change: polled(5_000),
  };
}

type GoOn = (context: GateContext, why: string) => GateState;

async function ask(receiver: ForgeReceiver, run: KnownRun, proxy: ProxyConfig): Promise<ForgeJob> {
  // Loaded only if a forge is asked.
  const { jobRequest, readJobs } = await import("../forge/jobs.ts");
  const { send } = await import("../host/network/http.ts");
  const { Secrets } = await import("../forge/secrets.ts");
  const secrets = new Secrets(() => {});
  try {
    const request = jobRequest(receiver, run, secrets.from(receiver.tokenFile));
    const tls = { caFile: receiver.caFile };
    const answer = await send(request, { within: TIMEOUT, tls, proxy });
    return readJobs(receiver, run, answer);
  } catch (error) {
    return { kind: "unknown", why: secrets.hide(messageOf(error)) };
  }
}

function toGateState(context: GateContext, job: ForgeJob, goOn: GoOn): GateState {
  switch (job.kind) {
    case "ended":
      return OPEN;
    case "running":
      return { kind: "closed", why: job.why };
    case "not-listed":
      if (!isPast(context, Math.min(LISTED_SECONDS, context.config.waitFor.timeout))) {
        return { ...job, kind: "unknown" };
      }
      return goOn(context, job.why);
    case "unknown":
      return isPast(context, context.config.waitFor.timeout)
        ? goOn(context, job.why)
        : { kind: "unknown", why: job.why };
  }
}

function isPast({ host, record }: GateContext, seconds: number): boolean {
  return gatesLeft(record, seconds, readClock(host)) <= DEADLINE_SLACK;
}
