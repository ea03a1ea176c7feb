import type { Host } from "../host/host.ts";
import { deploy, nameOf } from "./deploy.ts";
import { finalizationEnded } from "./record.ts";
import { deployAndFinalize, newKernel, oldSystem } from "./systems.ts";
import type { Timeline } from "./timeline.ts";

/** A deploy that a switch cannot bring live. Returns the summary. */
export async function finalizedReboot(host: Host, timeline: Timeline): Promise<string> {
  const target = await host.buildToplevel(newKernel);
  const before = await host.facts();
  const oldKernel = await bootedKernel(host);
  timeline.begin(
    "Act 3: a new kernel",
    "The same job. This system needs a reboot, and the host it reboots is the runner's own.",
  );
  const { job, watch } = await deploy(host, timeline, deployAndFinalize(target));
  timeline.event("job", "its output, deploy-finalize's own lines:");
  timeline.quote(job.output);
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
  timeline.fact(`booted and current: ${nameOf(target)}`, after.booted, target);
  timeline.fact(`outcome: ${record.outcome?.reason}`, record.state, "live");
  timeline.fact("deploy-finalize resume ended it", await resumed(host), "live");
  return `job ended with 0, then the host rebooted into ${kernel}, live`;
}

/** `linux-VERSION`: the store's name of the kernel that the booted system has. */
async function bootedKernel(host: Host): Promise<string> {
  const path = await host.ok(["realpath", "-e", "/run/booted-system/kernel"]);
  return nameOf(path.trim()).replace(/\/.*/, "");
}

/** The last state that the resume unit of this boot told the journal of. */
async function resumed(host: Host): Promise<string | undefined> {
  const journal = await host.journal("deploy-finalize-resume.service");
  return [...journal.matchAll(/deploy-finalize: ([a-z-]+): /g)].at(-1)?.[1];
}
