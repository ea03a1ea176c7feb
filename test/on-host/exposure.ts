import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ok } from "../test-host/spawn.ts";

/** From 0, which may do nothing, to 10: systemd-analyze(1). */
export async function exposureOf(unitText: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "deploy-finalize-"));
  try {
    const unit = join(folder, "probe.service");
    writeFileSync(unit, unitText);
    const said = await ok(["systemd-analyze", "security", "--offline=true", "--no-pager", unit]);
    return Number(/exposure level for \S+: (\d+\.\d)/.exec(said)?.[1]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
