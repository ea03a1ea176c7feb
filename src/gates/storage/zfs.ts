import { existsSync } from "node:fs";
import { quoted } from "../../core/answer.ts";
import type { Host } from "../../host/process/host.ts";
import { type GateState, OPEN } from "../gate.ts";
import { ask } from "./ask.ts";

/** ZFS: scrub, resilver, and what else a pool has in progress. @throws Error if it cannot tell */
export async function lookAtZfs(host: Host, stop: AbortSignal | undefined): Promise<GateState> {
  // Without it zpool would load the module.
  if (!existsSync(host.paths.zfs)) return OPEN;
  return poolsAtWork(await ask(host, ["zpool", "status"], stop));
}

const IN_PROGRESS = " in progress since ";

/** What `zpool status` says is at work; a scrub that is paused is not (notes/storage-work.md). */
export function poolsAtWork(text: string): GateState {
  let pool: string | null = null;
  const works: string[] = [];
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    if (line.startsWith("pool: ")) pool = quoted(line.slice("pool: ".length));
    const end = line.indexOf(IN_PROGRESS);
    if (pool === null || end === -1) continue;
    works.push(`pool ${pool}: ${quoted(line.slice(0, end).replace(/^[a-z]+: /, ""))}`);
  }
  if (pool === null && !/^no pools available/m.test(text)) {
    return { kind: "unknown", why: `zpool status does not name a pool: ${quoted(text)}` };
  }
  return works.length === 0 ? OPEN : { kind: "closed", why: works.join("; ") };
}
