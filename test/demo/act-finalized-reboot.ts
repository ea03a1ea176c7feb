import type { Host } from "../test-host/host.ts";
import { deploy, nameOf } from "./deploy.ts";
import { finalizationEnded } from "./record.ts";
import { deployAndFinalize, newKernel, oldSystem } from "./systems.ts";
import type { Timeline } from "./timeline.ts";
import { Watch } from "./watch.ts";

/** A deploy that a switch cannot bring live. Returns the summary. */
export async function finalizedReboot(host: Host, timeline: Timeline): Promise<string> {
  const target = await host.buildToplevel(newKernel);
  const before = await host.facts();
  const oldKernel = await bootedKernel(host);
  timeline.begin(
    "Act 3: a new kernel",
    "The same job. This system needs a reboot, and the host it reboots is the runner's own.",
  );
  await using watch = new Watch(host, timeline);
  const job = await deploy(host, timeline, watch, deployAndFinalize(target));
  timeline.fact("the job ended with success", job.exitCode, 0);
  timeline.fact(`booted kernel: ${oldKernel}`, oldKernel, `linux-${oldSystem.kernel}`);
  timeline.fact("no reboot yet", host.bootId(), before.bootId);

  await host.rebooted(before.bootId);
  const record = await finalizationEnded(host);
  await watch.stop();
  const after = await host.facts();
  const newBoot = after.bootId === before.bootId ? "same boot" : "another boot";
  timeline.fact("the host was booted anew", newBoot, "another boot");
  const kernel = await bootedKernel(host);
  timeline.fact(`booted kernel: ${kernel}`, kernel, `linux-${newKernel.kernel}`);
  timeline.fact(`booted: ${nameOf(target)}`, after.booted, target);
  timeline.fact(`current: ${nameOf(target)}`, after.current, target);
  timeline.fact(`outcome: ${record.state}, ${record.outcome?.reason}`, record.state, "live");
  await host.until("the journal tells who took it up", () => tookUp(host, record.id));
  timeline.event("resume", "deploy-finalize-resume.service took it up after the boot");
  return `job ended with 0, then rebooted into ${kernel}, live`;
}

/** `linux-VERSION`: the store's name of the kernel that the booted system has. */
async function bootedKernel(host: Host): Promise<string> {
  const path = await host.ok(["realpath", "-e", "/run/booted-system/kernel"]);
  return nameOf(path.trim()).replace(/\/.*/, "");
}

/** Whether the unit that each boot starts had to do with the finalization. */
async function tookUp(host: Host, id: string): Promise<boolean> {
  return (await host.journal("deploy-finalize-resume.service")).includes(id);
}
