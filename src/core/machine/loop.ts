import type { FinalizationRecord } from "../record/record.ts";
import { advance } from "./machine.ts";
import type { Effect, Event, Facts, Observation, Policy } from "./types.ts";

/** The parts of the world that a finalization is driven through. */
export interface Ports {
  readonly now: () => Date;
  readonly policy: Policy;
  readonly observe: (record: FinalizationRecord) => Promise<Facts>;
  /** Writes the record durably; when it returns, the state is safe. */
  readonly save: (record: FinalizationRecord) => Promise<void>;
  /** Carries the effect out; `suspended` means that another process, later, takes the record up again. */
  readonly perform: (
    effect: Effect,
    record: FinalizationRecord,
  ) => Promise<Event | { readonly kind: "suspended" }>;
}

/**
 * Drives a finalization until it has ended or is suspended by a reboot. Every state is saved before
 * the effect that it names is carried out, so a crash at any point leaves a record that says what to
 * do. The effect in progress goes with the event: only the events of that effect may end it.
 */
export async function drive(
  start: FinalizationRecord,
  ports: Ports,
  machine: typeof advance = advance,
): Promise<FinalizationRecord> {
  const { policy } = ports;
  let record = start;
  let last: Pick<Observation, "during" | "event"> = { during: null, event: { kind: "started" } };
  for (;;) {
    const facts = await ports.observe(record);
    const step = machine(record, { now: ports.now(), policy, facts, ...last });
    if (step.record !== record) await ports.save(step.record);
    record = step.record;
    const event = await ports.perform(step.effect, record);
    if (step.effect.kind === "finish" || event.kind === "suspended") return record;
    last = { during: step.effect, event };
  }
}
