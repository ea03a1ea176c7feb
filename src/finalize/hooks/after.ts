import type { Event } from "../../core/machine/types.ts";
import { owedHook, withStage } from "../../core/record/hooks.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import type { Host } from "../../host/process/host.ts";
import { pause, timeLimit } from "../../host/process/time.ts";
import type { RecordStore } from "../../state-dir/store.ts";
import { Turn } from "../../state-dir/turn.ts";
import { tellLate } from "../../state-dir/waiting-note.ts";
import { type FinalizationContext, SUSPENDED, type Suspended, tellerOf } from "../context.ts";
import { announceFailure, runHook } from "./hook-run.ts";

/** How long to wait before each further try, in seconds. */
export const BACK_OFF: readonly number[] = [1, 5, 15, 30, 60, 90];

/**
 * All tries of one `after` end so long after the first began, in seconds; only the first one may last longer.
 * They have the turn, and a rollback by hand waits for that.
 */
const TRIES_WITHIN = 240;

/**
 * Runs the `after` of a hook, in several tries. It needs the turn, because another finalization may have
 * begun the same hook. This process may have taken up what another one began.
 */
export async function runAfter(
  context: FinalizationContext,
  record: FinalizationRecord,
  name: string,
  pauses = BACK_OFF,
): Promise<Event | Suspended> {
  const { host, turn, slots, stop } = context;
  const tell = tellerOf(context, record);
  const wait = tellLate(tell, {
    for: "turn",
    why: `hook ${name} has to end, and another finalization is acting`,
    now: host.now(),
  });
  const isMine = await turn.wait().finally(wait.end);
  if (!isMine || stop.aborted) return SUSPENDED;
  slots.keepLease();
  const run = tellLate(tell, { for: `hook ${name}`, why: "runs its after", now: host.now() });
  const problem = await tryAfter(host, record, name, { pauses, signal: stop }).finally(run.end);
  return stop.aborted ? SUSPENDED : { kind: "after-ended", hook: name, problem };
}

/** Null if it succeeded or there is none; or why it failed so often. The caller looks at the signal first. */
async function tryAfter(
  host: Host,
  record: FinalizationRecord,
  name: string,
  { pauses, signal }: { readonly pauses: readonly number[]; readonly signal: AbortSignal },
): Promise<string | null> {
  const hook = record.hooks.find((one) => one.name === name);
  const command = hook?.after ?? null;
  if (hook === undefined || command === null) return null;
  host.say(`hook ${name}: runs ${command[0] ?? ""} after it`);
  const run = { hook: name, stage: "after", command } as const;
  const begin = host.elapsedMs();
  const left = (): number => TRIES_WITHIN - (host.elapsedMs() - begin) / 1000;
  let problem = await runHook(host, record, { ...run, timeout: hook.timeout }, signal);
  let tries = 1;
  for (const seconds of pauses) {
    if (problem === null || signal.aborted) return problem;
    if (left() <= seconds) break;
    host.say(`hook ${name}: its after failed: ${problem}; tries again in ${seconds} s`);
    await pause(seconds * 1000, signal);
    const timeout = Math.min(hook.timeout, left());
    if (signal.aborted) return problem;
    if (timeout <= 0) break;
    problem = await runHook(host, record, { ...run, timeout }, signal);
    tries++;
  }
  if (problem === null || signal.aborted) return problem;
  const times = tries === 1 ? "" : ` ${tries} times`;
  const words = `its after failed${times}: ${problem}`;
  await announceFailure(host, record, run, words);
  return words;
}

/** Whoever ends a finalization without driving it waits so long for the turn, in seconds. */
const TURN_WITHIN = 60;

/**
 * Ends the hooks of a finalization that its process gives up. Each end is recorded. If it is stopped, hooks
 * are left to whoever takes the record up.
 */
export async function endHooks(
  host: Host,
  store: RecordStore,
  ended: FinalizationRecord,
  stop: AbortSignal,
): Promise<FinalizationRecord> {
  if (owedHook(ended) === null) return ended;
  const turn = new Turn(host, store, ended.id, AbortSignal.any([stop, timeLimit(TURN_WITHIN)]));
  // Without the turn too: a host must not stay out of service for another finalization.
  await turn.wait();
  try {
    let record = ended;
    for (let name = owedHook(record); name !== null; name = owedHook(record)) {
      const problem = await tryAfter(host, record, name, { pauses: BACK_OFF, signal: stop });
      if (stop.aborted) return record;
      record = withStage(record, name, "over", problem);
      store.save(record);
    }
    return record;
  } finally {
    await turn.release();
  }
}
