import { exitCodeOf } from "../../core/outcome.ts";
import { isTerminal } from "../../core/states.ts";
import type { FinalizationNow } from "../../finalize/finalization-now.ts";
import type { Host } from "../../host/process/host.ts";
import type { WaitJson } from "../../json/status.ts";
import { findDriver } from "../../state-dir/owner.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { changeLine } from "../../view/headline.ts";
import type { Style } from "../../view/style.ts";
import { forPeople } from "../../view/timeline.ts";

export type Change = Omit<WaitJson, "schemaVersion">;

/**
 * Finds the changes since the last look: each state that was entered, and each new reason to
 * wait. The first look returns the present state only.
 */
export class NewChanges {
  #entries: number | null = null;
  #reason = "";

  since({ record, waiting }: FinalizationNow): Change[] {
    const { id, timeline, state } = record;
    const entered = timeline.slice(this.#entries ?? -1);
    this.#entries = timeline.length;
    const changes = entered.map((entry): Change => {
      const exitCode = isTerminal(entry.state) ? exitCodeOf(entry.state) : null;
      const found = exitCode === null ? NOT_EXAMINED : examinedOf(record);
      return { id, ...entry, waiting: null, ...found, exitCode };
    });
    if (entered.length > 0) this.#reason = "";
    const reason = waiting === null ? "" : `${waiting.for}: ${waiting.why}`;
    if (waiting === null || reason === this.#reason) return changes;
    this.#reason = reason;
    const detail = `waits for ${reason}`;
    return [
      ...changes,
      { id, at: waiting.since, state, detail, waiting, ...NOT_EXAMINED, exitCode: null },
    ];
  }
}

type Examined = Pick<WaitJson, "oldCode" | "userUnits">;

const NOT_EXAMINED: Examined = { oldCode: null, userUnits: null };

function examinedOf({ oldCode, userUnits }: Examined): Examined {
  return { oldCode, userUnits };
}

export function drawChange(style: Style, now: Date, { at, state, detail }: Change): string {
  return changeLine(at, state, forPeople(style, detail, now));
}

const BETWEEN_LOOKS_MS = 10_000;

/** Checks now and then that something drives a finalization, and says once if nothing does. */
export function undrivenWatch(host: Host, store: RecordStore, id: string): () => Promise<void> {
  // Not at once: between a record and its timer, and around a boot, nothing drives it for a moment.
  let lastLook = host.elapsedMs();
  let isReported = false;
  return async () => {
    const now = host.elapsedMs();
    if (isReported || now < lastLook + BETWEEN_LOOKS_MS) return;
    lastLook = now;
    const driver = await findDriver(host, store, id);
    if (driver.kind !== "nobody") return;
    host.say(`nothing drives ${id}. To continue it: deploy-finalize resume`);
    isReported = true;
  };
}
