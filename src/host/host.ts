import type { Paths } from "./paths.ts";
import type { Spawn } from "./spawn.ts";

/** What every edge needs of the machine; tests hand in their own. */
export interface Host {
  readonly spawn: Spawn;
  readonly now: () => Date;
  readonly paths: Paths;
  /** One line of narration for the operator and the journal. */
  readonly say: (line: string) => void;
  /** Passes on output of a program as it comes. */
  readonly echo: (text: string) => void;
}
