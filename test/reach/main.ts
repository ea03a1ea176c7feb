import { hostAvailable } from "../test-host/available.ts";
import { Host } from "../test-host/host.ts";
import { systemSpec } from "../on-host/deploying.ts";
import { BREAKS } from "./breaks.ts";
import { Site } from "./site.ts";
import { type Tried, tryBreak, tryGood } from "./try.ts";

/** `make check-reach`: deploys that cut a host off from outside, and how it came back; ONLY=regexp chooses. */

const availability = hostAvailable();
if (!availability.available) {
  console.error(`reach: needs a test host, and none can boot here: ${availability.reason}`);
  process.exit(1);
}

/** How long a system waits for its confirmation, in seconds. */
const WITHIN = 15;
const only = new RegExp(process.env["ONLY"] ?? "");

function row({ name, by, broken, noticed, state, seconds, loop, wrong }: Tried): string {
  const end = wrong === null ? "back" : `WRONG: ${wrong}`;
  const cells = [name, by, broken, noticed, state, `${seconds.toFixed(0)} s`, String(loop), end];
  return `| ${cells.join(" | ")} |`;
}

await using host = await Host.boot({ baseline: systemSpec() });
await using site = await Site.open(host);
console.log("| the deploy | by | cut off | noticed by | ended | back after | the loop | |");
console.log("|---|---|---|---|---|---|---|---|");
const tried: Tried[] = [];
for (const one of BREAKS.filter(({ name }) => only.test(name))) {
  const result = await tryBreak(site, one, WITHIN);
  tried.push(result);
  console.log(row(result));
}
const back = tried.filter(({ wrong }) => wrong === null).length;
console.log(`\nback by itself: ${back} of ${tried.length}`);
let confirmed = 0;
const good = ["switch", "reboot", "switch"] as const;
for (const by of good) {
  const { name, loop, reason } = await tryGood(site, by);
  console.log(`${name}: the loop ended with ${loop}; ${reason}`);
  if (loop === 0 && reason.startsWith("confirmed by ")) confirmed++;
}
console.log(`confirmed without a hand: ${confirmed} of ${good.length}`);
process.exitCode = back === tried.length && confirmed === good.length ? 0 : 1;
