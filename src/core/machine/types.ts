import type { HookConfig } from "../config/hooks/hooks-config.ts";
import type { Decision } from "../decision/decision.ts";
import type { FailedJob, FinalizationRecord } from "../record/record.ts";

/** What is true of the host right now; read again for every step. */
export interface Facts {
  readonly bootId: string;
  /** Seconds since the boot; null if unknown. */
  readonly uptime: number | null;
  /** Resolved toplevels; null if nothing resolves. */
  readonly booted: string | null;
  readonly current: string | null;
  /** The newest generation that holds the current system; null if none does. */
  readonly currentGeneration: number | null;
  /** The toplevel that the profile had for the current system, if that is not its own; null if it is. */
  readonly currentProfile: string | null;
  readonly profile: string | null;
  /** The specialisation that the configuration asks for; null for none. */
  readonly specialisation: WantedSpecialisation | null;
  /** The toplevel that the boot loader boots unless told otherwise; null if it cannot be read. */
  readonly bootDefault: string | null;
  /** Whether the boot default is held for a trial: it hides what an installer has written. */
  readonly isBootDefaultHeld: boolean;
  /** The id of the newest finalization. */
  readonly newest: string | null;
  /** A newer finalization that has begun to act, possible if nothing drove this one; null if none has. */
  readonly actedSince: string | null;
  /** The decision for the target, made from the facts of now. */
  readonly decision: Decision;
  /** The same for a rollback to the previous system; null if there is no previous system. */
  readonly rollbackDecision: Decision | null;
  readonly requests: Requests;
}

export interface WantedSpecialisation {
  readonly name: string;
  /** Null if the target has none of that name. */
  readonly toplevel: string | null;
}

/** What other processes ask of this finalization: who asks, null if nobody does. */
export interface Requests {
  readonly cancel: string | null;
  readonly confirm: string | null;
  /** Only while it verifies: before that it is cancelled, after that another finalization rolls back. */
  readonly rollback: string | null;
  /** Only before it acts. */
  readonly now: ToActNow | null;
}

/** The wish to act now, past what only chooses the moment. */
export interface ToActNow {
  /** Who asks. */
  readonly by: string;
  /** The other gates that are not waited for. */
  readonly past: readonly string[];
}

/** What the configuration allows. */
export interface Policy {
  readonly reboot: "allowed" | "forbidden";
  /** The reboot of a rollback: not to reboot would leave the host with a rejected system. */
  readonly rebootBack: "allowed" | "forbidden";
  /** What happens while a reboot is put off to a later moment. */
  readonly whilePutOff: "wait" | "switch";
  readonly rollback: "enabled" | "disabled";
  /** How long a confirmation from outside may take, in seconds; null if none is needed. */
  readonly confirmWithin: number | null;
  /** What becomes of the slot of the fleet lock after a rollback. */
  readonly slotOnRollback: "keep" | "give-back";
  /** In the order in which they begin. */
  readonly hooks: readonly HookConfig[];
}

/** What the gates were waited for, for the record. */
type Waited = FinalizationRecord["waitedFor"];

/** Whether an activation also installs the boot loader: `test` does not touch it. */
export type SwitchMode = "switch" | "test";

/** Why a switch was ended before it was done. */
export interface SwitchCut {
  /** The seconds that it had. */
  readonly seconds: number;
  /** What it was waiting for. */
  readonly why: string;
}

/** How a switch ended. */
export interface SwitchEnd {
  readonly mode: SwitchMode;
  readonly exitCode: number;
  /** The last lines that it printed. */
  readonly tail: readonly string[];
  /** The jobs that it said had failed. */
  readonly failedJobs: readonly FailedJob[];
  /** What it said had failed for users; absent if it said nothing. */
  readonly userTrouble?: readonly string[];
  /** Whether it named any unit or user as the reason of its exit code. */
  readonly reason: "named" | "activation" | "none";
  /** Whether it had begun to change the running system. */
  readonly progress: "begun" | "nothing-changed";
  /** Absent if it ended by itself. */
  readonly cut?: SwitchCut;
}

/** Whether the other act could come now; `opensAt` is null if that is unknown. ISO 8601. */
export type OtherWindow =
  | { readonly kind: "open" }
  | { readonly kind: "closed"; readonly opensAt: string | null };

