import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import type { FinalizationRecord } from "../src/core/record.ts";
import { recordSchema } from "../src/core/record-schema.ts";
import { isTerminal, type State } from "../src/core/states.ts";
import { Host } from "../test/host/host.ts";
import { call, STATE_DIR, systemSpec } from "../test/on-host/deploying.ts";
import { measurePresence, type Presence, reportPresence } from "./presence.ts";
import { median, spread, table } from "./statistics.ts";

const FIXED_SECONDS = 60;
/** Up to a minute late, by systemd's default accuracy. */
const PLAIN_DEADLINE_MS = (FIXED_SECONDS + 90) * 1000;
/** Armed together on hosts booted together, all fire with the first thing that wakes systemd on each. */
const APART_MS = 3000;
const MARK = "/run/switch-began";

/** All else as it comes: automatic delay, polling and settling as by default. */
const CONFIG = {
  waitFor: { runners: [{ unit: "ci-runner.service", detect: { kind: "processes" } }] },
};

/** Milliseconds of the epoch in one deploy. */
interface Times {
  readonly jobEnded: number;
  /** The service has been started and has read its record. */
  readonly awake: number;
  readonly switching: number;
}

/** How long a job goes on after its deploy, in seconds. */
type Linger = (round: number) => number;

const atOnce: Linger = () => 0;
/** Longer by a twentieth of a second each time, so that it ends anywhere between two looks. */
const later: Linger = (round) => 3 + round / 20;

/** A job that deploys a runner of another version and has something switch to it later. */
function jobScript(target: string, schedule: string, linger: number): string {
  return [
    `nix-env -p /nix/var/nix/profiles/system --set ${target}`,
    `${target}/bin/switch-to-configuration boot`,
    schedule,
    `sleep ${linger}`,
    // With exec, no process of the job outlives the moment by more than date's own end.
    "exec date +%s%N",
  ].join("\n");
}

/** Has the runner run it; resolves to the moment at which it ended. */
async function runJob(host: Host, script: string): Promise<number> {
  const { exitCode, output } = await host.jobEnded(await host.queueJob(script));
  if (exitCode !== 0) throw new Error(`the job ended with ${exitCode}: ${output}`);
  return milliseconds(output.trimEnd().split("\n").at(-1) ?? "");
}

function milliseconds(nanoseconds: string): number {
  return Number(nanoseconds) / 1e6;
}

async function buildRunner(host: Host, round: number): Promise<string> {
  return await host.buildToplevel(systemSpec({ runner: `new-${round}` }, CONFIG));
}

async function deployOurs(host: Host, round: number, linger: Linger): Promise<Times> {
  const target = await buildRunner(host, round);
  const script = jobScript(target, call(target).join(" "), linger(round));
  const jobEnded = await runJob(host, script);
  const over = (): FinalizationRecord | false => {
    const record = newestRecord(host);
    return record.target === target && isTerminal(record.state) && record;
  };
  const record = await host.until("the finalization has ended", over);
  if (record.state !== "live") throw new Error(`${record.state}: ${record.outcome?.reason}`);
  const at = (state: State): number =>
    Date.parse(record.timeline.find((entry) => entry.state === state)?.at ?? "");
  return { jobEnded, awake: at("waiting"), switching: at("switching") };
}

/** Read from the outside: a process inside would take part in what is measured. */
function newestRecord(host: Host): FinalizationRecord {
  const text = readFileSync(host.path(`${STATE_DIR}/current`), "utf8");
  return v.parse(recordSchema, JSON.parse(text));
}

/** The fixed timer; resolves to how long after the job's end its switch began, in milliseconds. */
async function deployPlain(host: Host, round: number): Promise<number> {
  const target = await buildRunner(host, 0);
  await sleep(round * APART_MS);
  const act = `date +%s%N > ${MARK}; exec ${target}/bin/switch-to-configuration switch`;
  const timer = `systemd-run --quiet --on-active=${FIXED_SECONDS} bash -c '${act}'`;
  const jobEnded = await runJob(host, jobScript(target, timer, 0));
  const mark = (): string | undefined => {
    const text = existsSync(host.path(MARK)) ? readFileSync(host.path(MARK), "utf8") : "";
    return text === "" ? undefined : text;
  };
  const options = { deadlineMs: PLAIN_DEADLINE_MS };
  const began = await host.until("the fixed timer fires", mark, options);
  return milliseconds(began) - jobEnded;
}

/** What each way took, and what is there of us meanwhile. */
export interface Waits {
  readonly plain: readonly number[];
  readonly atOnce: readonly Times[];
  readonly later: readonly Times[];
  readonly presence: Presence;
}

/**
 * All at the same time. A host of its own for each fixed timer: whatever else systemd is woken
 * for would fire it, and its lateness depends on the machine. Ours one after the other.
 */
export async function measureWaiting(times: number): Promise<Waits> {
  const rounds = Array.from({ length: times }, (_, round) => round);
  const plain = rounds.map((round) => onHost((host) => deployPlain(host, round)));
  const ours = async (host: Host, linger: Linger): Promise<Times[]> => {
    const measured: Times[] = [];
    for (const round of rounds) measured.push(await deployOurs(host, round, linger));
    return measured;
  };
  const [plainMs, [measuredAtOnce, presence], measuredLater] = await Promise.all([
    Promise.all(plain),
    onHost(async (host) => {
      const measured = await ours(host, atOnce);
      const targets = [await buildRunner(host, -1), await buildRunner(host, -2)] as const;
      return [measured, await measurePresence(host, targets)] as const;
    }),
    onHost((host) => ours(host, later)),
  ]);
  return { plain: plainMs, atOnce: measuredAtOnce, later: measuredLater, presence };
}

async function onHost<T>(measure: (host: Host) => Promise<T>): Promise<T> {
  await using host = await Host.boot({ name: "bench", baseline: systemSpec({}, CONFIG) });
  return await measure(host);
}

/** Prints medians; returns those of the two kinds of job, in seconds, and processes while pending. */
export function reportWaiting(waits: Waits): { atOnce: number; later: number; pending: number } {
  const [atOnceMs, laterMs] = [lags(waits.atOnce, "switching"), lags(waits.later, "switching")];
  const row = (name: string, values: readonly number[]): string[] => {
    const ratio = `× ${(median(values) / median(waits.plain)).toFixed(3)}`;
    return [name, `${seconds(median(values))} s`, spread(values, seconds), ratio];
  };
  const rows = [
    row(`fixed timer of ${FIXED_SECONDS} s`, waits.plain),
    row("deploy-finalize, job ends with its deploy", atOnceMs),
    row("  of which until its service is awake", lags(waits.atOnce, "awake")),
    row("deploy-finalize, job goes on for 3 s", laterMs),
  ];
  console.log(`from the end of the CI job to the switch: medians of ${waits.plain.length} deploys`);
  console.log(`${table([["", "switch after", "least–most", "ratio"], ...rows])}\n`);
  reportPresence(waits.presence);
  const pending = Math.max(...waits.presence.pending.map(({ processes }) => processes));
  return { atOnce: median(atOnceMs) / 1000, later: median(laterMs) / 1000, pending };
}

function lags(times: readonly Times[], key: "awake" | "switching"): number[] {
  return times.map((time) => time[key] - time.jobEnded);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
