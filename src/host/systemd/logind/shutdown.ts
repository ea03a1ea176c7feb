import * as v from "valibot";
import { jsonAs } from "../../../core/answer.ts";
import type { Host } from "../../process/host.ts";
import { isSystemStopping } from "../systemd.ts";
import { showShutdown } from "./commands.ts";

/** org.freedesktop.login1(5): PreparingForShutdown, then ScheduledShutdown with action and time. */
const preparing = v.object({ data: v.boolean() });
const scheduled = v.object({ data: v.tuple([v.string(), v.number()]) });

/** A shutdown that somebody has scheduled with `shutdown` or `systemctl --when=`. */
export interface ScheduledShutdown {
  /** `reboot`, `poweroff`, `halt` or `kexec`. */
  readonly action: string;
  readonly at: Date;
}

/** What logind says of shutdowns. */
export interface Shutdowns {
  /** Whether one is under way, although programs may still delay it. */
  readonly underway: boolean;
  readonly scheduled: ScheduledShutdown | null;
}

/** Null if logind does not answer. It does not start logind, which may be unable to start. */
export async function viewShutdowns(host: Host): Promise<Shutdowns | null> {
  const ended = await host.spawn(showShutdown());
  return ended.exitCode === 0 ? parseShutdowns(ended.stdout) : null;
}

/** The two properties, one a line; null if they have another form. */
export function parseShutdowns(text: string): Shutdowns | null {
  const [first = "", second = ""] = text.split("\n");
  const underway = jsonAs(preparing, first)?.data;
  if (underway === undefined) return null;
  // logind names the one that is under way here too, with the time 0.
  return { underway, scheduled: underway ? null : parseScheduled(second) };
}

/** logind names no action if nothing is scheduled. `dry-` only warns the users. */
function parseScheduled(line: string): ScheduledShutdown | null {
  const [action = "", microseconds = 0] = jsonAs(scheduled, line)?.data ?? [];
  if (action === "" || action.startsWith("dry-")) return null;
  const at = new Date(microseconds / 1000);
  return Number.isNaN(at.getTime()) ? null : { action, at };
}

/** Whether this host is on its way down, whoever asked for it: nothing can call that off. */
export async function isGoingDown(host: Host): Promise<boolean> {
  if ((await viewShutdowns(host))?.underway === true) return true;
  return await isSystemStopping(host);
}
