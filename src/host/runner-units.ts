import type { Host } from "./host.ts";
import { askProperties, type Properties } from "./unit-properties.ts";

/** What systemd tells of a runner's unit. */
export interface RunnerUnit {
  readonly unit: string;
  /** Null where no process of it runs: it is stopped, or there is no such unit. */
  readonly controlGroup: string | null;
  /** 0 where it has none. */
  readonly mainProcess: number;
}

const PROPERTIES = ["Id", "ControlGroup", "MainPID"];

/**
 * Asks systemd for the units, in the order given.
 *
 * @throws Error where systemd does not answer
 */
export async function showRunnerUnits(host: Host, units: readonly string[]): Promise<RunnerUnit[]> {
  if (units.length === 0) return [];
  const blocks = await askProperties(host, PROPERTIES, units);
  if (blocks.length !== units.length) throw new Error(`systemctl told of ${blocks.length} units`);
  return blocks.map((block, index) => toRunnerUnit(units[index] ?? "", block));
}

/** An alias has another Id than the name asked for, so the name comes from the caller. */
function toRunnerUnit(unit: string, properties: Properties): RunnerUnit {
  const group = properties["ControlGroup"] ?? "";
  return {
    unit,
    controlGroup: group === "" ? null : group,
    mainProcess: Number(properties["MainPID"] ?? 0),
  };
}
