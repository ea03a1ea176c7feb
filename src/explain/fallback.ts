import { join } from "node:path";
import type { Config } from "../core/config/config.ts";
import type { ExplainJson } from "../json/explain.ts";
import { lookAfterBoot, resumeObstacle } from "../boot/after-boot.ts";
import { findLoader } from "../boot/detect.ts";
import { fallbackObstacle } from "../boot/fallback.ts";
import { kernelParameters } from "./next-boot.ts";
import { listFolder, readIfThere } from "../host/files/durable.ts";
import type { Host } from "../host/process/host.ts";
import type { Weighed } from "../finalize/schedule.ts";

/** What would happen if the target does not boot; null if nothing would reboot. */
export async function explainFallback(
  host: Host,
  { reboot, stateDir }: Config,
  { target, systems, decision }: Weighed,
  profile: string,
): Promise<ExplainJson["fallback"]> {
  if (decision.action !== "reboot") return null;
  const found = await findLoader(host, { profile, toplevel: target });
  const previous = systems.current.toplevel;
  const obstacle =
    previous === null
      ? "the running system is unknown"
      : (resumeObstacle(lookAfterBoot(host.paths, { target, previous }, stateDir)) ??
        fallbackObstacle(found, { target, previous }));
  return {
    wanted: reboot.fallback,
    loader: found.kind === "found" ? found.loader.name : null,
    obstacle: reboot.fallback === "off" ? "it is turned off (reboot.fallback)" : obstacle,
    advice: fallbackAdvice(
      kernelParameters(host.paths, target).target ?? [],
      readIfThere(join(target, "etc/systemd/system.conf")),
      listFolder(host.paths.watchdogs),
    ),
  };
}

/**
 * What a system needs so that a panic or a hang ends in a reset, and so in the fallback.
 *
 * @param parameters of its kernel
 * @param managerSettings the text of its systemd's system.conf; null if there is none
 * @param watchdogs those of this host whose drivers are loaded now
 */
export function fallbackAdvice(
  parameters: readonly string[],
  managerSettings: string | null,
  watchdogs: readonly string[],
): string[] {
  const advice: string[] = [];
  // A negative time means at once, 0 means never: kernel-parameters, panic=.
  const panic = parameters.findLast((word) => word.startsWith("panic="));
  if (panic === undefined || panic === "panic=0") {
    advice.push(
      'a kernel panic would hang the host: set boot.kernelParams = [ "panic=10" "boot.panic_on_fail" ]',
    );
  }
  if (
    !/^[ \t]*RuntimeWatchdogSec=(?![ \t]*($|(0|off|infinity)[ \t]*$))/m.test(managerSettings ?? "")
  ) {
    advice.push(
      "a hang would not reset the host: set systemd.watchdog.runtimeTime, if the host has a watchdog",
    );
  }
  if (watchdogs.length === 0) {
    advice.push(
      "a hang would not reset the host: Linux knows no watchdog of it; load the driver " +
        "(boot.kernelModules, and boot.initrd.kernelModules for a hang early in the boot)",
    );
  }
  return advice;
}
