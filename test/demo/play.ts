import { setImmediate } from "node:timers/promises";
import { Host } from "../host/host.ts";
import { image } from "../host/image.ts";
import { directSwitch } from "./act-direct-switch.ts";
import { finalizedReboot } from "./act-finalized-reboot.ts";
import { finalizedSwitch } from "./act-finalized-switch.ts";
import { oldSystem } from "./systems.ts";
import { Timeline } from "./timeline.ts";

type Act = (host: Host, timeline: Timeline) => Promise<string>;

const acts: [name: string, act: Act][] = [
  ["1 direct switch", directSwitch],
  ["2 deploy-finalize", finalizedSwitch],
  ["3 new kernel", finalizedReboot],
];

const timeline = new Timeline(process.stdout, process.env);
const hosts: Promise<Host>[] = [];
let stage: "image" | "acts" = "image";

await main();

async function main(): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => void leave(signal));
  try {
    await makeImage();
    stage = "acts";
    await play();
  } catch (error) {
    process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
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
  await making;
}

async function play(): Promise<void> {
  timeline.note("booting three test hosts, one an act");
  const boots = acts.map(async () => Host.boot({ name: "demo", baseline: oldSystem }));
  hosts.push(...boots);
  const summaries: [string, string][] = [];
  for (const [index, [name, act]] of acts.entries()) {
    const host = await boots[index];
    if (host !== undefined) summaries.push([name, await act(host, timeline)]);
  }
  timeline.note("");
  for (const [name, text] of summaries) timeline.summary(name, text);
}

/** Nothing is left running, whatever was just going on. */
async function leave(signal: NodeJS.Signals): Promise<void> {
  process.exitCode = 1;
  // The image's makers are in this process's group and clean up after themselves.
  if (stage === "image") process.kill(-process.pid, "SIGTERM");
  await stopHosts();
  process.stderr.write(`demo: ended by ${signal}\n`);
  process.exit(1);
}

async function stopHosts(): Promise<void> {
  await Promise.allSettled(hosts.map(async (host) => (await host).stop()));
}
