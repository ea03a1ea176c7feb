import type { Host } from "../test-host/host.ts";
import { directSwitch } from "./act-direct-switch.ts";
import { finalizedReboot } from "./act-finalized-reboot.ts";
import { finalizedSwitch } from "./act-finalized-switch.ts";
import { Stage } from "./stage.ts";
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
const stage = new Stage({
  name: "demo",
  note: (line) => timeline.note(line),
  close: () => timeline.close(),
});
await stage.run(play);

async function play(): Promise<void> {
  timeline.note("booting three test hosts, one for each act");
  const boots = acts.map(([name, act]) => ({
    name,
    act,
    host: stage.boot({ baseline: oldSystem }),
  }));
  const summaries: [name: string, text: string][] = [];
  for (const { name, act, host } of boots) summaries.push([name, await act(await host, timeline)]);
  timeline.note("");
  for (const [name, text] of summaries) timeline.summary(name, text);
}
