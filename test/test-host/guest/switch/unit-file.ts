import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** `Section.Key` → its values, of a unit file and the drop-ins next to it, without [Install]. */
export type UnitFile = Map<string, string[]>;

export function readUnitFile(path: string): UnitFile {
  const dropins = existsSync(`${path}.d`)
    ? readdirSync(`${path}.d`)
        .filter((name) => name.endsWith(".conf"))
        .toSorted()
    : [];
  const unit: UnitFile = new Map();
  for (const file of [path, ...dropins.map((name) => join(`${path}.d`, name))]) {
    if (existsSync(file)) parseInto(unit, readFileSync(file, "utf8"));
  }
  return unit;
}

function parseInto(unit: UnitFile, text: string): void {
  let section = "";
  for (const line of text
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((raw) => raw.trim())) {
    const header = /^\[(.+)\]$/.exec(line);
    if (header?.[1] !== undefined) section = header[1];
    const assignment = /^([^#;=]+?)\s*=\s*(.*)$/.exec(line);
    if (header !== null || assignment === null || section === "Install") continue;
    const [, key = "", value = ""] = assignment;
    // An empty assignment forgets the earlier ones, as in systemd.
    const earlier = value === "" ? [] : (unit.get(`${section}.${key}`) ?? []);
    unit.set(`${section}.${key}`, value === "" ? [] : [...earlier, value]);
  }
}

/** The last value of a boolean key, as systemd reads booleans; `fallback` when it is not set. */
export function flag(unit: UnitFile, key: string, fallback: "yes" | "no"): boolean {
  const value = unit.get(key)?.at(-1) ?? fallback;
  return ["1", "yes", "true", "on"].includes(value);
}

/** Keys of [Unit] whose change is no reason to touch a running unit. */
const cosmetic = new Set(
  [
    "Description",
    "Documentation",
    "OnFailure",
    "OnSuccess",
    "OnFailureJobMode",
    "IgnoreOnIsolate",
    "StopWhenUnneeded",
    "RefuseManualStart",
    "RefuseManualStop",
    "AllowIsolate",
    "CollectMode",
    "SourcePath",
  ].map((key) => `Unit.${key}`),
);
const reloading = new Set(["Unit.X-Reload-Triggers", "Service.ExecReload", "Mount.Options"]);

/** What the difference between the running definition and the new one asks for. */
export function compareUnitFiles(
  current: UnitFile,
  next: UnitFile,
): "equal" | "restart" | "reload" {
  const keys = new Set([...current.keys(), ...next.keys()]);
  const changed = [...keys].filter(
    (key) =>
      !cosmetic.has(key) && JSON.stringify(current.get(key)) !== JSON.stringify(next.get(key)),
  );
  if (changed.some((key) => !reloading.has(key))) return "restart";
  // A removed ExecReload or trigger asks for nothing: the process runs on, and cannot be reloaded.
  return changed.some((key) => next.has(key)) ? "reload" : "equal";
}
