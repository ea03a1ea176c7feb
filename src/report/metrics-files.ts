import { rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../core/refusal.ts";
import { readIfThere, writeDurably } from "../host/files/durable.ts";

/** The metrics files that this host may have; one that is left is that of a former configuration. */
function noteOf(stateDir: string): string {
  return join(stateDir, "metrics-files");
}

function noted(stateDir: string): readonly string[] {
  const text = readIfThere(noteOf(stateDir)) ?? "";
  return text.split("\0").filter((path) => path.startsWith("/"));
}

export function isNoted(stateDir: string, path: string): boolean {
  return noted(stateDir).includes(path);
}

/** Notes a metrics file before it is written, so that a crash leaves none that is unknown. */
export function noteMetricsFile(stateDir: string, path: string): void {
  if (!isNoted(stateDir, path)) writeNote(stateDir, [...noted(stateDir), path]);
}

/**
 * Removes the metrics files that are not configured any more: the collector would export their last
 * state for ever, beside the new one.
 *
 * @param current the configured one; null for none
 */
export function removeFormerMetrics(
  stateDir: string,
  current: string | null,
  say: (line: string) => void,
): void {
  const former = noted(stateDir).filter((path) => path !== current);
  if (former.length === 0) return;
  const left = former.filter((path) => !remove(path, say));
  writeNote(stateDir, current === null ? left : [current, ...left]);
}

/** Whether the file is gone or is not ours: somebody else may use its name now. */
function remove(path: string, say: (line: string) => void): boolean {
  try {
    const text = readIfThere(path);
    if (text?.includes("\ndeploy_finalize_") === true) rmSync(path, { force: true });
    return true;
  } catch (error) {
    say(`cannot remove the former metrics file ${path}: ${messageOf(error)}`);
    return false;
  }
}

function writeNote(stateDir: string, paths: readonly string[]): void {
  if (paths.length === 0) rmSync(noteOf(stateDir), { force: true });
  else writeDurably(noteOf(stateDir), paths.join("\0"));
}

/** Whether there may be a metrics file, also if none is configured any more. */
export function hasMetricsFiles(stateDir: string): boolean {
  return noted(stateDir).length > 0;
}
