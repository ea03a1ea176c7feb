import { mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../../core/refusal.ts";
import { readIfThere, replaceFile } from "../../host/files/durable.ts";
import type { Host } from "../../host/process/host.ts";
import { askProperties, type Properties } from "../../host/systemd/units.ts";

/**
 * What made systemd know a unit: a definition of its own; or a template alone, which makes any name a
 * unit. What the system in use no longer defines must not start, but a container that somebody made by
 * hand has only the template.
 */
export type Definition = "own" | "template";

/** The runners that a finalization stops, by name. */
export type StoppedRunners = ReadonlyMap<string, Definition>;

/**
 * Notes the runners of a finalization before it stops them, each as it was before its first stop. The
 * note lasts as long as the stop may: until the next boot. It tells which runners to start if the record
 * cannot be read any more.
 */
export async function noteStopped(host: Host, id: string, units: readonly string[]): Promise<void> {
  const noted = notedRunners(host, id);
  const others = units.filter((unit) => !noted.has(unit));
  if (others.length === 0) return;
  try {
    const all = [...noted, ...(await definitionsOf(host, others))];
    const file = noteOf(host, id);
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    const text = all.map(([unit, definition]) => `${definition} ${unit}\n`).join("");
    replaceFile(file, text, { mode: 0o644, sync: "unsynced" });
  } catch (error) {
    // The act does not depend on it.
    host.say(`cannot note that ${others.join(", ")} is stopped: ${messageOf(error)}`);
  }
}

/** What was noted; empty if nothing was, or it cannot be read. */
export function notedRunners(host: Host, id: string): StoppedRunners {
  const lines = textOf(host, id).matchAll(/^(own|template) (\S+)$/gm);
  return new Map(
    [...lines].map(([, definition, unit = ""]) => [
      unit,
      definition === "own" ? "own" : "template",
    ]),
  );
}

function textOf(host: Host, id: string): string {
  try {
    return readIfThere(noteOf(host, id)) ?? "";
  } catch {
    return "";
  }
}

export function forgetStopped(host: Host, id: string): void {
  rmSync(noteOf(host, id), { force: true });
}

/** Those of the units whose own definition is gone: the system in use does not have them. */
export async function undefinedOf(
  host: Host,
  id: string,
  units: readonly string[],
): Promise<ReadonlySet<string>> {
  const noted = notedRunners(host, id);
  const owned = units.filter((unit) => noted.get(unit) === "own" && isInstance(unit));
  const now = await definitionsOf(host, owned);
  return new Set(owned.filter((unit) => now.get(unit) === "template"));
}

/** Only an instance of a template can be without a definition of its own. */
async function definitionsOf(host: Host, units: readonly string[]): Promise<StoppedRunners> {
  const instances = units.filter(isInstance);
  const properties = ["Id", "FragmentPath", "DropInPaths"];
  const shown = instances.length > 0 ? await askProperties(host, properties, instances) : [];
  return new Map(
    units.map((unit) => {
      const at = instances.indexOf(unit);
      return [unit, at === -1 ? "own" : definitionOf(unit, shown[at] ?? {})];
    }),
  );
}

function definitionOf(
  unit: string,
  { FragmentPath = "", DropInPaths = "" }: Properties,
): Definition {
  // The condition of a held runner is ours.
  const dropIns = DropInPaths.split(" ").filter((path) => !path.endsWith("/deploy-finalize.conf"));
  const isOwn =
    FragmentPath.endsWith(`/${unit}`) || dropIns.some((path) => path.includes(`/${unit}.d/`));
  return isOwn ? "own" : "template";
}

function isInstance(unit: string): boolean {
  return /@./.test(unit);
}

function noteOf({ paths }: Host, id: string): string {
  return join(paths.stoppedRunners, id);
}
