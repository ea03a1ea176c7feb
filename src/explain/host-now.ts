import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decide } from "../core/decision/decision.ts";
import { type BootLoaderNow, viewBootLoader } from "../boot/detect.ts";
import type { Host } from "../host/process/host.ts";
import { generationOf } from "../host/nixos/profile.ts";
import { viewSystems } from "../host/nixos/systems.ts";

/** One system of this host; the toplevel is null if the link resolves to nothing. */
export interface SystemNow {
  readonly toplevel: string | null;
  readonly generation: number | null;
  readonly version: string | null;
}

export interface HostNow {
  readonly booted: SystemNow;
  readonly current: SystemNow;
  readonly profile: SystemNow;
  /** Why the profile's system needs a reboot; null if it does not. */
  readonly rebootRequired: string | null;
  readonly bootLoader: BootLoaderNow;
}

/**
 * Needs no root.
 *
 * @param generationsIn the profile whose generations are meant, if `profile` is a system itself
 */
export async function viewHost(
  host: Host,
  profile: string,
  rebootWhenChanged: readonly string[],
  generationsIn = profile,
): Promise<HostNow> {
  const systems = await viewSystems(host.paths, profile, rebootWhenChanged);
  const view = ({ toplevel }: { readonly toplevel: string | null }): SystemNow => ({
    toplevel,
    generation: generationOf(generationsIn, toplevel),
    version: toplevel === null ? null : readVersion(toplevel),
  });
  const decision = decide(rebootWhenChanged, systems);
  return {
    booted: view(systems.booted),
    current: view(systems.current),
    profile: view(systems.target),
    rebootRequired: decision.action === "reboot" ? decision.reason : null,
    bootLoader: await viewBootLoader(host, {
      profile: generationsIn,
      toplevel: systems.target.toplevel ?? "",
    }),
  };
}

function readVersion(toplevel: string): string | null {
  try {
    return readFileSync(join(toplevel, "nixos-version"), "utf8").trim() || null;
  } catch {
    return null;
  }
}
