import { exitCodeOf } from "../core/outcome.ts";
import { isTerminal } from "../core/states.ts";
import type { FinalizationNow } from "../host/finalization-now.ts";
import type { WaitJson } from "../json/wait.ts";
import { changeLine } from "../view/headline.ts";
import { forPeople } from "../view/timeline.ts";
import type { Style } from "../view/style.ts";

/** One change of a finalization. */
export type Change = Omit<WaitJson, "schemaVersion">;

/**
 * Tells what has changed since the last look: each state that was entered, and each new
 * reason to wait. The first look tells only how things stand.
 */
export class ChangeTeller {
  #entries: number | null = null;
  #reason = "";

  tell({ record, waiting }: FinalizationNow): Change[] {
    const { id, timeline } = record;
    const entered = timeline.slice(this.#entries ?? -1);
    this.#entries = timeline.length;
    const changes = entered.map((entry): Change => {
      const exitCode = isTerminal(entry.state) ? exitCodeOf(entry.state) : null;
      return { id, ...entry, waiting: null, exitCode };
    });
    if (entered.length > 0) this.#reason = "";
    const reason = waiting === null ? "" : `${waiting.for}: ${waiting.why}`;
    if (waiting === null || reason === this.#reason) return changes;
    this.#reason = reason;
    const { state } = record;
    return [
      ...changes,
      { id, at: waiting.since, state, detail: `waits for ${reason}`, waiting, exitCode: null },
    ];
  }
}

export function drawChange(style: Style, now: Date, { at, state, detail }: Change): string {
  return changeLine(at, state, forPeople(style, detail, now));
}

export function toWaitJson(change: Change): WaitJson {
  return { schemaVersion: 1, ...change };
}
