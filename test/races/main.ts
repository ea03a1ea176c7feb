import { hostAvailable } from "../test-host/available.ts";
import { complain, inWords, isGood, race, type Race, type Way } from "../on-host/racing.ts";

/** `make check-races`: pairs of pushes at random offsets, and what became of their jobs. */

const HOSTS = 2;
const pairs = Number(process.env["PAIRS"] ?? 200);

const availability = hostAvailable();
if (!availability.available) {
  console.error(`races: needs a test host, and none can boot here: ${availability.reason}`);
  process.exit(1);
}

/** Shared out over the hosts. */
async function races(way: Way, count: number): Promise<readonly Race[]> {
  const shares = Array.from({ length: HOSTS }, (_, host) => Math.ceil((count - host) / HOSTS));
  const told = (one: Race): void => {
    complain(way, one);
  };
  const run = shares.map(async (share) => {
    return await race(way, { pairs: share, offset: Math.random, told });
  });
  return (await Promise.all(run)).flat();
}

const drained = await races("drained", pairs);
console.log(inWords("drained", drained));
// What a look alone reaches: printed, not judged.
console.log(inWords("looked-at", await races("looked-at", Math.ceil(pairs / 5))));
process.exitCode = isGood(drained) ? 0 : 1;
