import type { FinalizationRecord } from "../core/record.ts";
import type { Host } from "../host/host.ts";

/** What one try of a check finds. */
export type CheckState =
  | { readonly kind: "passed"; readonly detail: string }
  | { readonly kind: "failed"; readonly why: string };

/** Something that must hold after acting. */
export interface Check {
  /** What it is called where the configuration gives it no name. */
  readonly name: string;
  /** One try; ends when aborted. May reject: that is a failure too. */
  readonly run: (host: Host, signal: AbortSignal) => Promise<CheckState>;
}

/** How a check ended, for the record. */
export type CheckResult = FinalizationRecord["checks"][number];
