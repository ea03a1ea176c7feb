import { whyNoReboot } from "../core/machine/policy.ts";
import { configForTarget } from "../host/nixos/target-config.ts";
import { DEFAULT_REBOOT_WHEN_CHANGED } from "../core/decision/decision.ts";
import type { Config } from "../core/config/config.ts";
import { compareComponents, type KernelVersions } from "./components.ts";
import {
  bootFileSystems,
  bytesOf,
  kernelParameters,
  kernelVersion,
  realPathOf,
  waitingForBoot,
} from "./next-boot.ts";
import type { Circumstances } from "./warnings.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { componentPath } from "../core/decision/toplevel.ts";
import type { ExplainJson } from "../json/explain.ts";
import type { Host } from "../host/process/host.ts";
import { type SystemNow, viewHost } from "./host-now.ts";
import {
  currentGeneration,
  generationOf,
  generations,
  specialisationName,
} from "../host/nixos/profile.ts";
import type { Weighed } from "../finalize/schedule.ts";
import { viewSystems } from "../host/nixos/systems.ts";

type Compared = Pick<ExplainJson, "systems" | "components" | "nextBoot">;

/**
 * The profile whose generations are meant. A dry run of deploy-rs names the new system itself as
 * its profile, which has none: then they are those of the configured profile.
 */
export function profileWithGenerations(profile: string, configured: string): string {
  return generations(profile).length === 0 ? configured : profile;
}

export async function compareSystems(
  host: Host,
  { profile, rebootWhenChanged }: Config,
  weighed: Weighed,
  generationsIn: string,
): Promise<Compared> {
  const { systems } = weighed;
  const now = await viewHost(host, profile, rebootWhenChanged, generationsIn);
  const booted = withKernel(now.booted);
  const target = withKernel(now.profile);
  const kernels = { booted: booted.kernel, target: target.kernel };
  return {
    systems: {
      booted,
      current: withKernel(now.current),
      target: {
        ...target,
        generation: generationsIn === profile ? currentGeneration(profile) : target.generation,
      },
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
  { target: parent, specialisation, decision }: Weighed,
  kernels: KernelVersions,
  compared: readonly string[],
): Promise<ExplainJson["nextBoot"]> {
  if (decision.action === "refuse") return [];
  const target = specialisation?.toplevel ?? parent;
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

export function circumstancesOf(
  { paths }: Host,
  config: Config,
  { target, specialisation, systems, decision }: Weighed,
  records: readonly FinalizationRecord[],
  generationsIn: string,
): Circumstances {
  const { profile } = config;
  const whyForbidden = whyNoReboot(configForTarget(config, target));
  const { toplevel } = systems.current;
  const numbers = generations(generationsIn).map(({ number }) => number);
  const files = ["kernel", "initrd"].map((name) => componentPath(systems.target.components[name]));
  return {
    decision,
    target,
    specialisation,
    runsSpecialisation: specialisationName(generationsIn, toplevel) !== null,
    current: { toplevel, generation: generationOf(generationsIn, toplevel) },
    generation: currentGeneration(profile),
    newestGeneration: numbers.length === 0 ? null : Math.max(...numbers),
    reboot: whyForbidden === null ? "allowed" : "forbidden",
    whyForbidden: whyForbidden ?? "reboot.allow",
    records,
    bootFileSystems: bootFileSystems(paths),
    // A boot loader with its own file system copies these two there.
    bootBytes: bytesOf(files.filter((path) => path !== null)),
  };
}
