import type { Release } from "./available.ts";

/** What the tests on hosts of one release came to. */
export type Result = {
  release: Release;
  systemd: string;
  nix: string;
  passed: number;
  failed: number;
  skipped: number;
  took: string;
};

/** One line for the heads and one for each release. */
export function table(results: readonly Result[]): string[] {
  const heads = ["release", "systemd", "nix", "passed", "failed", "skipped", "took"] as const;
  const cells = [[...heads], ...results.map((result) => heads.map((head) => String(result[head])))];
  const widths = heads.map((_, column) =>
    Math.max(...cells.map((line) => line[column]?.length ?? 0)),
  );
  return cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

export function minutes(seconds: number): string {
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}
