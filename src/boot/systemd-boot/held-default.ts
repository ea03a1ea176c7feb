import { rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../core/refusal.ts";
import { readIfThere, writeDurably } from "../../host/files/durable.ts";
import type { Host } from "../../host/process/host.ts";
import { describeEnd } from "../../host/process/spawn.ts";
import { readLoaderVariable } from "../efi-variables.ts";
import { setDefaultEntry } from "./commands.ts";

/**
 * A default in the EFI variable LoaderEntryDefault, for an installer that makes the newest generation
 * the default, whatever it is called for. It hides what later installers write, so it stays only until
 * the target is verified or rejected. A file beside loader.conf says that the variable is ours.
 */
const MARK = "loader/deploy-finalize.default";

const VARIABLE = "LoaderEntryDefault";

/** The entry that is held; null if the variable is not set or somebody else has set it. */
export function heldEntry({ paths }: Pick<Host, "paths">, esp: string): string | null {
  const held = readLoaderVariable(paths, VARIABLE);
  return held !== null && readIfThere(join(esp, MARK)) === held ? held : null;
}

/** Resolves to null, or to the problem. */
export async function holdEntry(host: Host, esp: string, entry: string): Promise<string | null> {
  try {
    writeDurably(join(esp, MARK), entry);
    return await put(host, entry);
  } catch (error) {
    return messageOf(error);
  }
}

/** Removes a held default; one that somebody else has set stays. Resolves to null, or to the problem. */
export async function releaseEntry(host: Host, esp: string): Promise<string | null> {
  try {
    const problem = heldEntry(host, esp) === null ? null : await put(host, "");
    if (problem === null) rmSync(join(esp, MARK), { force: true });
    return problem;
  } catch (error) {
    return messageOf(error);
  }
}

async function put(host: Host, entry: string): Promise<string | null> {
  const ended = await host.spawn(setDefaultEntry(entry));
  if (ended.exitCode !== 0) return describeEnd(ended);
  const found = readLoaderVariable(host.paths, VARIABLE) ?? "";
  return found === entry ? null : `the EFI variable ${VARIABLE} is ${found || "not set"}`;
}
