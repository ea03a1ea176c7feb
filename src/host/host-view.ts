import { readFileSync } from "node:fs";
import { join } from "node:path";
import { decide } from "../core/decision.ts";
import { type BootLoaderNow, viewBootLoader } from "./boot-loader-now.ts";
import type { Host } from "./host.ts";
import { viewSystems } from "./facts.ts";
import { generationOf } from "./profile.ts";

/** One system of this host; the toplevel is null where nothing resolves. */
export interface SystemNow {
  readonly toplevel: string | null;
  /** The newest generation of the profile that holds it, or null. */
  readonly generation: number | null;
  /** What NixOS calls it: the file `nixos-version`. */
  readonly version: string | null;
}

/** What runs on this host, and what would run after its next boot if nothing else changes. */
export interface HostNow {
  readonly booted: SystemNow;
  readonly current: SystemNow;
  readonly profile: SystemNow;
  /** Why only a reboot makes the profile's system the running one; null where none is needed. */
  readonly rebootRequired: string | null;
  readonly bootLoader: BootLoaderNow;
}

/** Looks at the systems of the host; needs no root. */
export async function viewHost(
  host: Host,
  profile: string,
  rebootWhenChanged: readonly string[],
): Promise<HostNow> {
  const systems = await viewSystems(host.paths, profile, rebootWhenChanged);
  const view = ({ toplevel }: { readonly toplevel: string | null }): SystemNow => ({
    toplevel,
    generation: generationOf(profile, toplevel),
    version: toplevel === null ? null : readVersion(toplevel),
  });
  const decision = decide(rebootWhenChanged, systems);
  return {
    booted: view(systems.booted),
    current: view(systems.current),
    profile: view(systems.target),
    rebootRequired: decision.action === "reboot" ? decision.reason : null,
    bootLoader: viewBootLoader(host),
  };
}

function readVersion(toplevel: string): string | null {
  try {
    return readFileSync(join(toplevel, "nixos-version"), "utf8").trim() || null;
  } catch {
    return null;
  }
}
