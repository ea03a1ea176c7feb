import type { Config } from "../config.ts";

/** A setting with a right value that nobody can mean. */
export interface Nonsense {
  readonly key: string;
  /** What is wrong with it; null if nothing is. */
  readonly why: (config: Config) => string | null;
}
