import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import type { FinalizationRecord } from "../src/core/record/record.ts";
import { recordSchema } from "../src/core/record/record-schema.ts";
import { isTerminal, type State } from "../src/core/states.ts";
import { Host, type ToplevelSpec } from "../test/test-host/host.ts";
import { call, STATE_DIR } from "../test/on-host/deploying.ts";
import { DROP_IN, drainingSpec, drainsUnit, killsUnit, RUNNER } from "../test/on-host/draining.ts";
import { measurePresence, type Presence, reportPresence } from "./presence.ts";
import { median, spread, table } from "./statistics.ts";

const FIXED_SECONDS = 60;
/** Up to a minute late, by systemd's default accuracy. */
const PLAIN_DEADLINE_MS = (FIXED_SECONDS + 90) * 1000;
/** Armed together on hosts booted together, all fire with the first thing that wakes systemd on each. */
const APART_MS = 3000;
const MARK = "/run/switch-began";

/** Whether the runner's stop lets it finish its job, or deploy-finalize can only look. */
type Way = "drained" | "looked-at";

/** Seconds for which the runner reports after a job's last process: as long as real ones do. */
const REPORT = { drained: 0.5, "looked-at": 0.9 } as const;

/** All else as it comes: automatic delay, polling and settling as by default. */
function specOf(way: Way, runner: string): ToplevelSpec {
  const times = { report: REPORT[way] };
  const unit = way === "drained" ? drainsUnit(times) : killsUnit(times);
  const runners = [{ unit: RUNNER, detect: { kind: "processes" } }];
  const config = JSON.stringify({ waitFor: { runners } });
  const spec = drainingSpec({ runner, units: { [DROP_IN]: unit } });
  return { ...spec, etc: { "deploy-finalize.json": config } };
}

/** Milliseconds of the epoch in one deploy. */
interface Times {
  /** The runner has reported the end of the job. */
  readonly reported: number;
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

async function buildRunner(host: Host, way: Way, round: number): Promise<string> {
  return await host.buildToplevel(specOf(way, `new-${round}`));
}

async function deployOurs(host: Host, way: Way, round: number, linger: Linger): Promise<Times> {
  const target = await buildRunner(host, way, round);
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
  const reported = jobEnded + REPORT[way] * 1000;
  return { reported, awake: at("waiting"), switching: at("switching") };
}

/** Read from the outside: a process inside would take part in what is measured. */
function newestRecord(host: Host): FinalizationRecord {
  const text = readFileSync(host.path(`${STATE_DIR}/current`), "utf8");
  return v.parse(recordSchema, JSON.parse(text));
}

/** The fixed timer; resolves to how long after the job's end its switch began, in milliseconds. */
async function deployPlain(host: Host, round: number): Promise<number> {
  const target = await buildRunner(host, "looked-at", 0);
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
  readonly drained: readonly Times[];
  readonly presence: Presence;
  readonly draining: Presence;
}

/**
 * All at the same time. A host of its own for each fixed timer: whatever else systemd is woken
 * for would fire it, and its lateness depends on the machine. Ours one after the other.
 */
export async function measureWaiting(times: number): Promise<Waits> {
  const rounds = Array.from({ length: times }, (_, round) => round);
  const plain = rounds.map((round) => onHost((host) => deployPlain(host, round)));
  const ours = async (host: Host, way: Way, linger: Linger): Promise<Times[]> => {
    const measured: Times[] = [];
    for (const round of rounds) measured.push(await deployOurs(host, way, round, linger));
    return measured;
  };
  const [plainMs, [measuredAtOnce, presence], measuredLater, [measuredDrained, draining]] =
    await Promise.all([
      Promise.all(plain),
      onHost(async (host) => {
        const measured = await ours(host, "looked-at", atOnce);
        return [measured, await present(host, "looked-at")] as const;
      }),
      onHost((host) => ours(host, "looked-at", later)),
      onHost(async (host) => {
        const measured = await ours(host, "drained", later);
        return [measured, await present(host, "drained")] as const;
      }, "drained"),
    ]);
  const ways = { atOnce: measuredAtOnce, later: measuredLater, drained: measuredDrained };
  return { plain: plainMs, ...ways, presence, draining };
}

async function present(host: Host, way: Way): Promise<Presence> {
  const targets = [await buildRunner(host, way, -1), await buildRunner(host, way, -2)] as const;
  return await measurePresence(host, targets);
}

async function onHost<T>(measure: (host: Host) => Promise<T>, way: Way = "looked-at"): Promise<T> {
  await using host = await Host.boot({ name: "bench", baseline: specOf(way, "1") });
  return await measure(host);
}

/** Medians and the longest, in seconds after the runner's last report; and what it costs meanwhile. */
export interface WaitingResult {
  readonly atOnce: readonly [median: number, most: number];
  readonly later: readonly [median: number, most: number];
  readonly drained: readonly [median: number, most: number];
  readonly pending: number;
  /** Of processor time in a minute of waiting: for a job that is looked at, and for a drain. */
  readonly cpuSeconds: { readonly looking: number; readonly draining: number };
}

/** Prints medians. */
export function reportWaiting(waits: Waits): WaitingResult {
  const ms = {
    atOnce: lags(waits.atOnce, "switching"),
    later: lags(waits.later, "switching"),
    drained: lags(waits.drained, "switching"),
  };
  const row = (name: string, values: readonly number[]): string[] => {
    const ratio = `× ${(median(values) / median(waits.plain)).toFixed(3)}`;
    return [name, `${seconds(median(values))} s`, spread(values, seconds), ratio];
  };
  const rows = [
    row(`fixed timer of ${FIXED_SECONDS} s, after the job`, waits.plain),
    row("deploy-finalize, job ends with its deploy", ms.atOnce),
    row("  of which until its service is awake", lags(waits.atOnce, "awake")),
    row("deploy-finalize, job goes on for 3 s", ms.later),
    row("the same, the runner drains", ms.drained),
  ];
  console.log(
    `from the last report of the runner to the switch: ${waits.plain.length} deploys each`,
  );
  console.log(`${table([["", "switch after", "least–most", "ratio"], ...rows])}\n`);
  const { presence, draining } = waits;
  reportPresence(presence, draining);
  return {
    atOnce: both(ms.atOnce),
    later: both(ms.later),
    drained: both(ms.drained),
    pending: Math.max(...presence.pending.map(({ processes }) => processes)),
    cpuSeconds: {
      looking: presence.cpuMsPerMinute / 1000,
      draining: draining.cpuMsPerMinute / 1000,
    },
  };
}

function both(values: readonly number[]): readonly [median: number, most: number] {
  return [median(values) / 1000, Math.max(...values) / 1000];
}

function lags(times: readonly Times[], key: "awake" | "switching"): number[] {
  return times.map((time) => time[key] - time.reported);
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}
