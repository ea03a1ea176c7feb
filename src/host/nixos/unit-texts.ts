import { join } from "node:path";
import type { UnitTexts } from "../../core/old-code/unit-settings.ts";
import { listFolder, readIfThere } from "../files/durable.ts";

/**
 * The texts of a unit and its drop-ins in a toplevel; null if the toplevel has no such unit. An
 * instance without a file of its own has the file of its template.
 *
 * @param folder `etc/systemd/system` or `etc/systemd/user`
 */
export function unitTexts(toplevel: string, folder: string, unit: string): UnitTexts | null {
  const template = unit.replace(/@[^@]*\.([a-z]+)$/, "@.$1");
  for (const name of new Set([unit, template])) {
    const text = readText(join(toplevel, folder, name));
    if (text === null) continue;
    const dropins = [...new Set([template, unit])].flatMap((owner) => {
      const below = join(toplevel, folder, `${owner}.d`);
      const names = listBelow(below).filter((file) => file.endsWith(".conf"));
      return names.toSorted().flatMap((file) => readText(join(below, file)) ?? []);
    });
    return [text, ...dropins];
  }
  return null;
}

/** What cannot be read tells nothing; a masked unit is a link to /dev/null and has an empty text. */
function readText(path: string): string | null {
  try {
    return readIfThere(path);
  } catch {
    return null;
  }
}

function listBelow(path: string): string[] {
  try {
    return listFolder(path);
  } catch {
    return [];
  }
}
