import { join } from "node:path";
import { parseMounts } from "../../boot/mounts.ts";
import { quoted } from "../../core/answer.ts";
import { listFolder, readIfThere } from "../../host/files/durable.ts";
import type { Host } from "../../host/process/host.ts";
import type { Paths } from "../../host/files/paths.ts";
import { type GateState, OPEN } from "../gate.ts";
import { ask } from "./ask.ts";

/** btrfs: a balance, a change of its devices or its size, a scrub. @throws Error if it cannot tell */
export async function lookAtBtrfs(host: Host, stop: AbortSignal | undefined): Promise<GateState> {
  const works = operations(host.paths);
  for (const folder of mountPoints(host.paths)) {
    const status = await ask(host, ["btrfs", "scrub", "status", folder], stop);
    if (isScrubbing(status)) works.push(`btrfs at ${quoted(folder)}: scrub`);
  }
  return works.length === 0 ? OPEN : { kind: "closed", why: works.join("; ") };
}

/** No work: a paused balance goes on only when somebody asks for it, or with the next mount. */
const IDLE = new Set(["none", "balance paused"]);

/** What changes a whole file system, as the kernel tells it. @throws Error if it does not */
function operations({ btrfs }: Pick<Paths, "btrfs">): string[] {
  const ids = listFolder(btrfs).filter((name) => /^[0-9a-f]{8}-/.test(name));
  return ids.toSorted().flatMap((id) => {
    const operation = readIfThere(join(btrfs, id, "exclusive_operation"))?.trim();
    // It may be unmounted just now.
    if (operation === undefined || IDLE.has(operation)) return [];
    const label = readIfThere(join(btrfs, id, "label"))?.trim() ?? "";
    return [`btrfs ${quoted(label === "" ? id : label)}: ${quoted(operation)}`];
  });
}

/** One mount point of each file system. */
function mountPoints({ processes }: Pick<Paths, "processes">): string[] {
  const text = readIfThere(join(processes, "self/mountinfo")) ?? "";
  const mounts = parseMounts(text).filter(({ type }) => type === "btrfs");
  return [...new Map(mounts.map(({ number, folder }) => [number, folder])).values()];
}

/** Whether `btrfs scrub status` says that a scrub runs (notes/storage-work.md). @throws Error if it does not tell */
export function isScrubbing(text: string): boolean {
  const lines = text.split("\n").map((line) => line.trim());
  const status = lines.find((line) => line.startsWith("Status:"));
  if (status !== undefined) return status.slice("Status:".length).trim() === "running";
  if (lines.includes("no stats available")) return false;
  throw new Error(`btrfs scrub status does not tell a status: ${quoted(text)}`);
}
