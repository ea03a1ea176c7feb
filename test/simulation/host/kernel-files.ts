import type { Clocks } from "./clocks.ts";
import type { ProgramTable } from "./program-table.ts";

export interface KernelView {
  readonly clocks: Clocks;
  readonly programs: ProgramTable;
  readonly bootedAtMs: number;
}

/** The text of a file that the kernel makes at each reading; null for other files. */
export function kernelFile(host: KernelView, path: string): string | null {
  if (!path.startsWith("/proc/")) return null;
  switch (path) {
    case "/proc/locks":
      return locks(host);
    case "/proc/self/stat":
      return "1 (node) S 1 1 1 0 -1";
    case "/proc/self/cgroup":
      return "0::/system.slice/some.service\n";
    case "/proc/uptime":
      return `${((host.clocks.monoMs - host.bootedAtMs) / 1000).toFixed(2)} 1.00\n`;
    case "/proc/1/stat":
      return `1 (systemd) ${"0 ".repeat(19)}0 0`;
    default:
      return null;
  }
}

function locks({ programs }: KernelView): string {
  const lines = [...programs.locks].map(
    ([inode, holder], index) =>
      `${index + 1}: FLOCK  ADVISORY  WRITE ${holder} 00:00:${inode} 0 EOF\n`,
  );
  return lines.join("");
}
