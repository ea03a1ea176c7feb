import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Host } from "../test/test-host/host.ts";
import { PROGRAM } from "../test/on-host/deploying.ts";
import { median, spread, table } from "./statistics.ts";

/** What one command cost, see measure.pl. */
const costSchema = v.object({ wallMs: v.number(), cpuMs: v.number(), peakKiB: v.number() });
type Cost = Readonly<v.InferOutput<typeof costSchema>>;

const WARM_UPS = 3;
const DELAY = "3600";
const CONFIG = "/root/bench/config.json";
const SIDES = {
  "deploy-finalize": [...PROGRAM, "--delay", DELAY],
  "with --config": [...PROGRAM, "--delay", DELAY, "--config", CONFIG],
  "plain bash": ["bash", "/root/bench/plain-schedule.sh", DELAY],
  "empty Node": ["node", "/root/bench/empty.cjs"],
} as const;
type Side = keyof typeof SIDES;
const sides: Side[] = ["deploy-finalize", "with --config", "plain bash", "empty Node"];

/** What a side finds: a timer that it armed before, or none. */
export type Situation = "one timer pending" | "nothing pending";

/** Measures one side after the other, again and again, so that a busy moment hits all alike. */
export async function measureSchedule(
  host: Host,
  situation: Situation,
  rounds: number,
): Promise<Map<Side, Cost[]>> {
  await install(host);
  const costs = new Map(sides.map((side) => [side, [] as Cost[]]));
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (const side of sides) {
      await prepare(host, situation, side);
      const cost = await measure(host, side);
      if (round >= 0) costs.get(side)?.push(cost);
    }
  }
  return costs;
}

async function install(host: Host): Promise<void> {
  for (const file of ["plain-schedule.sh", "measure.pl"]) {
    await host.write(`/root/bench/${file}`, readFileSync(join(import.meta.dirname, file), "utf8"));
  }
  await host.write("/root/bench/empty.cjs", "");
  await host.write(CONFIG, JSON.stringify({ verify: { settle: 0 } }));
}

async function prepare(host: Host, situation: Situation, side: Side): Promise<void> {
  await host.shell("systemctl stop 'deploy-finalize-*.timer'");
  if (situation === "one timer pending") await host.ok(SIDES[side]);
}

async function measure(host: Host, side: Side): Promise<Cost> {
  const text = await host.ok(["perl", "/root/bench/measure.pl", ...SIDES[side]]);
  return v.parse(costSchema, JSON.parse(text));
}

/** How many times the bash script's wall time we take. */
interface Ratios {
  readonly plain: number;
  readonly withConfig: number;
}

/** Prints medians and ratios. */
export function reportSchedule(situation: Situation, costs: Map<Side, Cost[]>): Ratios {
  const of = (side: Side, key: keyof Cost): number[] => (costs.get(side) ?? []).map((c) => c[key]);
  const typical = (side: Side, key: keyof Cost): number => median(of(side, key));
  const ratio = (key: keyof Cost, side: Side = "deploy-finalize"): number =>
    typical(side, key) / typical("plain bash", key);
  const row = (side: Side): string[] => [
    side,
    `${typical(side, "wallMs").toFixed(1)} ms`,
    spread(of(side, "wallMs"), (value) => value.toFixed(0)),
    `${typical(side, "cpuMs").toFixed(1)} ms`,
    `${(typical(side, "peakKiB") / 1024).toFixed(1)} MiB`,
  ];
  const ratios = [ratio("wallMs"), ratio("cpuMs"), ratio("peakKiB")].map(
    (r) => `× ${r.toFixed(2)}`,
  );
  const [wall = "", cpu = "", peak = ""] = ratios;
  console.log(`schedule, ${situation}: medians of ${of("plain bash", "wallMs").length} runs`);
  const head = ["", "wall", "least–most", "CPU", "peak memory"];
  console.log(table([head, ...sides.map(row), ["ratio to bash", wall, "", cpu, peak]]));
  console.log("peak memory is that of the largest process\n");
  return { plain: ratio("wallMs"), withConfig: ratio("wallMs", "with --config") };
}
