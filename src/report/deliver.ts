import type { ReportConfig } from "../core/report-defaults.ts";
import { messageOf } from "../core/refusal.ts";
import type { Host } from "../host/host.ts";
import { timeLimit } from "../host/time-limit.ts";
import { duration } from "../view/age.ts";
import { type Entry, nameOf } from "./entry.ts";
import { Lanes } from "./lanes.ts";
import { News } from "./news.ts";
import type { Outbox } from "./outbox.ts";
import { DELIVERED, type Sent } from "./receivers/receiver.ts";
import { sendTo } from "./receivers/table.ts";

export interface Delivery {
  readonly host: Host;
  readonly outbox: Outbox;
  readonly memory: Memory;
  readonly config: Pick<ReportConfig, "timeout" | "retry" | "giveUpAfter">;
  /** From 0 up to but not including 1. */
  readonly random: () => number;
  /** Aborted when systemd asks this process to end: what is owed then stays owed. */
  readonly stop: AbortSignal;
  /** Called when a report is owed no more. */
  readonly onEnd?: () => void;
}

/** What one process remembers beside the outbox. */
export interface Memory {
  /** What the operator has been warned of, once each. */
  readonly warned: Set<string>;
  /** Reports that were delivered, but could not be written down as such: a full disk must not repeat them. */
  readonly delivered: Set<string>;
}

export function newMemory(): Memory {
  return { warned: new Set(), delivered: new Set() };
}

/**
 * Delivers until nothing is owed, or until it is to stop. Lanes are independent of each
 * other, so that a server that hangs holds up only what is meant for it.
 */
export async function deliverAll(delivery: Delivery): Promise<void> {
  const { host, outbox, config, random, stop } = delivery;
  const lanes = new Lanes(config.retry, random);
  const busy = new Map<string, Promise<void>>();
  using news = new News(outbox);
  const begin = (name: string, lane: readonly Entry[]): void => {
    const over = deliverLane(delivery, lanes, lane).finally(() => {
      busy.delete(name);
      news.ring();
    });
    busy.set(name, over);
  };
  while (!stop.aborted) {
    if (news.take() === "some") lanes.hurry();
    const idle = Lanes.split(outbox.owed()).filter(([name]) => !busy.has(name));
    if (idle.length === 0 && busy.size === 0) return;
    const nowMs = host.now().getTime();
    const waits = idle.map(([name, lane]) => ({ name, lane, ms: lanes.dueMs(lane) - nowMs }));
    for (const { name, lane, ms } of waits) if (ms <= 0) begin(name, lane);
    const later = waits.map(({ ms }) => ms).filter((ms) => ms > 0);
    await news.wait(Math.min(...later), stop);
  }
  await Promise.all(busy.values());
}

/** The reports of a lane, one after the other, up to the first that cannot be delivered now. */
async function deliverLane(
  delivery: Delivery,
  lanes: Lanes,
  lane: readonly Entry[],
): Promise<void> {
  for (const entry of lane) {
    const { stop, host, memory } = delivery;
    if (stop.aborted || lanes.dueMs([entry]) > host.now().getTime()) return;
    const isKnown = memory.delivered.has(nameOf(entry));
    const sent = isKnown ? DELIVERED : await tryOnce(delivery, entry);
    // A try that was cut short counts for nothing: the next process makes it again.
    if (stop.aborted && sent.kind !== "delivered") return;
    if (sent.kind === "delivered") memory.delivered.add(nameOf(entry));
    try {
      if (!settle(delivery, lanes, entry, sent)) return;
      delivery.onEnd?.();
    } catch (error) {
      warnOnce(delivery, `cannot write to ${delivery.outbox.folder}: ${messageOf(error)}`);
      lanes.failed(entry, host.now().getTime());
      return;
    }
  }
}

function warnOnce({ host, memory: { warned } }: Delivery, words: string): void {
  if (!warned.has(words)) host.say(words);
  warned.add(words);
}

async function tryOnce(delivery: Delivery, entry: Entry): Promise<Sent> {
  const { host, config, stop } = delivery;
  const warn = (words: string): void => {
    warnOnce(delivery, words);
  };
  const signal = AbortSignal.any([stop, timeLimit(config.timeout)]);
  try {
    return await sendTo(entry.receiver, { host, event: entry.event, warn, signal });
  } catch (error) {
    // What is wrong with one receiver is nobody else's trouble.
    return { kind: "failed", why: messageOf(error), notBefore: null };
  }
}

/** A host that was off for days comes up before its network does. */
const LEAST_TRIES = 5;

/** Writes down how a try ended; true where the lane goes on to its next report. */
function settle(
  { host, outbox, config }: Delivery,
  lanes: Lanes,
  entry: Entry,
  sent: Sent,
): boolean {
  const tried = { ...entry, tries: entry.tries + 1 };
  const { id, event } = entry.event;
  const what = `${event} of ${id}`;
  const say = (words: string): void => {
    host.say(`${entry.receiver.name}: ${words}`);
  };
  if (sent.kind === "delivered") {
    outbox.end({ ...tried, lastProblem: null }, "done");
    lanes.succeeded(entry);
    say(`told ${what}`);
    return true;
  }
  const { why } = sent;
  const ageSeconds = (host.now().getTime() - Date.parse(entry.order)) / 1000;
  const isGivenUp = ageSeconds >= config.giveUpAfter && tried.tries >= LEAST_TRIES;
  if (sent.kind === "refused" || isGivenUp) {
    outbox.end({ ...tried, lastProblem: why }, "given-up");
    lanes.succeeded(entry);
    say(`cannot tell ${what}, and gives up after ${tried.tries} tries: ${why}`);
    return true;
  }
  const expiryMs = Date.parse(entry.order) + config.giveUpAfter * 1000;
  const notBeforeMs = Math.min(sent.notBefore?.getTime() ?? 0, expiryMs);
  const notBefore = sent.notBefore === null ? null : new Date(notBeforeMs).toISOString();
  const failed = { ...tried, lastProblem: why, notBefore };
  outbox.save(failed);
  const waitMs = lanes.failed(failed, host.now().getTime());
  if (why !== entry.lastProblem) {
    say(`cannot tell ${what} yet: ${why}; tries again in ${duration(waitMs / 1000)}`);
  }
  return false;
}
