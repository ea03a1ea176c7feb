import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import type { FinalizationRecord } from "../src/core/record/record.ts";
import { recordSchema } from "../src/core/record/record-schema.ts";
import { isTerminal } from "../src/core/states.ts";
import { Host } from "../test/test-host/host.ts";
import { median, spread, table } from "./statistics.ts";

const DELAY_MS = 3000;
const RELOADS = 3;
/** systemd's default accuracy is a minute, and reloads start the wait anew. */
const DEADLINE_MS = 150_000;
/** SD_MESSAGE_UNIT_STARTED of sd-messages.h: what systemd logs when a unit has started. */
const UNIT_STARTED = "39f53479d3a045ac8e11786248231fbf";

/** One of the two ways to have something run three seconds later. */
interface Way {
  readonly name: string;
  /** Arms; resolves to the unit's name and the moment it was asked for. */
  readonly arm: (host: Host, round: number) => Promise<Armed>;
}

interface Armed {
  readonly unit: string;
  readonly askedAt: () => Promise<number>;
}

const ours: Way = {
  name: "deploy-finalize --delay 3",
  arm: async (host) => {
    await host.ok(["node", "/opt/deploy-finalize/deploy-finalize.cjs", "--delay", "3"]);
    const { id, fireAt } = newestRecord(host);
    return { unit: `deploy-finalize-${id}`, askedAt: async () => Date.parse(fireAt) };
  },
};

const plain: Way = {
  name: "systemd-run --on-active=3",
  arm: async (host, round) => {
    const unit = `plain-${round}`;
    await host.ok(["systemd-run", "--quiet", `--unit=${unit}`, "--on-active=3", "true"]);
    const askedAt = async (): Promise<number> =>
      ((await startedAt(host, `${unit}.timer`)) ?? NaN) + DELAY_MS;
    return { unit, askedAt };
  },
};

/** Read from the outside: what runs inside may wake systemd, which then fires a late timer. */
function newestRecord(host: Host): FinalizationRecord {
  const text = readFileSync(host.path("/var/lib/deploy-finalize/current"), "utf8");
  return v.parse(recordSchema, JSON.parse(text));
}

const journalEntry = v.object({ __REALTIME_TIMESTAMP: v.string() });

/** Milliseconds of the epoch at which the unit started, by systemd's own entry in the journal. */
async function startedAt(host: Host, unit: string): Promise<number | undefined> {
  const entry = [`UNIT=${unit}`, `MESSAGE_ID=${UNIT_STARTED}`];
  const { stdout } = await host.run(["journalctl", "--quiet", "--output=json", ...entry]);
  const [first] = stdout.split("\n");
  if (first === undefined || first === "") return undefined;
  const { __REALTIME_TIMESTAMP: microseconds } = v.parse(journalEntry, JSON.parse(first));
  return Number(microseconds) / 1000;
}

async function lateness(host: Host, way: Way, round: number, reloads: number): Promise<number> {
  const { unit, askedAt } = await way.arm(host, round);
  for (let reload = 0; reload < reloads; reload++) {
    await sleep(DELAY_MS / (reloads + 1));
    await host.ok(["systemctl", "daemon-reload"]);
  }
  const fired = async (): Promise<number | undefined> => {
    await sleep(1000); // Looking costs the others processor time.
    return await startedAt(host, `${unit}.service`);
  };
  const firedAt = await host.until(`${unit} fires`, fired, { deadlineMs: DEADLINE_MS });
  return firedAt - (await askedAt());
}

/** How late each way fired, in milliseconds, by name. */
export type Lateness = Map<string, number[]>;

/**
 * Hosts of their own, because systemd places a timer within its accuracy by the machine's id;
 * one timer after the other on each, because whatever wakes systemd fires all that are due, and
 * ours last, because a finalization asks systemd many things.
 */
export async function measurePunctuality(hosts: number): Promise<Lateness> {
  const measured: Lateness = new Map();
  const one = async (): Promise<void> => {
    await using host = await Host.boot({ name: "bench" });
    for (const [round, way, reloads] of plan) {
      const late = await lateness(host, way, round, reloads);
      const label = describe(way, reloads);
      measured.set(label, [...(measured.get(label) ?? []), late]);
      if (way === ours) {
        await host.until("the finalization has ended", () => isTerminal(newestRecord(host).state));
      }
    }
  };
  await Promise.all(Array.from({ length: hosts }, one));
  return measured;
}

const plan = [
  [1, plain, 0],
  [2, plain, RELOADS],
  [3, ours, 0],
  [4, ours, RELOADS],
] as const;

function describe(way: Way, reloads: number): string {
  return reloads === 0 ? way.name : `${way.name}, ${reloads} daemon-reloads`;
}

/** Prints medians; returns our error as a part of that of plain, without and with reloads. */
export function reportPunctuality(measured: Lateness): { calm: number; reloaded: number } {
  const errors = (way: Way, reloads: number): number[] =>
    (measured.get(describe(way, reloads)) ?? []).map(Math.abs);
  const rows = plan.map(([, way, reloads]) => {
    const late = measured.get(describe(way, reloads)) ?? [];
    return [describe(way, reloads), `${seconds(median(late))} s`, spread(late, seconds)];
  });
  console.log(`fired after the asked moment: medians of ${errors(ours, 0).length} times`);
  console.log(`${table([["", "late", "least–most"], ...rows])}\n`);
  const part = (reloads: number): number =>
    median(errors(ours, reloads)) / median(errors(plain, reloads));
  return { calm: part(0), reloaded: part(RELOADS) };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
