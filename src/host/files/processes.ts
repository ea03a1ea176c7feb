import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ProcessSeen } from "../../core/old-code/processes.ts";
import type { Paths } from "./paths.ts";

/**
 * All processes. Reads nothing for which the kernel needs the memory map of a process: that can
 * block for ever while the process hangs. `grepMaps` and `grepArguments` read that in a program
 * that can be given up.
 */
export function listProcesses(paths: Paths): ProcessSeen[] {
  const ids = readdirSync(paths.processes).filter((name) => /^\d+$/.test(name));
  return ids.map((name) => {
    const folder = join(paths.processes, name);
    return {
      id: Number(name),
      userId: unlessGone(() => statSync(folder).uid),
      groups: unlessGone(() => readFileSync(join(folder, "cgroup"), "utf8")) ?? "",
      program: unlessGone(() => readlinkSync(join(folder, "exe"))),
    };
  });
}

/** A process may end at any moment, and a kernel thread has no program. */
function unlessGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** Prints the executable mappings of files in the store: proc_pid_maps(5). */
export function grepMaps(paths: Paths, ids: readonly number[]): readonly string[] {
  const files = ids.map((id) => join(paths.processes, String(id), "maps"));
  const mapping = "^[0-9a-f]+-[0-9a-f]+ ..x. .* /nix/store/";
  return [...GREP, "--extended-regexp", `--regexp=${mapping}`, "--", ...files];
}

/** Prints the first arguments of each process. */
export function grepArguments(paths: Paths, ids: readonly number[]): readonly string[] {
  const files = ids.map((id) => join(paths.processes, String(id), "cmdline"));
  const shape = ["--null-data", "--line-number", "--max-count=16"];
  return [...GREP, ...shape, "--regexp=", "--", ...files];
}

/**
 * The folders in a folder of a process's working folder that have changed since a moment, in
 * milliseconds of the epoch. Empty if there are none. The process itself does not tell when it
 * began: the kernel dates its folder in /proc when somebody looks at it.
 */
export function foldersSince(
  paths: Paths,
  { id, below, since }: { readonly id: number; readonly below: string; readonly since: number },
): string[] {
  const folder = join(paths.processes, String(id), "cwd", below);
  return (
    unlessGone(() => {
      return readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .filter((name) => (unlessGone(() => statSync(join(folder, name)).ctimeMs) ?? 0) >= since);
    }) ?? []
  );
}

/** Prints those of the variables that a process was started with, each with a null byte at its end. */
export function grepVariables(
  paths: Paths,
  id: number,
  names: readonly string[],
): readonly string[] {
  const shape = ["--no-filename", "--null-data", "--extended-regexp"];
  return [...GREP, ...shape, `--regexp=^(${names.join("|")})=`, "--", environmentOf(paths, id)];
}

/** Names the environments that have an entry; what a process was started with, whatever its unit says now. */
export function grepEnvironments(
  paths: Paths,
  ids: readonly number[],
  entry: string,
): readonly string[] {
  const shape = ["--null-data", "--line-regexp", "--fixed-strings", "--files-with-matches"];
  return [
    ...GREP,
    ...shape,
    `--regexp=${entry}`,
    "--",
    ...ids.map((id) => environmentOf(paths, id)),
  ];
}

export function environmentOf(paths: Paths, id: number): string {
  return join(paths.processes, String(id), "environ");
}

const GREP = ["grep", "--with-filename", "--no-messages", "--text", "--color=never"] as const;

/**
 * Prints device and inode of a store path, as the host and as a process sees it. In a container
 * the same path may be of another store.
 */
export function statStorePaths(
  paths: Paths,
  seen: readonly { readonly id: number; readonly path: string }[],
): readonly string[] {
  const files = seen.flatMap(({ id, path }) => [inRootOf(paths, id, path), path]);
  return ["stat", "--format=%d:%i %n", "--", ...new Set(files)];
}

/** The user that a process or a file belongs to; null if it has gone. */
export function ownerOf(path: string): number | null {
  return unlessGone(() => statSync(path).uid);
}

/** The names in a folder; empty if it has gone. */
export function entries(folder: string): string[] {
  return unlessGone(() => readdirSync(folder)) ?? [];
}

/** A path as a process sees it: `/proc/PID/root` is the root of its mount namespace. */
export function inRootOf(paths: Paths, id: number, path: string): string {
  return join(paths.processes, String(id), "root", path);
}
