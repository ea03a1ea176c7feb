import type { RolloutSeen } from "../../core/fleet/seen.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import type { Paths } from "../files/paths.ts";
import type { Spawn } from "./spawn.ts";
import type { JournalEntry } from "../../core/record/journal-entry.ts";

/** `missing`: something could not be noted, for example because there are no file descriptors left. */
export type Noted = "noted" | "missing";

/**
 * Tells those whom the configuration names what becomes of a finalization. Never fails, and
 * waits for no network: what is to be told is noted, and another process delivers it.
 */
export interface Reporter {
  /** A new state has been saved. Resolves to whether all that is to be told of it is noted. */
  readonly changed: (record: FinalizationRecord) => Promise<Noted>;
  /** This process goes on where another one may have ended before it could tell. */
  readonly takenUp: (record: FinalizationRecord) => Promise<void>;
  /** It has ended: until `stop`, sees to it that what is owed is being delivered. */
  readonly settled: (record: FinalizationRecord, stop: AbortSignal) => Promise<void>;
  /** Something that the metrics show has changed, but not the state. */
  readonly measured: (record: FinalizationRecord) => Promise<void>;
  /** Its switch takes long; `why` is a sentence for people. */
  readonly late: (record: FinalizationRecord, why: string) => Promise<void>;
  /** Its gate, its end or an operator on this host has seen the rollout of the group: see RolloutSeen. */
  readonly rollout: (record: FinalizationRecord, seen: RolloutSeen) => Promise<void>;
}

/** Schedules the reboot that a finalization which is live has put off, unless it is scheduled already. */
export type ScheduleReboot = (record: FinalizationRecord) => Promise<void>;

/** Starts the unit of the newest finalization, and of those that owe something, if nothing drives them. */
export type DriveOthers = (record: FinalizationRecord) => Promise<void>;

/** Tells of an event. Never fails, and never keeps a finalization up: see `Journal`. */
export interface Announcer {
  /** On stderr for whoever looks on, and in the journal; once where stderr is the journal. */
  readonly announce: (entry: JournalEntry) => Promise<void>;
  /** In the journal alone: for `schedule`, and for what is told on stderr by other means. */
  readonly leave: (entry: JournalEntry) => Promise<void>;
}

/** The unit whose main process this is. */
export interface OwnUnit {
  /** Where systemd listens to it. */
  readonly notifySocket: string;
  /**
   * systemd may know that this process ends. It stops the process no more then: a shutdown would wait
   * for ten minutes, and then kill what the process does.
   */
  isEndTold: boolean;
}

/** What every edge needs of the machine; tests hand in their own. */
export interface Host {
  readonly spawn: Spawn;
  readonly now: () => Date;
  /** Milliseconds since some moment; does not jump when the clock is set. */
  readonly elapsedMs: () => number;
  readonly paths: Paths;
  /** One line of narration for the operator and the journal. */
  readonly say: (line: string) => void;
  /** Events, each with an entry of its own in the journal. */
  readonly journal: Announcer;
  /** Absent where nobody is told anything. */
  readonly report?: Reporter;
  /** Absent where no finalization is driven. */
  readonly scheduleReboot?: ScheduleReboot;
  /** Absent where no finalization is driven. */
  readonly driveOthers?: DriveOthers;
  /** Absent outside of a unit. */
  readonly ownUnit?: OwnUnit;
  /** Passes on output of a program as it comes. */
  readonly echo: (text: string) => void;
}

/** How a unit calls this program. */
export interface OwnCommand {
  readonly command: readonly string[];
  /** The PATH of the unit: PID 1 has none on NixOS. */
  readonly path: string;
}
