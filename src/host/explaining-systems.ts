import type { Config } from "../core/config.ts";
import { DEFAULT_REBOOT_WHEN_CHANGED } from "../core/decision.ts";
import { compareComponents, type KernelVersions } from "../core/explain-components.ts";
import { waitingForBoot } from "../core/explain-next-boot.ts";
import type { Circumstances } from "../core/explain-warnings.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { componentPath } from "../core/toplevel.ts";
import type { ExplainJson } from "../json/explain.ts";
import {
  bootFileSystems,
  bytesOf,
  kernelParameters,
  kernelVersion,
  realPathOf,
} from "./boot-parts.ts";
import { viewSystems } from "./facts.ts";
import type { Host } from "./host.ts";
import { type SystemNow, viewHost } from "./host-view.ts";
import { currentGeneration, generationOf, generations } from "./profile.ts";
import type { Weighed } from "./scheduling.ts";

type Compared = Pick<ExplainJson, "systems" | "components" | "nextBoot">;

/** What booted, current and target are, and how they differ. */
export async function compareSystems(
  host: Host,
  { profile, rebootWhenChanged }: Config,
  weighed: Weighed,
): Promise<Compared> {
  const { systems } = weighed;
  const now = await viewHost(host, profile, rebootWhenChanged);
  const booted = withKernel(now.booted);
  const target = withKernel(now.profile);
  const kernels = { booted: booted.kernel, target: target.kernel };
  return {
    systems: {
      booted,
      current: withKernel(now.current),
      target: { ...target, generation: currentGeneration(profile) },
    },
    components: compareComponents(rebootWhenChanged, systems, kernels),
    nextBoot: await nextBoot(host, weighed, kernels, rebootWhenChanged),
  };
}

function withKernel(system: SystemNow): ExplainJson["systems"]["booted"] {
  const { toplevel } = system;
  return { ...system, kernel: toplevel === null ? null : kernelVersion(toplevel) };
}

async function nextBoot(
  { paths }: Host,
  { target, decision }: Weighed,
  kernels: KernelVersions,
  compared: readonly string[],
): Promise<ExplainJson["nextBoot"]> {
  if (decision.action === "refuse") return [];
  const names = [...new Set([...compared, ...DEFAULT_REBOOT_WHEN_CHANGED])];
  const systems = await viewSystems(paths, target, names);
  return waitingForBoot(decision.action, {
    parameters: kernelParameters(paths, target),
    firmware: {
      booted: realPathOf(`${paths.bootedSystem}/firmware`),
      target: realPathOf(`${target}/firmware`),
    },
    components: compareComponents(names, systems, kernels),
  });
}

/** What the warnings are made from. */
export function circumstancesOf(
  { paths }: Host,
  { profile, reboot }: Config,
  { target, systems, decision }: Weighed,
  records: readonly FinalizationRecord[],
): Circumstances {
  const { toplevel } = systems.current;
  const numbers = generations(profile).map(({ number }) => number);
  const files = ["kernel", "initrd"].map((name) => componentPath(systems.target.components[name]));
  return {
    decision,
    target,
    current: { toplevel, generation: generationOf(profile, toplevel) },
    generation: currentGeneration(profile),
    newestGeneration: numbers.length === 0 ? null : Math.max(...numbers),
    reboot: reboot.allow ? "allowed" : "forbidden",
    records,
    bootFileSystems: bootFileSystems(paths),
    // A boot loader that keeps kernels on a file system of its own copies these two there.
    bootBytes: bytesOf(files.filter((path) => path !== null)),
  };
}
