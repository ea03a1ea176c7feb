export type RunnerState =
  /** The runner itself does not run. */
  | { readonly kind: "inactive" }
  | { readonly kind: "idle" }
  | {
      readonly kind: "busy";
      readonly why: string;
      /** Whether what was seen is over; costs next to nothing. Absent if only another look can tell. */
      readonly isOver?: () => boolean;
    }
  | { readonly kind: "unknown"; readonly why: string };

export const IDLE: RunnerState = { kind: "idle" };

/** Where a runner is found. */
export interface RunnerPlace {
  readonly group: string;
  readonly mainProcess: number;
  /** When its process began, in milliseconds of the epoch, to the second. */
  readonly startedAt: number;
  /** As its unit sets it. */
  readonly environment: string;
  /** The status that its process has told systemd; null if that is not known. */
  readonly status: string | null;
  /** The root folder of its system, as this process sees it. */
  readonly root: string;
}

/** A job that one way finds counts. If none finds one, a way without an answer makes the state unknown. */
export function combine(states: readonly RunnerState[]): RunnerState {
  const found = (kind: RunnerState["kind"]) => states.find((state) => state.kind === kind);
  return found("busy") ?? found("unknown") ?? states[0] ?? IDLE;
}
