import type { InferOutput } from "valibot";
import type { configSchema } from "./config-schema.ts";
import { DEFAULT_REBOOT_WHEN_CHANGED } from "./decision.ts";
import type { FinalizationRecord } from "./record.ts";

export type Config = Readonly<InferOutput<typeof configSchema>>;

/** What holds where the configuration file is silent, or where there is none. */
export const DEFAULT_CONFIG = {
  profile: "/nix/var/nix/profiles/system",
  stateDir: "/var/lib/deploy-finalize",
  delay: null as number | null,
  rebootWhenChanged: [...DEFAULT_REBOOT_WHEN_CHANGED],
};

/** The delay where nothing tells when the job that deploys is over. */
export const DELAY_WITHOUT_GATES_SECONDS = 60;

/** The delay of a finalization: the flag, else the configuration, else automatic. */
export function effectiveDelay(flag: number | null, config: Config): FinalizationRecord["delay"] {
  if (flag !== null) return { seconds: flag, source: "flag" };
  if (config.delay !== null) return { seconds: config.delay, source: "configuration" };
  return { seconds: DELAY_WITHOUT_GATES_SECONDS, source: "automatic" };
}
