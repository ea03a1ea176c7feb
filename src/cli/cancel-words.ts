import type { FinalizationRecord } from "../core/record.ts";
import type { Host } from "../host/host.ts";
import { generationOf } from "../host/profile.ts";
import type { RecordStore } from "../host/store.ts";
import { toplevelAt } from "../host/toplevel.ts";
import { systemName, targetName } from "../view/naming.ts";
import { unfinished } from "./requesting.ts";
import { nextBootOf, systemWithout } from "./restore-boot-default.ts";

/** What the host is left with after a finalization was cancelled, one line each. */
export async function leftWith(
  host: Host,
  store: RecordStore,
  record: FinalizationRecord,
): Promise<string[]> {
  const others = (await unfinished(store)).map(
    ({ id, state }) => `another finalization is not ended: ${id} is ${state}`,
  );
  return [...bootLines(host, record), ...others];
}

/** The name of the system that is to boot without the finalization. */
export function nameWithout(host: Host, record: FinalizationRecord): string {
  const toplevel = systemWithout(host, record);
  return systemName(toplevel, generationOf(record.profile, toplevel));
}

function bootLines(host: Host, record: FinalizationRecord): string[] {
  switch (nextBootOf(host, record)) {
    case "previous": {
      const isOld = systemWithout(host, record) === record.previous;
      const which = isOld ? "as before the deploy" : "the running system";
      return [`profile and boot default are at ${nameWithout(host, record)}, ${which}`];
    }
    case "other":
      return [`${record.profile} is at ${toplevelAt(record.profile) ?? "nothing"}: not its target`];
    case "target":
      return [
        `the boot default is still ${targetName(record)} (${record.target}): the next boot brings it up`,
        `to set it back: deploy-finalize cancel ${record.id} --restore-boot-default`,
      ];
  }
}
