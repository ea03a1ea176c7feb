import { type AfterBoot, detourOf, lookAfterBoot } from "../boot/after-boot.ts";
import type { Config } from "../core/config/config.ts";
import { whyNoReboot } from "../core/machine/policy.ts";
import { configForTarget, passphrasesOf } from "../host/nixos/target-config.ts";
import type { Decision } from "../core/decision/decision.ts";
import { RESUME_UNIT } from "../core/record/id.ts";
import type { Weighed } from "../finalize/schedule.ts";
import type { Host } from "../host/process/host.ts";
import type { Warning } from "./warnings.ts";

export interface BootAhead {
  readonly action: Decision["action"];
  /** Whether a later decision may be to reboot. */
  readonly reboots: "possible" | "never";
  readonly stateDir: string;
  readonly after: AfterBoot;
  /** The boot entry that the firmware starts next; null if it starts that of this boot, or takes no part. */
  readonly detour: string | null;
  /** The encrypted devices whose passphrase each system waits for. */
  readonly passphrases: Readonly<Record<"target" | "previous", readonly string[]>>;
}

/** Warns of what would end a finalization without a word, for `explain` and `schedule`. */
export function warnOfBoot(
  { paths }: Pick<Host, "paths">,
  config: Config,
  { target, systems, decision }: Weighed,
): Warning[] {
  const { rebootWhenChanged, stateDir } = config;
  const forTarget = configForTarget(config, target);
  const mayReboot = whyNoReboot(forTarget) === null;
  const previous = systems.current.toplevel;
  return afterBootWarnings({
    action: decision.action,
    reboots: mayReboot && rebootWhenChanged.length > 0 ? "possible" : "never",
    stateDir,
    after: lookAfterBoot(paths, { target, previous }, stateDir),
    detour: forTarget.reboot.method === "kexec" ? null : detourOf(paths),
    passphrases: {
      target: mayReboot ? forTarget.reboot.passphrases : [],
      previous: mayReboot && previous !== null ? (passphrasesOf(previous) ?? []) : [],
    },
  });
}

/** What would end a finalization without a word because the host reboots. Pure. */
export function afterBootWarnings(ahead: BootAhead): Warning[] {
  if (ahead.action === "refuse") return [];
  return [
    ...aboutResumeUnits(ahead),
    ...aboutMemory(ahead),
    ...aboutPassphrases(ahead),
    ...aboutFirmware(ahead),
  ];
}

function aboutResumeUnits({ action, after: { withoutResumeUnit } }: BootAhead): Warning[] {
  const enable = "Set services.deployFinalize.enable in its configuration.";
  return withoutResumeUnit.flatMap((system) => {
    if (action === "reboot") {
      const then =
        system === "target"
          ? "after the reboot nothing would verify the target or roll it back"
          : "if the host comes up with it again, nothing would finish the finalization";
      const text = `the ${nameOf(system)} has no ${RESUME_UNIT}: ${then}, and no fallback is armed. ${enable}`;
      return [warning("no-resume-unit", text)];
    }
    const text =
      `the ${nameOf(system)} has no ${RESUME_UNIT}: if the host restarts before the finalization has ` +
      `ended, nothing would finish it. ${enable}`;
    // A switch back needs no boot of the current system.
    return system === "target" ? [warning("no-resume-unit", text)] : [];
  });
}

function nameOf(system: "target" | "previous"): string {
  return system === "target" ? "target" : "current system";
}

function aboutMemory({ action, reboots, stateDir, after: { memory } }: BootAhead): Warning[] {
  if (memory === null || (action !== "reboot" && reboots === "never")) return [];
  const then =
    action === "reboot"
      ? "the reboot would lose this finalization, so nothing would verify the target or roll it back, and no fallback is armed"
      : "a finalization that reboots would be lost";
  const text =
    `the state folder ${stateDir} is on ${memory} and does not survive a reboot: ${then}. ` +
    `Keep the folder on a disk, or set stateDir to a folder that is.`;
  return [warning("state-on-tmpfs", text)];
}

function aboutPassphrases({ action, passphrases }: BootAhead): Warning[] {
  if (action !== "reboot") return [];
  const { target, previous } = passphrases;
  if (target.length > 0) {
    const text =
      `the reboot waits until somebody types the passphrase of ${target.join(", ")}: until then ` +
      `nothing runs on the host, verifies the target or rolls back (reboot.passphrases)`;
    return [warning("waits-for-passphrase", text)];
  }
  if (previous.length === 0) return [];
  const text =
    `the current system waits until somebody types the passphrase of ${previous.join(", ")}: if the ` +
    `target is rolled back, that reboot waits, and nothing runs on the host until then`;
  return [warning("waits-for-passphrase", text)];
}

function aboutFirmware({ action, detour }: BootAhead): Warning[] {
  if (action !== "reboot" || detour === null) return [];
  const text =
    `the firmware starts ${detour} at the next boot (BootNext), which may not be the boot loader of this ` +
    `boot: then nothing verifies the target until that loader starts again. To remove it: ` +
    `efibootmgr --delete-bootnext`;
  return [warning("boot-next", text)];
}

function warning(kind: string, text: string): Warning {
  return { kind, text, at: null };
}
