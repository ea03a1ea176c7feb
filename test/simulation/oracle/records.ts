import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import type { Disk } from "../kernel/disk.ts";
import { STATE } from "../host/systems.ts";
import { remembered } from "../kernel/remembered.ts";

/** The records on the disk, by their ids; those that cannot be read are left out. */
export function recordsOn(disk: Disk): Map<string, FinalizationRecord> {
  const found = new Map<string, FinalizationRecord>();
  if (!disk.has(STATE)) return found;
  for (const [name, node] of disk.folder(STATE).entries) {
    const id = /^(\d{8}-\d{6}-[0-9a-z]{4})\.json$/.exec(name)?.[1];
    if (id === undefined || node.kind !== "file") continue;
    const record = recordIn(node.text);
    if (record !== null) found.set(id, record);
  }
  return found;
}

/** Not checked against the schema, which takes much longer: the program does that. */
export const recordIn = remembered((text: string): FinalizationRecord | null => {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the program wrote it
    return JSON.parse(text) as FinalizationRecord;
  } catch {
    return null;
  }
});

/** The id that `current` names. */
export function newestOn(disk: Disk): string | null {
  if (!disk.has(STATE)) return null;
  const link = disk.folder(STATE).entries.get("current");
  return link?.kind === "link" ? link.to.replace(/\.json$/, "") : null;
}
