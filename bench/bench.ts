import { hostAvailable } from "../test/host/available.ts";
import { Host } from "../test/host/host.ts";
import { measureSchedule, reportSchedule, type Situation } from "./schedule-cost.ts";
import { verdict } from "./statistics.ts";

const ROUNDS = 40;

const availability = hostAvailable();
if (!availability.available) {
  console.error(`bench: needs a test host, and none can boot here: ${availability.reason}`);
  process.exit(1);
}

async function benchSchedule(): Promise<number> {
  await using host = await Host.boot({ name: "bench" });
  const ratios: number[] = [];
  for (const situation of ["one timer pending", "nothing pending"] satisfies Situation[]) {
    ratios.push(reportSchedule(situation, await measureSchedule(host, situation, ROUNDS)));
  }
  return ratios[0] ?? Infinity;
}

verdict("schedule's wall time, times that of bash", await benchSchedule(), 1.8);
