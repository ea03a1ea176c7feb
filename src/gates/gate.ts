import type { Config } from "../core/config.ts";
import type { FinalizationRecord } from "../core/record.ts";
import type { Host } from "../host/host.ts";
import type { Limit } from "./limit.ts";

/** What a gate says when it is looked at. */
export type GateState =
  | { readonly kind: "open" }
  | {
      readonly kind: "closed";
      readonly why: string;
      /** When it opens, where that is known; nothing else opens it before. */
      readonly opensAt?: Date;
    }
  | { readonly kind: "unknown"; readonly why: string };

/** What a gate may look at. */
export interface GateContext {
  readonly host: Host;
  readonly record: FinalizationRecord;
  readonly config: Config;
}

/** Something to wait for before acting. */
export interface Gate {
  readonly name: string;
  /** What is done while the gate cannot be looked at. */
  readonly whenUnknown: "wait" | "proceed";
  /**
   * What `waitFor.timeout` does to it: nothing; ends the finalization; or what
   * `waitFor.onTimeout` says.
   */
  readonly atDeadline: "wait-on" | "give-up" | "as-configured";
  /** A limit of its own, in place of `waitFor.timeout`. */
  readonly limit?: (context: GateContext) => Limit;
  readonly look: (context: GateContext) => Promise<GateState>;
  /**
   * For how long, in milliseconds, a gate that was closed must be seen open before it counts as
   * open. Time for what has just ended to tell others so.
   */
  readonly graceMs?: number;
  /** Resolves when another look may find the gate changed; ends early when aborted. Never rejects. */
  readonly change: (context: GateContext, signal: AbortSignal) => Promise<void>;
}

/** A gate that is looked at once all before it are open, because to look is to take or to do something. */
export interface LastGate {
  readonly gate: Gate;
  /** Gives back what was taken, in the background: a gate before it has shut meanwhile. */
  readonly leave: () => void;
}

export const OPEN: GateState = { kind: "open" };

/** A gate that must be waited for, and what it says. */
export interface Shut {
  readonly gate: Gate;
  readonly why: string;
  /** When it opens, where that is known. */
  readonly opensAt: Date | null;
}
