import type { FinalizationRecord } from "../record/record.ts";
import { isTerminal, type State } from "../states.ts";
import type { Handlers, Phase } from "./phases.ts";
import { TABLE } from "./table.ts";
import { fail } from "./transitions.ts";
import type { Event, Observation, Situation, Step } from "./types.ts";

/** A finalization that needs more transitions than this goes round in circles (after Mender). */
export const MOST_TRANSITIONS = 28;

/**
 * The state machine: pure, one step for each event.
 *
 * @throws Error for an event that cannot come in the phase: a defect of the interpreter
 */
export function advance(record: FinalizationRecord, seen: Observation): Step {
  const { state } = record;
  const phase = seen.during === null ? state : `${state}: ${seen.during.kind}`;
  const step = isPhase(phase) ? handle(TABLE[phase], record, seen, seen.event) : null;
  if (step === null) throw new Error(`no handler for ${seen.event.kind} in ${phase}`);
  if (isTerminal(step.record.state) || transitions(step.record) <= MOST_TRANSITIONS) return step;
  const reason = `gave up after ${MOST_TRANSITIONS} state changes`;
  return fail(record, seen, `${reason}. Look at the record and deploy again`);
}

function isPhase(name: string): name is Phase {
  return Object.hasOwn(TABLE, name);
}

/** Null for an event that has no handler. */
function handle<K extends Event["kind"]>(
  handlers: Handlers,
  record: FinalizationRecord,
  seen: Situation,
  event: Event<K>,
): Step | null {
  const kind: K = event.kind;
  const handler: Handlers[K] = handlers[kind];
  return handler === undefined ? null : handler(record, seen, event);
}

/**
 * The transitions that count. A deferral that follows another one does not, and neither does an act
 * that was held up before it began: a time limit bounds that.
 */
function transitions({ timeline }: FinalizationRecord): number {
  return timeline.filter(({ state }, index) => {
    const [before, after] = [timeline[index - 1]?.state, timeline[index + 1]?.state];
    if (isAct(state)) return after !== "waiting";
    return state !== "waiting" || (before !== "waiting" && !isAct(before));
  }).length;
}

function isAct(state: State | undefined): boolean {
  return state === "switching" || state === "rebooting";
}
