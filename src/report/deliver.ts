import type { ReportConfig } from "../core/config/report-config.ts";
import type { ProxyConfig } from "../core/config/proxy-config.ts";
import { messageOf } from "../core/refusal.ts";
import type { Host } from "../host/process/host.ts";
import { timeLimit } from "../host/process/time.ts";
import { duration } from "../core/age.ts";
import { readClock } from "../host/process/clock.ts";
import { fileNameOf, owedLeft, type OwedReport } from "./owed-report.ts";
import { DeliveryQueues } from "./delivery-queues.ts";
import { OutboxWatch } from "./outbox-watch.ts";
import type { Outbox } from "./outbox.ts";
import type { Way } from "./ways.ts";
import type { RolloutsOf } from "./fleet/send-status.ts";
import { DELIVERED, type Sent } from "./receivers/exchange.ts";
import { sendTo } from "./receivers/table.ts";

export interface Delivery {
  readonly host: Host;
  readonly outbox: Outbox;
  /** All without it. */
  readonly ways?: readonly Way[];
  readonly memory: Memory;
  readonly config: Pick<ReportConfig, "timeout" | "retry" | "giveUpAfter">;
  /** The present one, whatever it was when a report became owed. None without it. */
  readonly proxy?: ProxyConfig;
  /** For the statuses of groups. */
  readonly rolloutsOf?: RolloutsOf;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** Aborted when systemd stops this process: undelivered reports stay owed. */
  readonly stop: AbortSignal;
  /** Called when a report is no longer owed. */
  readonly onEnd?: () => void;
}

/** The memory of one process, beside the outbox. */
export interface Memory {
  /** Warnings already printed: each is printed once. */
  readonly warned: Set<string>;
  /** Reports delivered but not recorded as such: a full disk must not repeat them. */
  readonly delivered: Set<string>;
}

export function newMemory(): Memory {
  return { warned: new Set(), delivered: new Set() };
}

/**
 * Delivers until nothing is owed or the process is stopped. Queues are independent: a server that
 * hangs delays only its own reports.
 */
export async function deliverAll(delivery: Delivery): Promise<void> {
  const { host, outbox, ways, config, random, stop } = delivery;
  const queues = new DeliveryQueues(host, config.retry, random);
  const busy = new Map<string, Promise<void>>();
  using watch = new OutboxWatch(outbox);
  const begin = (name: string, queue: readonly OwedReport[]): void => {
    const over = deliverQueue(delivery, queues, queue).finally(() => {
      busy.delete(name);
      watch.ring();
    });
    busy.set(name, over);
  };
  while (!stop.aborted) {
    if (watch.take() === "some") queues.hurry();
    const idle = DeliveryQueues.split(outbox.owed(ways)).filter(([name]) => !busy.has(name));
    if (idle.length === 0 && busy.size === 0) return;
    const waits = idle.map(([name, queue]) => ({ name, queue, ms: queues.leftMs(queue) }));
    for (const { name, queue, ms } of waits) if (ms <= 0) begin(name, queue);
    const later = waits.map(({ ms }) => ms).filter((ms) => ms > 0);
    await watch.wait(Math.min(...later), stop);
  }
  await Promise.all(busy.values());
}

/** Delivers the reports of a queue one by one, up to the first that cannot be delivered now. */
async function deliverQueue(
  delivery: Delivery,
  queues: DeliveryQueues,
  queue: readonly OwedReport[],
): Promise<void> {
  for (const entry of queue) {
    const { stop, memory } = delivery;
    if (stop.aborted || queues.leftMs([entry]) > 0) return;
    const isKnown = memory.delivered.has(fileNameOf(entry));
    const sent = isKnown ? DELIVERED : await tryOnce(delivery, entry);
    // An interrupted try does not count: the next process repeats it.
    if (stop.aborted && sent.kind !== "delivered") return;
    if (sent.kind === "delivered") memory.delivered.add(fileNameOf(entry));
    try {
      if (!settle(delivery, queues, entry, sent)) return;
      delivery.onEnd?.();
    } catch (error) {
      warnOnce(delivery, `cannot write to ${delivery.outbox.folder}: ${messageOf(error)}`);
      queues.failed(entry);
      return;
    }
  }
}

function warnOnce({ host, memory: { warned } }: Delivery, words: string): void {
  if (!warned.has(words)) host.say(words);
  warned.add(words);
}

async function tryOnce(delivery: Delivery, entry: OwedReport): Promise<Sent> {
  const { host, config, proxy, stop, rolloutsOf = async () => null } = delivery;
  const warn = (words: string): void => {
    warnOnce(delivery, words);
  };
  const signal = AbortSignal.any([stop, timeLimit(config.timeout)]);
  try {
    const outgoing = { host, warn, signal, ...(proxy !== undefined && { proxy }) };
    const { receiver, event, rollout } = entry;
    if (rollout === null) return await sendTo(receiver, { ...outgoing, event });
    const { sendGroupStatus } = await import("./fleet/send-status.ts");
    return await sendGroupStatus({ ...entry, rollout }, outgoing, rolloutsOf);
  } catch (error) {
    // An error of one receiver must not stop the others.
    return { kind: "failed", why: messageOf(error), notBefore: null };
  }
}

/** A host that was off for days boots before its network is up. */
const LEAST_TRIES = 5;

/** Records the result of a try; true if the queue continues with its next report. */
function settle(
  { host, outbox, config }: Delivery,
  queues: DeliveryQueues,
  entry: OwedReport,
  sent: Sent,
): boolean {
  const tried = { ...entry, tries: entry.tries + 1 };
  const { id, event } = entry.event;
  const what =
    entry.rollout === null ? `${event} of ${id}` : `the status of group ${entry.rollout.group}`;
  const say = (words: string): void => {
    host.say(`${entry.receiver.name}: ${words}`);
  };
  if (sent.kind === "delivered") {
    outbox.end({ ...tried, lastProblem: null }, "done");
    queues.succeeded(entry);
    say(`delivered ${what}`);
    return true;
  }
  const { why } = sent;
  const askedAt = readClock(host);
  const leftSeconds = owedLeft(entry, config.giveUpAfter, askedAt);
  const isGivenUp = leftSeconds <= 0 && tried.tries >= LEAST_TRIES;
  if (sent.kind === "refused" || isGivenUp) {
    outbox.end({ ...tried, lastProblem: why }, "given-up");
    queues.succeeded(entry);
    say(`gave up on ${what} after ${tried.tries} tries: ${why}`);
    return true;
  }
  const expiryMs = Date.parse(askedAt.at) + leftSeconds * 1000;
  const notBeforeMs = Math.min(sent.notBefore?.getTime() ?? 0, expiryMs);
  const notBefore = sent.notBefore === null ? null : new Date(notBeforeMs).toISOString();
  const failed = { ...tried, lastProblem: why, notBefore, askedAt };
  outbox.save(failed);
  const waitMs = queues.failed(failed);
  if (why !== entry.lastProblem) {
    say(`cannot deliver ${what} yet: ${why}; next try in ${duration(waitMs / 1000)}`);
  }
  return false;
}
