import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../../core/refusal.ts";
import { readIfThere, replaceFile } from "../../host/files/durable.ts";
import type { Host } from "../../host/process/host.ts";

/**
 * A switch starts what the new system wants, and so the runners that were stopped for it, long before
 * it ends. A job that deploys then finds the lock of the switch taken, and fails. So each runner that
 * was stopped has a condition, and no start has an effect until the switch has ended.
 *
 * The switch itself has systemd read the condition. It stays until the next boot, and says nothing
 * once the file that it names is gone, so nothing has to be read again.
 */
export function holdRunners({ paths, say }: Host, units: readonly string[]): void {
  for (const unit of units) {
    try {
      const file = holdOf(paths, unit);
      const condition = join(paths.systemdRuntime, `${unit}.d/deploy-finalize.conf`);
      const text = `[Unit]\nConditionPathExists=!${file.replaceAll("%", "%%")}\n`;
      if (readIfThere(condition) !== text) {
        mkdirSync(dirname(condition), { recursive: true, mode: 0o755 });
        replaceFile(condition, text, { mode: 0o644, sync: "unsynced" });
      }
      mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
      writeFileSync(file, "");
    } catch (error) {
      // The act does not depend on it.
      say(`${unit} may start before the switch has ended: ${messageOf(error)}`);
    }
  }
}

/** From now on each of the runners may start. */
export function releaseRunners({ paths, say }: Host, units: readonly string[]): void {
  for (const unit of units) {
    try {
      rmSync(holdOf(paths, unit), { force: true });
    } catch (error) {
      say(`${unit} is kept from starting: ${messageOf(error)}`);
    }
  }
}

function holdOf(paths: Host["paths"], unit: string): string {
  return join(paths.heldRunners, unit);
}
