import * as v from "valibot";
import { DEFAULT_CONFIG } from "./config.ts";
import { LONGEST_SPAN_SECONDS } from "./span.ts";

const absolutePath = v.pipe(v.string(), v.startsWith("/", "must be an absolute path"));

/** A name that stands directly in a toplevel, such as `kernel` or `kernel-modules`. */
const componentName = v.pipe(
  v.string(),
  v.regex(/^[^/\0]+$/, "must be a file name without a slash"),
  v.check((name) => name !== "." && name !== "..", "must be a file name"),
);

const wholeSeconds = v.pipe(
  v.number(),
  v.integer("must be whole seconds"),
  v.minValue(0, "must be 0 or more seconds"),
  v.maxValue(LONGEST_SPAN_SECONDS, "must be a year of seconds at most"),
);

/** The configuration file: JSON, every key optional, no unknown keys. */
export const configSchema = v.strictObject({
  profile: v.optional(absolutePath, DEFAULT_CONFIG.profile),
  stateDir: v.optional(absolutePath, DEFAULT_CONFIG.stateDir),
  /** The least time to wait in seconds; null is automatic. */
  delay: v.optional(v.nullable(wholeSeconds), DEFAULT_CONFIG.delay),
  rebootWhenChanged: v.optional(v.array(componentName), DEFAULT_CONFIG.rebootWhenChanged),
});
