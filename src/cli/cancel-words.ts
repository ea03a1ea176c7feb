import type { FinalizationRecord } from "../core/record.ts";
import type { RecordStore } from "../host/store.ts";
import { toplevelAt } from "../host/toplevel.ts";
import { previousName, targetName } from "../view/naming.ts";
import { unfinished } from "./requesting.ts";
import { nextBootOf } from "./restore-boot-default.ts";

/** What the host is left with after a finalization was cancelled, one line each. */
export async function leftWith(store: RecordStore, record: FinalizationRecord): Promise<string[]> {
  const others = (await unfinished(store)).map(
    ({ id, state }) => `another finalization is not ended: ${id} is ${state}`,
  );
  return [...bootLines(record), ...others];
}

function bootLines(record: FinalizationRecord): string[] {
  switch (nextBootOf(record)) {
    case "previous":
      return [`profile and boot default are at ${previousName(record)}, as before the deploy`];
    case "other":
      return [`${record.profile} is at ${toplevelAt(record.profile) ?? "nothing"}: not its target`];
    case "target":
      return [
        `the boot default is still ${targetName(record)} (${record.target}): the next boot brings it up`,
        `to set it back: deploy-finalize cancel ${record.id} --restore-boot-default`,
      ];
  }
}
