import { setTimeout as delay } from "node:timers/promises";
import type { Host } from "../test-host/host.ts";
import { deploy, nameOf } from "./deploy.ts";
import { deployBySwitch, newRunner } from "./systems.ts";
import type { Timeline } from "./timeline.ts";
import { Watch } from "./watch.ts";

/** The problem. Returns the summary. */
export async function directSwitch(host: Host, timeline: Timeline): Promise<string> {
  const target = await host.buildToplevel(newRunner);
  const before = await host.facts();
  timeline.begin(
    "Act 1: the problem",
    "A CI job deploys the host it runs on, and switches directly. The new system defines the job's own runner anew.",
  );
  await using watch = new Watch(host, timeline);
  const job = await deploy(host, timeline, watch, deployBySwitch(target));
  await host.until("the runner is down", async () => (await runnerState(host)) === "inactive");
  await watch.stop();
  timeline.fact("the job is lost: no exit code, nothing to report", job.state, "lost");
  await delay(1000);
  const after = await host.facts();
  timeline.fact("a second later its runner is still down", await runnerState(host), "inactive");
  timeline.fact(`boot default: ${nameOf(target)}`, after.bootDefault, target);
  timeline.fact(`current: still ${nameOf(before.current)}`, after.current, before.current);
  return "job killed, no exit code; runner down, switch half done";
}

async function runnerState(host: Host): Promise<string> {
  return (await host.run(["systemctl", "is-active", "ci-runner.service"])).stdout.trim();
}
