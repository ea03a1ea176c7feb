import { join } from "node:path";
import * as v from "valibot";
import { tidyRevision } from "../core/forge-run.ts";
import type { Host } from "../host/host.ts";

const versionSchema = v.object({ configurationRevision: v.string() });

/** What the target says it was made from: `system.configurationRevision`; null where it says nothing. */
export async function revisionOfTarget(host: Host, target: string): Promise<string | null> {
  const { exitCode, stdout } = await host.spawn([join(target, "sw/bin/nixos-version"), "--json"]);
  if (exitCode !== 0) return null;
  try {
    const parsed = v.safeParse(versionSchema, JSON.parse(stdout));
    return parsed.success ? tidyRevision(parsed.output.configurationRevision) : null;
  } catch {
    return null;
  }
}
