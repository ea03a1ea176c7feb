import { join } from "node:path";
import type { Config } from "../core/config.ts";
import { fallbackAdvice } from "../core/fallback-advice.ts";
import type { ExplainJson } from "../json/explain.ts";
import { findLoader } from "../loader/detect.ts";
import { fallbackObstacle } from "../loader/fallback.ts";
import { kernelParameters } from "./boot-parts.ts";
import { readIfThere } from "./durable.ts";
import type { Host } from "./host.ts";
import type { Weighed } from "./scheduling.ts";

/** What would happen to a reboot that does not come up; null where nothing would reboot. */
export function explainFallback(
  host: Host,
  { reboot }: Config,
  { target, systems, decision }: Weighed,
): ExplainJson["fallback"] {
  if (decision.action !== "reboot") return null;
  const found = findLoader(host);
  const previous = systems.current.toplevel;
  const obstacle =
    previous === null
      ? "the running system is unknown"
      : fallbackObstacle(found, { target, previous });
  return {
    wanted: reboot.fallback,
    loader: found.kind === "found" ? found.loader.name : null,
    obstacle: reboot.fallback === "off" ? "it is not wanted (reboot.fallback)" : obstacle,
    advice: fallbackAdvice(
      kernelParameters(host.paths, target).target ?? [],
      readIfThere(join(target, "etc/systemd/system.conf")),
    ),
  };
}
