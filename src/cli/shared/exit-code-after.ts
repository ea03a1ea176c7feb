import { EXIT, exitCodeOf } from "../../core/outcome.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { isTerminal } from "../../core/states.ts";
import { owesItsEnd } from "../../fleet/part/part-store.ts";
import type { Host } from "../../host/process/host.ts";
import { isTimerWaiting } from "../../host/systemd/systemd.ts";
import { isSystemStopping } from "../../host/systemd/systemd.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { pinnedIds } from "../../state-dir/pins.ts";

/** The exit code of a process that drives no more, and why the finalization is not done; null if it is. */
export interface End {
  readonly exitCode: number;
  readonly left: string | null;
}

/** An end is one only if something else goes on: a timer that waits, or the next boot. */
export async function endAfter(
  host: Host,
  store: RecordStore,
  { id, state, deferredUntil }: FinalizationRecord,
): Promise<End> {
  const isCleanedUp = isTerminal(state) && !pinnedIds(host.paths).includes(id);
  if (isCleanedUp && !(await owesItsEnd(store, id))) {
    return { exitCode: exitCodeOf(state), left: null };
  }
  // Whoever asks to act now leaves the wish, and starts the unit then: it is read after this process has
  // told systemd of its end.
  const isHurried = store.requests(id).now !== null;
  const isDeferred = state === "waiting" && deferredUntil !== null && !isHurried;
  if (isDeferred && (await isTimerWaiting(host, id))) return { exitCode: EXIT.done, left: null };
  // A shutdown ends this process, whether its own reboot or another one.
  if (await isSystemStopping(host)) return { exitCode: EXIT.done, left: null };
  const left = isTerminal(state)
    ? `asked to stop before it had cleaned up after ${id}, which is ${state}`
    : `asked to stop while it is ${state}`;
  return { exitCode: EXIT.unfinished, left: `${left}; its unit or the next boot will continue it` };
}
