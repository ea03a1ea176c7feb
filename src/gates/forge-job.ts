import { forgeToAsk } from "../core/own-forge.ts";
import { dueAt } from "../core/record.ts";
import { messageOf } from "../core/refusal.ts";
import type { ForgeReceiver } from "../core/report-defaults.ts";
import { pause } from "../host/pause.ts";
import type { ForgeJob, KnownRun } from "../report/forge-jobs.ts";
import { type Gate, type GateContext, type GateState, OPEN } from "./gate.ts";

/** Forges count requests: 5000 an hour on GitHub, for all that share a token. */
const POLL_MS = 5_000;

/** A look that ends this shortly before the deadline counts as one after it. */
const DEADLINE_SLACK_MS = 1_000;

/** Seconds; an answer that takes longer is none. */
const TIMEOUT = 10;

/**
 * The job that scheduled has ended, as its forge says; for a runner that cannot be looked
 * at from this host. Unknown waits, as a job must not be killed on a guess, but not beyond
 * the deadline: a forge that is down, or a token that is wrong, must not keep hosts back.
 */
export const forgeJob: Gate = {
  name: "forge job",
  whenUnknown: "wait",
  atDeadline: "as-configured",
  look: async (context) => {
    const { report } = context.config;
    const run = context.record.forgeRun;
    const receiver = forgeToAsk(report, run);
    if (receiver === null || run === null || run.run === null || run.job === null) return OPEN;
    const job = await ask(receiver, { ...run, run: run.run, job: run.job });
    return toGateState(context, job);
  },
  change: async (_context, signal) => {
    await pause(POLL_MS, signal);
  },
};

async function ask(receiver: ForgeReceiver, run: KnownRun): Promise<ForgeJob> {
  // Loaded only where a forge is asked.
  const { jobRequest, readJobs } = await import("../report/forge-jobs.ts");
  const { send } = await import("../host/http.ts");
  const { Secrets } = await import("../report/secrets.ts");
  const secrets = new Secrets(() => {});
  try {
    const request = jobRequest(receiver, run, secrets.from(receiver.tokenFile));
    const answer = await send(request, { within: TIMEOUT, tls: { caFile: receiver.caFile } });
    return readJobs(receiver, run, answer);
  } catch (error) {
    return { kind: "unknown", why: secrets.hide(messageOf(error)) };
  }
}

function toGateState(context: GateContext, job: ForgeJob): GateState {
  switch (job.kind) {
    case "ended":
      return OPEN;
    case "running":
      return { kind: "closed", why: job.why };
    case "unknown":
      if (!isPastDeadline(context)) return job;
      context.host.say(`goes on without the forge: ${job.why}`);
      return OPEN;
  }
}

function isPastDeadline({ host, record, config }: GateContext): boolean {
  const waiting = record.timeline.find(({ state }) => state === "waiting");
  const due = dueAt(record).getTime();
  const begin = Math.max(waiting === undefined ? due : Date.parse(waiting.at), due);
  const deadline = begin + config.waitFor.timeout * 1000;
  return host.now().getTime() >= deadline - DEADLINE_SLACK_MS;
}
