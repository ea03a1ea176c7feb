import type { FinalizationRecord } from "../record/record.ts";
import type { State } from "../states.ts";
import type { Effect, Event, Situation, Step } from "./types.ts";

/**
 * The steps of each state: the effects that may be in progress in it. How far a rollback has come,
 * whether a fallback is restored or a confirmation awaited, shows in the step.
 */
interface Steps {
  scheduled: never;
  waiting:
    | "await-gates"
    | "defer"
    | "take-turn"
    | "drain"
    | "start-runners"
    | "run-before"
    | "run-after";
  switching: "switch" | FallbackStep;
  rebooting: "reboot" | "await-reboot-gates" | "run-before" | "run-after" | FallbackStep;
  verifying: "switch" | "verify" | "await-confirmation" | "commit-boot-default" | FallbackStep;
  "rolling-back": "restore-profile" | "switch" | "reboot" | "verify-rollback" | "restore-defaults";
  live: EndStep;
  "rolled-back": EndStep;
  failed: EndStep;
  superseded: EndStep;
  cancelled: EndStep;
}

/** A host that fell back restores profile and boot default in the state that it fell back from. */
type FallbackStep = "restore-defaults";

/** The hooks that have begun end before the rest is tidied up. */
type EndStep = "run-after" | "finish";

/** The effects that a state may ask for. */
export type EffectOf<S extends State> = Extract<Effect, { kind: Steps[S] }>;

/**
 * A state with the step in progress. The state alone: a process takes the record up, and no step is
 * in progress.
 */
export type Phase = {
  [S in State]: S | `${S}: ${Exclude<Steps[S], "finish">}`;
}[State];

/** What an event leads to; pure. */
export type Handler<K extends Event["kind"] = Event["kind"]> = (
  record: FinalizationRecord,
  seen: Situation,
  event: Event<K>,
) => Step;

/** The handlers of the events that may come in a phase. */
export type Handlers = { readonly [K in Event["kind"]]?: Handler<K> };
