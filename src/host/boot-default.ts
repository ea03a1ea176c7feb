import type { Config } from "../core/config.ts";
import type { RebootConfig } from "../core/reboot-config.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { findLoader } from "../loader/detect.ts";
import { armFallback, disarm } from "../loader/fallback.ts";
import { activate, foundLockTaken } from "./activation.ts";
import type { Host } from "./host.ts";

export const SWITCH_LOCK_TAKEN = "another process holds the switch lock";

/** The system that a reboot is to bring up. */
export interface NextBoot {
  readonly toplevel: string;
  /** The other system that may come up; null where there is none. */
  readonly previous: string | null;
  readonly fallback: RebootConfig["fallback"];
}

/** The way back leads to what has run before: there is nothing to fall back to. */
export function nextBootOf(
  { state, target, previous }: FinalizationRecord,
  toplevel: string,
  { reboot }: Pick<Config, "reboot">,
): NextBoot {
  return state === "rolling-back"
    ? { toplevel, previous: target, fallback: "off" }
    : { toplevel, previous, fallback: reboot.fallback };
}

/** Makes a toplevel the boot default; resolves to null, or to why it is not. */
export async function setBootDefault(host: Host, toplevel: string): Promise<string | null> {
  const activation = await activate(host, toplevel, "boot");
  if (activation.exitCode === 0) return null;
  if (foundLockTaken(activation)) return SWITCH_LOCK_TAKEN;
  const words = activation.tail.slice(-3).join("; ");
  return `the boot default was not set (exit code ${activation.exitCode}): ${words}`;
}

/** Sees to it that the next boot brings a system up: once, where the host can fall back. */
export async function prepareBoot(host: Host, next: NextBoot): Promise<string | null> {
  const { toplevel, previous, fallback } = next;
  if (previous === null || fallback === "off") return await setForGood(host, toplevel, previous);
  const trial = { target: toplevel, previous };
  const why = await armFallback(host, trial, async (wanted) => await setBootDefault(host, wanted));
  if (why === null) {
    host.say(
      `boots ${toplevel} once; until it is verified, every other boot brings ${previous} up`,
    );
    return null;
  }
  if (why === SWITCH_LOCK_TAKEN) return why;
  const problem = await setForGood(host, toplevel, previous);
  if (fallback === "require") return `there would be no way to fall back: ${why}`;
  host.say(`no fallback is armed: ${why}`);
  return problem;
}

/** Takes back what `prepareBoot` did for a reboot that does not come. */
export async function unprepareBoot(host: Host, { toplevel, previous }: NextBoot): Promise<void> {
  const problem = await setForGood(host, toplevel, previous);
  if (problem !== null) host.say(`the next boot may bring another system up: ${problem}`);
}

/**
 * Has every boot from now on bring a system up, this one or another one that was to come up once
 * being forgotten. Resolves to null, or to why not.
 */
export async function setForGood(
  host: Host,
  toplevel: string,
  other: string | null,
): Promise<string | null> {
  const trials = [toplevel, ...(other === null ? [] : [other])];
  const problem = (await setBootDefault(host, toplevel)) ?? (await disarm(host, trials));
  if (problem !== null) return problem;
  const found = findLoader(host);
  const now = found.kind === "found" ? found.loader.bootDefault : null;
  return now === null || now === toplevel ? null : `the boot loader's default is ${now}`;
}
