import { randomFrom } from "../support/random.ts";
import { cutPower, hit, killRun, killSchedule, type Round } from "../on-host/chaos.ts";
import { systemSpec } from "../on-host/deploying.ts";
import { overlap } from "../on-host/overlap.ts";
import { Host } from "../test-host/host.ts";
import { Table } from "./table.ts";

/** The way in: `make chaos`. The environment may ask for other numbers of rounds, calls and blows. */
function wanted(name: string, otherwise: number): number {
  return Number(process.env[name] ?? otherwise);
}

const seed = wanted("TEST_SEED", Math.floor(Math.random() * 1e9));
const random = randomFrom(seed);
const baseline = systemSpec();
const table = new Table();

type Act = (host: Host, round: number) => Promise<Round>;

const BLOWS: readonly (readonly [name: string, act: Act])[] = [
  ["kill -9 of the finalization", async (host, round) => await hit(host, round, random, killRun)],
  ["power cut", async (host, round) => await hit(host, round, random, cutPower)],
  ["kill -9 of schedule", async (host, round) => await killSchedule(host, round, random)],
];

/** Round after round on one host; what throws is a violation, and the next round gets another host. */
async function play(
  rounds: number,
  pick: (round: number) => readonly [string, Act],
): Promise<void> {
  let host = await Host.boot({ baseline });
  try {
    for (let round = 0; round < rounds; round++) {
      const [name, act] = pick(round);
      try {
        const { end, violations } = await act(host, round);
        table.note(name, end, violations);
        if (round % 10 === 9) console.log(`${round + 1} of ${rounds} rounds\n${table.text()}`);
      } catch (error) {
        table.note(name, "threw", [`round ${round}: ${String(error)}\n${await host.evidence()}`]);
        await host.stop();
        host = await Host.boot({ baseline });
      }
    }
  } finally {
    await host.stop();
  }
}

const calls = wanted("OVERLAP_CALLS", 100);
const overlapping: Act = async (host, round) => {
  const { accepted, refused, live, violations } = await overlap(host, round, { calls, deploys: 4 });
  const said = `${accepted} accepted, ${refused} refused, ${live} live`;
  console.log(`round ${round} of ${calls} calls at once: ${said}, ${violations.length} violations`);
  return { end: violations.length === 0 ? "newest live" : "wrong", violations };
};

console.log(`TEST_SEED=${seed}`);
await play(wanted("OVERLAP_ROUNDS", 20), () => [`${calls} calls at once`, overlapping]);
await play(wanted("CHAOS_BLOWS", 300), (round) => BLOWS[round % BLOWS.length] ?? ["", overlapping]);
console.log(table.text());
process.exitCode = table.violations.length === 0 ? 0 : 1;
