import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../core/refusal.ts";
import { readIfThere } from "./durable.ts";
import type { Paths } from "./paths.ts";

/**
 * The processes in a unit's control group and all groups below it. A process of another PID namespace
 * counts too; the kernel lists it as 0.
 *
 * @param group the unit's property ControlGroup
 * @throws Error if there is no such group
 */
export function processesIn(paths: Paths, group: string): number[] {
  return collect(folderOf(paths, group));
}

/**
 * The control groups below one, at any depth, that bear the name of a service.
 *
 * @throws Error if there is no such group
 */
export function servicesBelow(paths: Paths, group: string): { unit: string; group: string }[] {
  const below = (folder: string, path: string): { unit: string; group: string }[] =>
    subfolders(folder).flatMap((unit) => {
      const own = { unit, group: `${path}/${unit}` };
      return unit.endsWith(".service") ? [own] : below(join(folder, unit), own.group);
    });
  return below(folderOf(paths, group), group);
}

function folderOf(paths: Paths, group: string): string {
  const folder = paths.controlGroups
    .map((root) => join(root, group))
    .find((path) => existsSync(join(path, "cgroup.procs")));
  if (folder === undefined) throw new Error(`there is no control group ${group}`);
  return folder;
}

function collect(folder: string): number[] {
  const below = subfolders(folder).flatMap((name) => collect(join(folder, name)));
  return [...parseProcesses(readGone(join(folder, "cgroup.procs"))), ...below];
}

/** One id a line. */
export function parseProcesses(text: string): number[] {
  const lines = text.split("\n").filter((line) => /^\d{1,10}$/.test(line));
  return lines.map(Number);
}

/** The text that names the control groups of this process; empty if there is none. */
export function ownControlGroups({ processes }: Paths): string {
  return readIfThere(join(processes, "self/cgroup")) ?? "";
}

/** Whether a process with such a text is in a unit. Each line is `ID:CONTROLLERS:PATH`: cgroups(7). */
export function isInUnit(unit: string, controlGroups: string): boolean {
  const paths = controlGroups.split("\n").map((line) => line.split(":").slice(2).join(":"));
  return paths.some((path) => path.split("/").includes(unit));
}

/** The name and the command line of a process; null if it has ended. */
export function processName(paths: Paths, processId: number): string | null {
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

/** The text of a file; empty if its process or group has ended. */
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
