import type { FinalizationRecord } from "../core/record.ts";
import type { Host } from "../host/host.ts";

/** What a gate says when it is looked at. */
export type GateState =
  | { readonly kind: "open" }
  | { readonly kind: "closed"; readonly why: string }
  | { readonly kind: "unknown"; readonly why: string };

/** Something to wait for before acting. */
export interface Gate {
  readonly name: string;
  readonly look: (host: Host, record: FinalizationRecord) => Promise<GateState>;
  /** Resolves when another look may find the gate changed; ends early when aborted. */
  readonly change: (host: Host, record: FinalizationRecord, signal: AbortSignal) => Promise<void>;
}

export const OPEN: GateState = { kind: "open" };
