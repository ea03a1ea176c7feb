import { join } from "node:path";
import type { BootSeen, TargetSeen } from "../../core/boot-stage.ts";
import { readIfThere } from "../files/durable.ts";
import type { Host } from "../process/host.ts";
import { outputOf } from "../process/spawn.ts";
import { showManager } from "./commands.ts";
import { askProperties, type Properties, parseProperties } from "./units.ts";

/** systemd answers late while it starts many units. */
const ANSWER_MS = 30_000;

const TARGETS = ["default.target", "emergency.target", "rescue.target"];

/**
 * Looks how far this boot has come.
 *
 * @throws Error if systemd does not answer
 */
export async function lookAtBoot(host: Host): Promise<BootSeen> {
  const asked = showManager(["SystemState", "UserspaceTimestampMonotonic"]);
  const [manager = {}] = parseProperties(
    outputOf(await host.spawn(asked, { timeoutMs: ANSWER_MS })),
  );
  const properties = ["Id", "ActiveState", "ActiveEnterTimestampMonotonic"];
  const [reached, emergency, rescue] = await askProperties(host, properties, TARGETS);
  const uptime = readIfThere(join(host.paths.processes, "uptime")) ?? "";
  const began = Number(manager["UserspaceTimestampMonotonic"]);
  const seen = (target: Properties | undefined): TargetSeen => toTarget(target, began);
  return {
    systemState: manager["SystemState"] ?? "unknown",
    seconds: secondsSince(uptime, began),
    defaultTarget: seen(reached),
    emergency: seen(emergency),
    rescue: seen(rescue),
  };
}

/** An initrd has targets of the same names, which it entered before the system's own systemd began. */
function toTarget(target: Properties | undefined, began: number): TargetSeen {
  const entered = Number(target?.["ActiveEnterTimestampMonotonic"] ?? 0);
  return {
    active: target?.["ActiveState"] ?? "inactive",
    entered: entered > 0 && entered >= began ? "in-this-boot" : "never",
  };
}

/**
 * The seconds since a moment; null if that is unknown.
 *
 * @param uptime the text of `/proc/uptime`
 * @param began microseconds since the kernel began, as the monotonic clock has it
 */
export function secondsSince(uptime: string, began: number): number | null {
  const up = Number(/^\d{1,12}\.\d{1,12}/.exec(uptime)?.[0]);
  const seconds = up - began / 1_000_000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
