import type { Host } from "../test-host/host.ts";
import { deploy, nameOf } from "./deploy.ts";
import { finalizationEnded } from "./record.ts";
import { deployAndFinalize, newRunner } from "./systems.ts";
import type { Timeline } from "./timeline.ts";
import { Watch } from "./watch.ts";

/** The same deploy with its last step handed over. Returns the summary. */
export async function finalizedSwitch(host: Host, timeline: Timeline): Promise<string> {
  const target = await host.buildToplevel(newRunner);
  const before = await host.facts();
  timeline.begin(
    "Act 2: the same deploy with deploy-finalize",
    "The job makes the new system the boot default, hands over and ends.",
  );
  await using watch = new Watch(host, timeline);
  const job = await deploy(host, timeline, watch, deployAndFinalize(target));
  timeline.fact("the job ended with success", job.exitCode, 0);
  const between = await host.facts();
  timeline.fact("the runner still runs its old definition", between.runnerDefinition, "1");
  timeline.fact(`current: still ${nameOf(before.current)}`, between.current, before.current);

  const record = await finalizationEnded(host);
  await host.until("the runner is up", async () => (await host.facts()).runnerDefinition);
  await watch.stop();
  const after = await host.facts();
  timeline.fact(`outcome: ${record.state}, ${record.outcome?.reason}`, record.state, "live");
  timeline.fact("the runner runs with its new definition", after.runnerDefinition, "2");
  timeline.fact(`current: ${nameOf(target)}`, after.current, target);
  timeline.fact("the host did not reboot", after.bootId, before.bootId);
  return "job ended with 0, then runner restarted, new system live";
}