/** What each kind of event tells. */
interface Told {
  /** A process has taken the record up. */
  readonly started: object;
  readonly "gates-opened": { readonly waitedFor: Waited };
  readonly "gates-interrupted": { readonly waitedFor: Waited };
  readonly "gates-timed-out": { readonly waitedFor: Waited; readonly why: string };
  /** A gate opens at a known moment, so far off that no process waits for it. */
  readonly "gates-deferred": {
    readonly waitedFor: Waited;
    /** ISO 8601. */
    readonly until: string;
    readonly why: string;
    /** The window of the other act, if the reboot may be put off to a later moment than the switch. */
    readonly other?: OtherWindow;
  };
  readonly "turn-taken": {
    /** The units before the act. */
    readonly before: {
      readonly failed: NonNullable<FinalizationRecord["failedBefore"]>;
      readonly units: FinalizationRecord["unitsBefore"];
    };
    /** The user units that have failed already; absent if they are not examined. */
    readonly userUnits?: FinalizationRecord["userUnitsBefore"];
    /** The idle runners that the act would stop. */
    readonly idleRunners: readonly string[];
  };
  /**
   * Runners that the act would stop, and whose stop drains them. None is stopped before the record
   * names it, so that none stays stopped after a crash.
   */
  readonly "runners-found": {
    readonly units: readonly string[];
    /** The units before they are drained; absent if the act has begun. */
    readonly before?: FinalizationRecord["unitsBefore"];
  };
  /** The runners have finished their jobs and are stopped. */
  readonly drained: { readonly waitedFor: Waited };
  /** Stopped runners work again, but for those that could not be started. */
  readonly "runners-started": { readonly left: readonly string[] };
  /** The `before` of a hook has ended; with what went wrong if that does not matter. */
  readonly "before-ended": {
    readonly hook: string;
    readonly problem: string | null;
    readonly waitedFor: Waited;
  };
  /** The `before` of a hook has failed for good, and nothing is to be done without it. */
  readonly "before-failed": {
    readonly hook: string;
    readonly why: string;
    readonly waitedFor: Waited;
  };
  /** The `after` of a hook has ended, or was tried often enough. */
  readonly "after-ended": { readonly hook: string; readonly problem: string | null };
  /** Something got in the way at the last moment; nothing was done. */
  readonly "held-up": { readonly why: string };
  /** Another process acted while this one waited to continue. */
  readonly overtaken: object;
  readonly switched: SwitchEnd;
  readonly "reboot-refused": { readonly why: string };
  readonly verified: {
    readonly checks: FinalizationRecord["checks"];
    /** What still runs old code; absent if nobody examined that. */
    readonly oldCode?: FinalizationRecord["oldCode"];
    /** The user units that have newly failed; absent if they are not examined. */
    readonly userUnits?: FinalizationRecord["userUnits"];
  };
  readonly "confirmation-ended": object;
  readonly "boot-default-committed": { readonly problem: string | null };
  readonly "profile-restored": { readonly problem: string | null };
  /** Profile and boot default are the previous system's, but for the problems. */
  readonly "defaults-restored": { readonly problems: readonly string[] };
}

/** What happened last: this process started, or the effect of the last step ended. */
export type Event<K extends keyof Told = keyof Told> = {
  [P in K]: { readonly kind: P } & Told[P];
}[K];

/** What is to be done next. Effects are data; the interpreter carries them out. */
export type Effect =
  | { readonly kind: "await-gates" }
  /** Before the hooks of a reboot that was to be a switch, with the turn taken. */
  | { readonly kind: "await-reboot-gates" }
  /** Ends this process; another one takes the record up at that moment. */
  | { readonly kind: "defer"; readonly until: string }
  | { readonly kind: "take-turn" }
  /** Makes the runners of the record finish their jobs and take no new ones, with the turn taken. */
  | { readonly kind: "drain" }
  /** Starts the runners of the record again: it has to wait for a gate once more. */
  | { readonly kind: "start-runners" }
  /** Runs the `before` of a hook, with the turn taken. The record names it already. */
  | { readonly kind: "run-before"; readonly hook: string }
  /** Runs the `after` of a hook of the record, with the turn taken. */
  | { readonly kind: "run-after"; readonly hook: string }
  | { readonly kind: "switch"; readonly toplevel: string; readonly mode: SwitchMode }
  /** Makes the toplevel the next boot, then reboots. */
  | { readonly kind: "reboot"; readonly toplevel: string }
  | { readonly kind: "verify" }
  | { readonly kind: "await-confirmation"; readonly until: string }
  /** Makes a target that holds the boot default, if it was booted just once. */
  | { readonly kind: "commit-boot-default"; readonly toplevel: string }
  /** One try, so that a rollback brings the services back soon. */
  | { readonly kind: "restore-profile"; readonly toplevel: string }
  /** Tries until profile and boot default are the previous system's, for some minutes at most. */
  | { readonly kind: "restore-defaults"; readonly toplevel: string }
  | { readonly kind: "verify-rollback" }
  | { readonly kind: "finish" };

/** What a handler may look at. */
export interface Situation {
  readonly now: Date;
  readonly policy: Policy;
  readonly facts: Facts;
  /** The effect that was in progress; null if the process has just taken the record up. */
  readonly during: Effect | null;
}

export interface Observation extends Situation {
  readonly event: Event;
}

/** The record to be written, if it is a new one, and then the effect to be carried out. */
export interface Step {
  readonly record: FinalizationRecord;
  readonly effect: Effect;
}
