import { constants } from "node:os";
import { setImmediate } from "node:timers/promises";
import { Host } from "../host/host.ts";
import { image } from "../host/image.ts";
import { directSwitch } from "./act-direct-switch.ts";
import { finalizedReboot } from "./act-finalized-reboot.ts";
import { finalizedSwitch } from "./act-finalized-switch.ts";
import { oldSystem } from "./systems.ts";
import { Timeline } from "./timeline.ts";

/** Plays on a host of its own and returns what the summary says of it. */
type Act = (host: Host, timeline: Timeline) => Promise<string>;

const acts: readonly [name: string, act: Act][] = [
  ["1 direct switch", directSwitch],
  ["2 deploy-finalize", finalizedSwitch],
  ["3 new kernel", finalizedReboot],
];

const timeline = new Timeline(process.stdout, process.env);
const hosts: Promise<Host>[] = [];
let stage: "image" | "acts" | "leaving" = "image";

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => void leave(signal));
// Its reader went away, as in `make demo | head`.
process.stdout.on("error", () => void leave("SIGPIPE"));
process.stderr.on("error", () => {});
await main();

async function main(): Promise<void> {
  try {
    await makeImage();
    stage = "acts";
    await play();
  } catch (error) {
    if (isLeaving()) return;
    process.stderr.write(`demo: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
  await stopHosts();
}

async function makeImage(): Promise<void> {
  const making = image();
  // An image that is there already is found without waiting for anything.
  const found = await Promise.race([making.then(() => "found"), setImmediate("not found")]);
  if (found === "not found")
    timeline.note("making the test host's image, once: about half a minute");
  await making.catch((error: unknown) => {
    const why = "cannot make the test host's image, which needs Debian's package mirror";
    throw new Error(`${why}\n${messageOf(error)}`, { cause: error });
  });
}

async function play(): Promise<void> {
  timeline.note("booting three test hosts, one for each act");
  const boots = acts.map(([name, act]) => {
    const host = Host.boot({ name: "demo", baseline: oldSystem });
    // Its act, which may be far off, gets the error.
    host.catch(() => {});
    hosts.push(host);
    return { name, act, host };
  });
  const summaries: [name: string, text: string][] = [];
  for (const { name, act, host } of boots) summaries.push([name, await act(await host, timeline)]);
  timeline.note("");
  for (const [name, text] of summaries) timeline.summary(name, text);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isLeaving(): boolean {
  return stage === "leaving";
}

/** Nothing is left running, whatever was just going on. */
async function leave(signal: NodeJS.Signals): Promise<void> {
  if (isLeaving()) return;
  // The image's makers are in this process's group, and clean up after themselves.
  if (stage === "image") process.kill(0, "SIGTERM");
  stage = "leaving";
  timeline.close();
  await stopHosts();
  process.stderr.write(`demo: ended by ${signal}, nothing of it is left running\n`);
  process.exit(128 + constants.signals[signal]);
}

async function stopHosts(): Promise<void> {
  await Promise.allSettled(hosts.map(async (host) => (await host).stop()));
}
