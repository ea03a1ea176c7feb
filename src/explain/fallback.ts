import { join } from "node:path";
import type { Config } from "../core/config/config.ts";
import type { FallbackJson } from "../json/fallback.ts";
import { lookAfterBoot, resumeObstacle } from "../boot/after-boot.ts";
import { findLoader } from "../boot/detect.ts";
import type { FoundLoader } from "../boot/loader.ts";
import { fallbackObstacle, lastingObstacle } from "../boot/fallback.ts";
import { whyNoReboot } from "../core/machine/policy.ts";
import { configForTarget, passphrasesOf } from "../host/nixos/target-config.ts";
import { kernelParameters } from "./next-boot.ts";
import { listFolder, readIfThere } from "../host/files/durable.ts";
import type { Paths } from "../host/files/paths.ts";
import type { Host } from "../host/process/host.ts";
import type { Weighed } from "../finalize/schedule.ts";

/** The systems that a reboot is about. */
export interface Ahead {
  readonly profile: string;
  readonly target: string;
  /** The running one; null if it is unknown. */
  readonly previous: string | null;
}

/** What would happen if the target does not boot; null if nothing would reboot. */
export async function explainFallback(
  host: Host,
  config: Config,
  { target, systems, decision }: Weighed,
  profile: string,
): Promise<FallbackJson | null> {
  if (decision.action !== "reboot") return null;
  const ahead = { profile, target, previous: systems.current.toplevel };
  return await viewFallback(host, config, ahead, "this-target");
}

/**
 * Whether this host would come back by itself from a target that does not boot.
 *
 * @param which `any-target` is one that is not in the menu yet
 */
async function viewFallback(
  host: Host,
  { reboot, stateDir }: Pick<Config, "reboot" | "stateDir">,
  { profile, target, previous }: Ahead,
  which: "this-target" | "any-target",
): Promise<FallbackJson> {
  const found = await findLoader(host, { profile, toplevel: target });
  const obstacle =
    previous === null
      ? "the running system is unknown"
      : (resumeObstacle(lookAfterBoot(host.paths, { target, previous }, stateDir)) ??
        (which === "this-target"
          ? fallbackObstacle(found, { target, previous })
          : lastingObstacle(found)));
  const wanted = reboot.fallback;
  const why = wanted === "off" ? "it is turned off (reboot.fallback)" : obstacle;
  const waits = why === null && previous !== null ? waitOf(found, previous) : null;
  const advice = fallbackAdvice(
    kernelParameters(host.paths, target).target ?? [],
    readIfThere(join(target, "etc/systemd/system.conf")),
    hardwareWatchdogs(host.paths),
  );
  return {
    wanted,
    loader: found.kind === "found" ? found.loader.name : null,
    comesBack: answerOf(why ?? waits, advice),
    obstacle: why,
    waits,
    advice,
  };
}

/** Not the module softdog: a timer of the kernel, which hangs with it. */
function hardwareWatchdogs({ watchdogs }: Paths): string[] {
  const identityOf = (name: string) => readIfThere(join(watchdogs, name, "identity"))?.trim();
  return listFolder(watchdogs).filter((name) => identityOf(name) !== "Software Watchdog");
}

/** What the previous system needs somebody for before it runs again. */
function waitOf(found: FoundLoader, previous: string): string | null {
  const devices = passphrasesOf(previous) ?? [];
  if (devices.length > 0) {
    return `the system that runs now waits at boot until somebody types the passphrase of ${devices.join(", ")}`;
  }
  if (found.kind === "unknown" || found.loader.waits === null) return null;
  return `${found.loader.name}: ${found.loader.waits}`;
}

function answerOf(obstacle: string | null, advice: readonly string[]): FallbackJson["comesBack"] {
  if (obstacle !== null) return "no";
  return advice.length === 0 ? "by-itself" : "after-a-reset";
}

/**
 * For `status`: the same of the system of the profile; null if this host never reboots by itself. If
 * that system runs, the next target is not known yet, and only the boot loader counts.
 */
export async function viewComingBack(
  host: Host,
  config: Config,
  { profile, target, previous }: Omit<Ahead, "target"> & { readonly target: string | null },
): Promise<FallbackJson | null> {
  if (target === null) return null;
  const isAllowed = whyNoReboot(configForTarget(config, target)) === null;
  if (!isAllowed || config.rebootWhenChanged.length === 0) return null;
  const which = target === previous ? "any-target" : "this-target";
  return await viewFallback(host, config, { profile, target, previous }, which);
}

/**
 * What a system needs so that a panic or a hang ends in a reset, and so in the fallback.
 *
 * @param parameters of its kernel
 * @param managerSettings the text of its systemd's system.conf; null if there is none
 * @param watchdogs those in the hardware of this host whose drivers are loaded now
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
      "a hang would not reset the host: Linux knows no watchdog in its hardware; load the driver " +
        "(boot.kernelModules, and boot.initrd.kernelModules for a hang early in the boot)",
    );
  } else if (!usesOneOf(watchdogs, managerSettings ?? "")) {
    advice.push(
      "a hang of the kernel would not reset the host: systemd uses another watchdog than that in its hardware; " +
        `set systemd.watchdog.device to /dev/${watchdogs.join(" or /dev/")}`,
    );
  }
  return advice;
}

const DEVICE = "WatchdogDevice=";

/** Whether systemd uses one of these watchdogs, as far as its settings say: systemd-system.conf(5). */
function usesOneOf(watchdogs: readonly string[], managerSettings: string): boolean {
  const lines = managerSettings.split("\n").map((line) => line.trim());
  const set = lines.findLast((line) => line.startsWith(DEVICE)) ?? DEVICE;
  const device = set.slice(DEVICE.length).trim();
  if (device === "" || device === "/dev/watchdog") return watchdogs.includes("watchdog0");
  // A name by udev leads anywhere.
  return !/^\/dev\/watchdog\d+$/.test(device) || watchdogs.includes(device.slice("/dev/".length));
}
