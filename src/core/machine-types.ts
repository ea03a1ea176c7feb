import type { Decision } from "./decision.ts";
import type { FinalizationRecord } from "./record.ts";

/** What is true of the host right now; read anew for every step. */
export interface Facts {
  readonly bootId: string;
  /** Resolved toplevels; null where nothing resolves. */
  readonly booted: string | null;
  readonly current: string | null;
  /** The newest generation that holds the current system; null where none does. */
  readonly currentGeneration: number | null;
  readonly profile: string | null;
  /** The toplevel that the boot loader boots unless told otherwise; null where that cannot be told. */
  readonly bootDefault: string | null;
  /** The id of the newest finalization. */
  readonly newest: string | null;
  /** A newer finalization that has begun to act, as it may where nobody drove this one; null where none has. */
  readonly actedSince: string | null;
  /** The decision for the target, made from the facts of now. */
  readonly decision: Decision;
  /** The decision for the previous system, the way back; null where there is none. */
  readonly wayBack: Decision | null;
  readonly requests: Requests;
}

/** What other processes ask of this finalization; each says who asks, null where nobody does. */
export interface Requests {
  readonly cancel: string | null;
  readonly confirm: string | null;
  /** Heeded while it verifies; before that it is cancelled, after that another finalization goes back. */
  readonly rollback: string | null;
}

/** What the configuration allows. */
export interface Policy {
  readonly reboot: "allowed" | "forbidden";
  readonly rollback: "enabled" | "disabled";
  /** How long a confirmation from outside may take, in seconds; null where none is asked for. */
  readonly confirmWithin: number | null;
}

/** What the gates were waited for, for the record. */
export type Waited = FinalizationRecord["waitedFor"];

/** What happened last: the start of this process, or the end of the effect that the last step asked for. */
export type Event =
  | { readonly kind: "started" }
  | { readonly kind: "gates-opened"; readonly waitedFor: Waited }
  | { readonly kind: "gates-interrupted"; readonly waitedFor: Waited }
  | { readonly kind: "gates-timed-out"; readonly waitedFor: Waited; readonly why: string }
  /** A gate opens at a moment that is known and so far off that no process waits for it. */
  | {
      readonly kind: "gates-deferred";
      readonly waitedFor: Waited;
      /** ISO 8601. */
      readonly until: string;
      readonly why: string;
    }
  | {
      readonly kind: "turn-taken";
      readonly failedUnits: NonNullable<FinalizationRecord["failedBefore"]>;
      /** The idle runners that the act would stop. */
      readonly idleRunners: readonly string[];
    }
  | { readonly kind: "held-up"; readonly why: string }
  /** Somebody else acted while it waited to go on. */
  | { readonly kind: "overtaken" }
  | { readonly kind: "switched"; readonly exitCode: number; readonly tail: readonly string[] }
  | { readonly kind: "reboot-refused"; readonly why: string }
  | { readonly kind: "verified"; readonly checks: FinalizationRecord["checks"] }
  | { readonly kind: "confirmation-ended" }
  | { readonly kind: "profile-restored"; readonly problem: string | null }
  | {
      readonly kind: "boot-default-restored";
      readonly toplevel: string;
      readonly problem: string | null;
    };

/** What is to be done next. Effects are data; the interpreter carries them out. */
export type Effect =
  | { readonly kind: "await-gates" }
  /** Ends this process and has another one take the record up at the moment. */
  | { readonly kind: "defer"; readonly until: string }
  | { readonly kind: "take-turn" }
  | { readonly kind: "switch"; readonly toplevel: string }
  /** Makes the toplevel the boot default, then reboots. */
  | { readonly kind: "reboot"; readonly toplevel: string }
  | { readonly kind: "verify" }
  | { readonly kind: "await-confirmation"; readonly until: string }
  | { readonly kind: "restore-profile"; readonly toplevel: string }
  | { readonly kind: "restore-boot-default"; readonly toplevel: string }
  | { readonly kind: "verify-way-back" }
  | { readonly kind: "finish" };

export interface Observation {
  readonly now: Date;
  readonly policy: Policy;
  readonly facts: Facts;
  readonly event: Event;
}

/** The record to be written, if it is a new one, and then the effect to be carried out. */
export interface Step {
  readonly record: FinalizationRecord;
  readonly effect: Effect;
}
