import { hostAvailable } from "../test/test-host/available.ts";
import { Host } from "../test/test-host/host.ts";
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
const waits = reportWaiting(await measureWaiting(TIMES));
remark("schedule's wall time, times that of bash, one timer pending", withTimer.plain);
remark("the same with a configuration", withTimer.withConfig);
remark("the same with nothing pending", without.plain);
remark("the same with nothing pending and a configuration", without.withConfig);
const verdicts = [
  verdict("firing error as a part of that of --on-active", calm, 0.01),
  verdict("the same through daemon-reloads", reloaded, 0.01),
  ...(["atOnce", "later", "drained"] as const).flatMap((kind) => [
    verdict(`seconds from the runner's last report to the switch, ${kind}`, waits[kind][0], 0.5),
    verdict("the same, the longest", waits[kind][1], 1),
  ]),
  verdict("seconds of processor time in a minute of waiting", waits.cpuSeconds.looking, 0.2),
  verdict("the same while a runner drains", waits.cpuSeconds.draining, 0.2),
  verdict("processes of ours between scheduling and firing", waits.pending, 0),
];
process.exitCode = verdicts.every(Boolean) ? 0 : 1;
