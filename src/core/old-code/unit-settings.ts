/** The texts of a unit file and its drop-ins, in the order in which systemd reads them. */
export type UnitTexts = readonly string[];

const TRUE = new Set(["1", "yes", "true", "on"]);

/**
 * Why a switch from one definition of a unit to another leaves its processes as they are, by the
 * rules of switch-to-configuration (notes/old-code.md).
 *
 * @param before null if the previous system does not have the unit
 * @param now null if the running system does not have the unit
 */
export function whyNotRestarted(before: UnitTexts | null, now: UnitTexts | null): string {
  if (now === null) return "the running system has no such unit";
  const settings = parseUnit(now);
  if (isOn(settings, "Service.X-ReloadIfChanged", "no")) {
    return "reloadIfChanged = true: it is reloaded, not restarted";
  }
  if (!isOn(settings, "Service.X-RestartIfChanged", "yes")) return "restartIfChanged = false";
  if (isOn(settings, "Unit.RefuseManualStop", "no")) return "RefuseManualStop = true";
  if (isOn(settings, "Unit.X-OnlyManualStart", "no")) return "X-OnlyManualStart = true";
  if (before !== null && before.join("\n") === now.join("\n")) return "its unit file is the same";
  return "unknown";
}

/** `Section.Key` and its values. */
export type UnitSettings = ReadonlyMap<string, readonly string[]>;

export function parseUnit(texts: UnitTexts): UnitSettings {
  const settings = new Map<string, string[]>();
  for (const text of texts) {
    let section = "";
    for (const raw of text.replaceAll("\\\n", " ").split("\n")) {
      const line = raw.trim();
      section = /^\[(.+)\]$/.exec(line)?.[1] ?? section;
      const [, key, value] = /^([A-Za-z0-9-]+)\s*=\s*(.*)$/s.exec(line) ?? [];
      if (key === undefined || value === undefined) continue;
      const name = `${section}.${key}`;
      // An empty value forgets the earlier ones: systemd.syntax(7).
      const values = settings.get(name);
      if (value === "" || values === undefined) settings.set(name, value === "" ? [] : [value]);
      else values.push(value);
    }
  }
  return settings;
}

/** The last value of a switch; `fallback` if it has none. */
export function isOn(settings: UnitSettings, key: string, fallback: "yes" | "no"): boolean {
  return TRUE.has(settings.get(key)?.at(-1) ?? fallback);
}
