import * as v from "valibot";
import { checkSchema } from "./config-schema-checks.ts";
import {
  absolutePath,
  componentName,
  unitGlob,
  wholeSeconds,
  someSeconds,
} from "./config-schema-parts.ts";
import { reportSchema } from "./config-schema-report.ts";
import { lockSchema } from "./config-schema-lock.ts";
import { rebootSchema } from "./config-schema-reboot.ts";
import { runnerSchema } from "./config-schema-runners.ts";
import { DEFAULT_CONFIG } from "./config.ts";

const { waitFor, verify, rollback } = DEFAULT_CONFIG;

const waitForSchema = v.strictObject({
  session: v.optional(v.boolean(), waitFor.session),
  runners: v.optional(v.array(runnerSchema), [...waitFor.runners]),
  units: v.optional(v.array(unitGlob), [...waitFor.units]),
  timeout: v.optional(wholeSeconds, waitFor.timeout),
  onTimeout: v.optional(v.picklist(["give-up", "proceed"]), waitFor.onTimeout),
});

const confirmSchema = v.strictObject({ within: someSeconds });

const verifySchema = v.strictObject({
  settle: v.optional(wholeSeconds, verify.settle),
  ignoreFailedUnits: v.optional(v.array(unitGlob), [...verify.ignoreFailedUnits]),
  checks: v.optional(v.array(checkSchema), []),
  confirm: v.optional(v.nullable(confirmSchema), verify.confirm),
});

/** The configuration file: JSON, every key optional, no unknown keys at any level. */
export const configSchema = v.strictObject({
  profile: v.optional(absolutePath, DEFAULT_CONFIG.profile),
  stateDir: v.optional(absolutePath, DEFAULT_CONFIG.stateDir),
  delay: v.optional(v.nullable(wholeSeconds), DEFAULT_CONFIG.delay),
  rebootWhenChanged: v.optional(v.array(componentName), [...DEFAULT_CONFIG.rebootWhenChanged]),
  waitFor: v.optional(waitForSchema, {}),
  verify: v.optional(verifySchema, {}),
  report: v.optional(reportSchema, {}),
  rollback: v.optional(v.strictObject({ enable: v.optional(v.boolean(), rollback.enable) }), {}),
  reboot: v.optional(rebootSchema, {}),
  lock: v.optional(v.nullable(lockSchema), DEFAULT_CONFIG.lock),
});
