import { adviceFor } from "../core/advice.ts";
import type { Config } from "../core/config/config.ts";
import type { ForgeRun } from "../core/config/forge-run.ts";
import type { ReceiverConfig } from "../core/config/report-config.ts";
import type { State } from "../core/states.ts";
import type { Tried } from "../core/tried.ts";
import type { Host } from "../host/process/host.ts";
import { timeLimit } from "../host/process/time.ts";
import { placesOf } from "./places.ts";
import type { ReportEvent } from "./event.ts";
import { subjectOf } from "./receivers/forge.ts";
import { sendTo } from "./receivers/table.ts";

/** What a test report says of the host that sends it. */
export interface Origin {
  readonly hostName: string;
  /** The toplevel of the profile. */
  readonly target: string;
  /** The commit that gets a test status on a forge. */
  readonly revision: string | null;
  readonly forgeRun: ForgeRun | null;
}

/** Sends one marked test report to a receiver, once: it is in no outbox and is not repeated. */
export async function tryReceiver(
  host: Host,
  { report, proxy }: Pick<Config, "report" | "proxy">,
  receiver: ReceiverConfig,
  origin: Origin,
): Promise<Tried> {
  const event = testEvent(host.now(), receiver, origin);
  const fails = (why: string): Tried => {
    return { kind: "fails", why, advice: adviceFor(why, placesOf(receiver)) };
  };
  if ("repository" in receiver) {
    const found = subjectOf(receiver, event);
    if (found.kind === "missing") return fails(`no commit to report on: ${found.why}`);
  }
  const warnings: string[] = [];
  const warn = (words: string): void => void warnings.push(words);
  const outgoing = { host, event, warn, signal: timeLimit(report.timeout), proxy };
  const sent = await sendTo(marked(receiver, origin), outgoing);
  if (sent.kind !== "delivered") return fails(sent.why);
  return { kind: "works", how: [takenWords(receiver, event), ...warnings].join("; ") };
}

function takenWords(receiver: ReceiverConfig, { revision }: ReportEvent): string {
  if (!("repository" in receiver)) return "took the test report";
  return `took a test status for ${(revision ?? "").slice(0, 12)}`;
}

/** On a forge a status of its own, so that the status of the deploys stays as it is. */
function marked(receiver: ReceiverConfig, { hostName }: Origin): ReceiverConfig {
  if (!("context" in receiver)) return receiver;
  return { ...receiver, context: `${receiver.context ?? `deploy-finalize/${hostName}`} (test)` };
}

function testEvent(now: Date, receiver: ReceiverConfig, origin: Origin): ReportEvent {
  const at = now.toISOString();
  const id = `test-${now.getTime()}`;
  return {
    schemaVersion: 1,
    key: `${id}.00.test`,
    test: true,
    event: stateFor(receiver),
    at,
    host: origin.hostName,
    id,
    summary: "a test of the set-up; nothing was deployed",
    action: "switch",
    reason: "a test of the set-up",
    target: origin.target,
    targetGeneration: null,
    previous: null,
    previousGeneration: null,
    scheduledAt: at,
    revision: origin.revision,
    forgeRun: origin.forgeRun,
    failedChecks: [],
  };
}

/**
 * A commit status is a success, because a failure may hold up a merge, though it is a test. For all
 * others nothing happened: a receiver that does not look at the mark must not take it for a deploy.
 */
function stateFor(receiver: ReceiverConfig): State {
  return "context" in receiver ? "live" : "cancelled";
}
