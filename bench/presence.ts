import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Host } from "../test/test-host/host.ts";
import { call, deploy } from "../test/on-host/deploying.ts";
import { median, table } from "./statistics.ts";

const WATCHED_MS = 10_000;
/** No divisor of the half second between two looks, so that samples fall anywhere between. */
const SAMPLE_MS = 170;

/** Processes of ours on the host at one moment, and what they hold, in KiB. */
interface Sample {
  readonly processes: number;
  readonly proportional: number;
  readonly resident: number;
}

export interface Presence {
  /** Scheduled for in an hour. */
  readonly pending: readonly Sample[];
  /** Waiting for a job. */
  readonly waiting: readonly Sample[];
  /** Processor time in a minute of waiting, in milliseconds. */
  readonly cpuMsPerMinute: number;
}

/** @param targets two systems that change the runner of the host */
export async function measurePresence(
  host: Host,
  targets: readonly [string, string],
): Promise<Presence> {
  await deploy(host, targets[0], "--delay", "1h");
  const pending = await sample(host);
  await host.queueJob("exec sleep 1h");
  const target = targets[1];
  const id = await deploy(host, target, "--delay", "0");
  await host.until("it waits for the job", async () =>
    /waits for CI job|drains /.test(await host.journal(`deploy-finalize-${id}.service`)),
  );
  const group = host.path(`/sys/fs/cgroup/system.slice/deploy-finalize-${id}.service/cpu.stat`);
  const [cpuBefore, begin] = [cpuMs(group), performance.now()];
  const waiting = await sample(host);
  const cpuMsPerMinute = ((cpuMs(group) - cpuBefore) / (performance.now() - begin)) * 60_000;
  await host.ok(call(target, "cancel"));
  return { pending, waiting, cpuMsPerMinute };
}

/** With that of children which have ended: the kernel counts by control group. */
function cpuMs(cpuStat: string): number {
  return Number(/^usage_usec (\d+)$/m.exec(readFileSync(cpuStat, "utf8"))?.[1]) / 1000;
}

async function sample(host: Host): Promise<Sample[]> {
  const samples: Sample[] = [];
  const end = performance.now() + WATCHED_MS;
  while (performance.now() < end) {
    samples.push(lookAtProcesses(host));
    await sleep(SAMPLE_MS);
  }
  return samples;
}

function lookAtProcesses(host: Host): Sample {
  const ours = readdirSync(host.path("/proc"))
    .filter((name) => /^\d+$/.test(name))
    .map((id) => host.path(`/proc/${id}`))
    .filter(isOurs);
  const sum = (key: "Pss" | "Rss"): number =>
    ours.map((folder) => memory(folder, key)).reduce((a, b) => a + b, 0);
  return { processes: ours.length, proportional: sum("Pss"), resident: sum("Rss") };
}

/** By command line, or by the unit that it is in; the outside's own groups end on no `.service`. */
function isOurs(folder: string): boolean {
  const [command, group] = [read(`${folder}/cmdline`), read(`${folder}/cgroup`)];
  return command.includes("deploy-finalize") || /\/deploy-finalize-[^/]*\.service/.test(group);
}

function memory(folder: string, key: "Pss" | "Rss"): number {
  const rollup = read(`${folder}/smaps_rollup`);
  return Number(new RegExp(`^${key}: +(\\d+) kB$`, "m").exec(rollup)?.[1] ?? 0);
}

/** Empty where the process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** @param draining the same while the runner drains */
export function reportPresence({ pending, ...looking }: Presence, draining: Presence): void {
  console.log(
    `ours on the host: ${pending.length} looks in ${WATCHED_MS / 1000} s, median and most`,
  );
  const head = ["", "processes", "PSS", "RSS", "CPU a minute"];
  const rows = [
    presenceRow("scheduled for in 1 h", pending, ""),
    presenceRow("waiting for a job", looking.waiting, `${looking.cpuMsPerMinute.toFixed(0)} ms`),
    presenceRow("draining", draining.waiting, `${draining.cpuMsPerMinute.toFixed(0)} ms`),
  ];
  console.log(table([head, ...rows]));
  console.log("processes with deploy-finalize in their command line or deploy-finalize-* as unit;");
  console.log("memory summed over them; PSS shares what other Nodes on this machine also map\n");
}

function presenceRow(name: string, samples: readonly Sample[], cpu: string): string[] {
  const both = (key: keyof Sample, show: (value: number) => string): string => {
    const values = samples.map((one) => one[key]);
    return `${show(median(values))}, ${show(Math.max(...values))}`;
  };
  const memoryOf = (key: "proportional" | "resident"): string => `${both(key, mebibytes)} MiB`;
  return [name, both("processes", String), memoryOf("proportional"), memoryOf("resident"), cpu];
}

function mebibytes(kibibytes: number): string {
  return (kibibytes / 1024).toFixed(1);
}
