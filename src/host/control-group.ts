import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../core/refusal.ts";
import type { Paths } from "./paths.ts";

/**
 * The processes in a unit's control group and all groups below it. A process of
 * another PID namespace counts too; the kernel names it 0.
 *
 * @param group the unit's property ControlGroup
 * @throws Error where no such group is found: then nothing is known
 */
export function processesIn(paths: Paths, group: string): number[] {
  const folder = paths.controlGroups
    .map((root) => join(root, group))
    .find((path) => existsSync(join(path, "cgroup.procs")));
  if (folder === undefined) throw new Error(`there is no control group ${group}`);
  return collect(folder);
}

function collect(folder: string): number[] {
  const below = subfolders(folder).flatMap((name) => collect(join(folder, name)));
  return [...parseProcesses(readGone(join(folder, "cgroup.procs"))), ...below];
}

/** One id a line. */
export function parseProcesses(text: string): number[] {
  const lines = text.split("\n").filter((line) => /^\d+$/.test(line));
  return lines.map(Number);
}

/** What a process is called: its name, then its command line; null where it has ended. */
export function nameOf(paths: Paths, processId: number): string | null {
  const folder = join(paths.processes, String(processId));
  const name = readGone(join(folder, "comm")).trimEnd();
  const commandLine = readGone(join(folder, "cmdline")).replaceAll("\0", " ").trimEnd();
  return name === "" && commandLine === "" ? null : `${name} ${commandLine}`.trim();
}

function subfolders(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** A file's text; nothing where what it tells of has gone in the meantime. */
function readGone(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isGone(error)) return "";
    throw error;
  }
}

/** EOPNOTSUPP: a threaded group, whose processes its parent lists: cgroups(7). */
function isGone(error: unknown): boolean {
  return ["ENOENT", "ENODEV", "ESRCH", "EOPNOTSUPP"].includes(codeOf(error) ?? "");
}
