import { join } from "node:path";
import * as v from "valibot";
import { jsonAs } from "../../core/answer.ts";
import { tidyRevision } from "../../core/config/forge-run.ts";
import type { Host } from "../process/host.ts";

const versionSchema = v.object({ configurationRevision: v.string() });

/** The target's own `system.configurationRevision`; null if it has none. */
export async function revisionOfTarget(host: Host, target: string): Promise<string | null> {
  const { exitCode, stdout } = await host.spawn([join(target, "sw/bin/nixos-version"), "--json"]);
  return exitCode === 0 ? revisionIn(stdout) : null;
}

/** The revision in what `nixos-version --json` prints; null if there is none. */
export function revisionIn(text: string): string | null {
  return tidyRevision(jsonAs(versionSchema, text)?.configurationRevision);
}
