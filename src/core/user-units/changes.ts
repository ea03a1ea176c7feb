import { isOn, parseUnit, type UnitTexts } from "../old-code/unit-settings.ts";

/** What a switch does to a running unit whose definition changes. */
export type Change = "nothing" | "stop" | "restart" | "reload" | "keep";

/** Keys whose change is no reason to touch a running unit (notes/old-code.md). */
const COSMETIC = new Set(
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

/** Keys whose change asks for a reload; without the key in the new definition, for nothing. */
const RELOADING = new Set(["Unit.X-Reload-Triggers", "Service.ExecReload", "Mount.Options"]);

/** These are never restarted directly. */
const UNTOUCHED = /\.(target|slice|path|socket|device)$/;

/** By the rules of switch-to-configuration, for a unit that runs. */
export function changeOf(unit: string, before: UnitTexts, now: UnitTexts | null): Change {
  if (now === null) {
    return isOn(parseUnit(before), "Unit.X-StopOnRemoval", "yes") ? "stop" : "nothing";
  }
  const [old, next] = [parseUnit(before), parseUnit(now)];
  const changed = [...new Set([...old.keys(), ...next.keys()])].filter(
    (key) =>
      !COSMETIC.has(key) && !key.startsWith("Install.") && valueOf(old, key) !== valueOf(next, key),
  );
  if (changed.length === 0 || UNTOUCHED.test(unit)) return "nothing";
  if (changed.every((key) => RELOADING.has(key))) {
    return changed.some((key) => next.has(key)) ? "reload" : "nothing";
  }
  if (isOn(next, "Service.X-ReloadIfChanged", "no")) return "reload";
  const isKept =
    !isOn(next, "Service.X-RestartIfChanged", "yes") ||
    isOn(next, "Unit.RefuseManualStop", "no") ||
    isOn(next, "Unit.X-OnlyManualStart", "no");
  return isKept ? "keep" : "restart";
}

function valueOf(settings: ReadonlyMap<string, readonly string[]>, key: string): string | null {
  return settings.get(key)?.join("\n") ?? null;
}
