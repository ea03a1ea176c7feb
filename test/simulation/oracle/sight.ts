import type { State } from "../../../src/core/states.ts";
import type { Faults } from "../faults.ts";
import type { Machine } from "../host/machine.ts";
import type { System } from "../host/systems.ts";
import type { Plan } from "../plan.ts";

/** What an oracle looks at. */
export interface Watched {
  readonly machine: Machine;
  readonly plan: Plan;
  readonly systems: ReadonlyMap<string, System>;
  readonly reports: readonly string[];
  readonly faults: Faults;
  /** On the runner. */
  readonly isJobRunning: () => boolean;
}

/** What is known of a finalization beyond its record. */
export interface Known {
  /** The place in the order in which they were saved first. */
  readonly order: number;
  /** How its schedule ended. */
  call: "runs" | "accepted" | "refused" | "killed";
  state: State;
  /** How often deployers and people had moved profile or boot default when it began to act. */
  movesAtAct: number;
  /** The boots in which it asked for a reboot. */
  readonly reboots: { readonly forward: Set<number>; readonly back: Set<number> };
}

/** What a judge sees. */
export interface Sight {
  readonly watched: Watched;
  /** Every finalization that was ever saved. */
  readonly known: ReadonlyMap<string, Known>;
  /** What people have called. */
  readonly calls: readonly (readonly string[])[];
  /** The system to which a deployer has moved the profile last. */
  readonly lastMoved: System | null;
  /** How often deployers and people have done something. */
  readonly moveCount: number;
  readonly blame: (what: string) => void;
}
