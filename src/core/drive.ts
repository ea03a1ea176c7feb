import { advance } from "./machine.ts";
import type { Effect, Event, Facts, Policy, Step } from "./machine-types.ts";
import type { FinalizationRecord } from "./record.ts";

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
 * Drives a finalization until it has ended or is suspended by a reboot. Every
 * state is saved before the effect that it names is carried out, so that a crash
 * at any point leaves a record that tells what to do.
 */
export async function drive(
  start: FinalizationRecord,
  ports: Ports,
  machine: typeof advance = advance,
): Promise<FinalizationRecord> {
  let record = start;
  let event: Event = { kind: "started" };
  for (;;) {
    const facts = await ports.observe(record);
    const { policy } = ports;
    const step: Step = machine(record, { now: ports.now(), policy, facts, event });
    if (step.record !== record) await ports.save(step.record);
    record = step.record;
    const next = await ports.perform(step.effect, record);
    if (step.effect.kind === "finish" || next.kind === "suspended") return record;
    event = next;
  }
}
