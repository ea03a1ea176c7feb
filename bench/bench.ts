import { hostAvailable } from "../test/host/available.ts";
import { Host } from "../test/host/host.ts";
import { measurePunctuality, reportPunctuality } from "./punctuality.ts";
import { measureSchedule, reportSchedule, type Situation } from "./schedule-cost.ts";
import { remark, verdict } from "./statistics.ts";
import { measureWaiting, reportWaiting } from "./waiting.ts";

const ROUNDS = 40;
const TIMES = 10;

const availability = hostAvailable();
if (!availability.available) {
  console.error(`bench: needs a test host, and none can boot here: ${availability.reason}`);
  process.exit(1);
}

async function benchSchedule(situation: Situation): Promise<ReturnType<typeof reportSchedule>> {
  await using host = await Host.boot({ name: "bench" });
  return reportSchedule(situation, await measureSchedule(host, situation, ROUNDS));
}

const withTimer = await benchSchedule("one timer pending");
const without = await benchSchedule("nothing pending");
const { calm, reloaded } = reportPunctuality(await measurePunctuality(TIMES));
const { atOnce, later, pending } = reportWaiting(await measureWaiting(TIMES));
// The bound is for the script's whole work, the stop of a pending timer included.
const verdicts = [
  verdict("schedule's wall time, times that of bash, one timer pending", withTimer.plain, 1.8),
];
remark("the same with a configuration", withTimer.withConfig);
remark("the same with nothing pending", without.plain);
remark("the same with nothing pending and a configuration", without.withConfig);
verdicts.push(
  verdict("firing error as a part of that of --on-active", calm, 0.01),
  verdict("the same through daemon-reloads", reloaded, 0.01),
  verdict("seconds from the job's end to the switch, job ends with its deploy", atOnce, 1),
  verdict("the same, job goes on for 3 s", later, 1),
  verdict("processes of ours between scheduling and firing", pending, 0),
);
process.exitCode = verdicts.every(Boolean) ? 0 : 1;
