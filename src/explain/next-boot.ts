import type { Plan } from "../core/decision/decision.ts";
import { changeInWords, type ComponentChange, versionInStorePath } from "./components.ts";
import { readdirSync, readFileSync, realpathSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BootFileSystem } from "./warnings.ts";
import type { ExplainJson } from "../json/explain.ts";
import type { Paths } from "../host/files/paths.ts";

/** Kernel parameters, one a word; null if they cannot be read. */
export interface KernelParameters {
  /** Those that the booted system configures. */
  readonly booted: readonly string[] | null;
  readonly target: readonly string[] | null;
  /** Those that the kernel was started with. */
  readonly running: readonly string[] | null;
}

export interface BootParts {
  readonly parameters: KernelParameters;
  readonly firmware: Readonly<Record<"booted" | "target", string | null>>;
  /** Kernel, initrd and modules, whatever `rebootWhenChanged` says. */
  readonly components: readonly ComponentChange[];
}

/** The changes that wait for the next boot; none if the action is a reboot. */
export function waitingForBoot(action: Plan["action"], parts: BootParts): ExplainJson["nextBoot"] {
  if (action === "reboot") return [];
  const components = parts.components.filter(({ change }) => change === "changed");
  const { booted, target } = parts.firmware;
  const firmware = { what: "firmware", detail: "drivers keep the loaded files until then" };
  return [
    ...components.map((change) => ({ what: change.name, detail: changeInWords(change) })),
    ...parametersInWords(parts.parameters),
    ...(target !== null && booted !== target ? [firmware] : []),
  ];
}

function parametersInWords({ booted, target, running }: KernelParameters): ExplainJson["nextBoot"] {
  if (target === null) return [];
  const now = runningParameters(booted, running);
  if (now === null) return [];
  const added = target.filter((word) => !now.includes(word)).map((word) => `+${word}`);
  const asked = (booted ?? []).filter((word) => now.includes(word));
  const removed = asked.filter((word) => !target.includes(word)).map((word) => `-${word}`);
  const detail = [...added, ...removed].join(" ");
  return detail === "" ? [] : [{ what: "kernel parameters", detail }];
}

/** NixOS starts its kernel with `init=`; a container sees the parameters of its host instead. */
function runningParameters(
  booted: readonly string[] | null,
  running: readonly string[] | null,
): readonly string[] | null {
  const isOurs = running?.some((word) => word.startsWith("init=")) ?? false;
  return isOurs ? running : booted;
}

export function kernelVersion(toplevel: string): string | null {
  const modules = readOr([], () => readdirSync(join(toplevel, "kernel-modules/lib/modules")));
  const [only] = modules;
  if (only !== undefined && modules.length === 1) return only;
  const kernel = realPathOf(join(toplevel, "kernel"));
  return kernel === null ? null : versionInStorePath(kernel);
}

export function kernelParameters(paths: Paths, target: string): KernelParameters {
  return {
    booted: wordsOf(join(paths.bootedSystem, "kernel-params")),
    target: wordsOf(join(target, "kernel-params")),
    running: wordsOf(join(paths.processes, "cmdline")),
  };
}

export function realPathOf(path: string): string | null {
  return readOr(null, () => realpathSync.native(path));
}

export function bytesOf(files: readonly string[]): number {
  const sizes = files.map((path) => readOr(0, () => statSync(path).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

export function bootFileSystems({ bootFolders }: Paths): BootFileSystem[] {
  const seen = new Set<number>();
  return bootFolders.flatMap((folder) => {
    const device = readOr(null, () => statSync(folder).dev);
    if (device === null || seen.has(device)) return [];
    seen.add(device);
    const freeBytes = readOr(null, () => freeBytesOf(folder));
    return freeBytes === null ? [] : [{ folder, freeBytes }];
  });
}

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

function wordsOf(path: string): string[] | null {
  const text = readOr(null, () => readFileSync(path, "utf8"));
  return text === null ? null : text.split(/\s+/).filter((word) => word !== "");
}

function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
