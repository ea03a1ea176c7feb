import type { FinalizationRecord } from "../core/record.ts";
import type { Announcer } from "./journal.ts";
import type { Paths } from "./paths.ts";
import type { Spawn } from "./spawn.ts";

/**
 * Tells those whom the configuration names what becomes of a finalization. Never fails, and
 * waits for no network: what is to be told is noted, and another process delivers it.
 */
export interface Reporter {
  /** A new state has been saved. */
  readonly changed: (record: FinalizationRecord) => Promise<void>;
  /** This process goes on where another one may have ended before it could tell. */
  readonly takenUp: (record: FinalizationRecord) => Promise<void>;
  /** Something that the metrics show has changed, but not the state. */
  readonly measured: (record: FinalizationRecord) => Promise<void>;
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
  /** Passes on output of a program as it comes. */
  readonly echo: (text: string) => void;
}
