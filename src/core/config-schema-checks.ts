import * as v from "valibot";
import {
  argv,
  fractionOfSeconds,
  someText,
  unitName,
  webAddress,
  wholeSeconds,
} from "./config-schema-parts.ts";
import { DEFAULT_CHECK_TIMES } from "./config.ts";

const common = {
  name: v.exactOptional(someText),
  timeout: v.optional(fractionOfSeconds, DEFAULT_CHECK_TIMES.timeout),
  interval: v.optional(fractionOfSeconds, DEFAULT_CHECK_TIMES.interval),
  deadline: v.optional(wholeSeconds, DEFAULT_CHECK_TIMES.deadline),
};

const whole = v.pipe(v.number(), v.integer("must be a whole number"));
const status = v.pipe(whole, v.minValue(100), v.maxValue(599, "must be a status below 600"));
const port = v.pipe(whole, v.minValue(1), v.maxValue(65_535, "must be a port up to 65535"));

/** One entry of `verify.checks`. */
export const checkSchema = v.variant("kind", [
  v.strictObject({ ...common, kind: v.literal("unit"), unit: unitName }),
  v.strictObject({ ...common, kind: v.literal("command"), command: argv }),
  v.strictObject({
    ...common,
    kind: v.literal("http"),
    url: webAddress,
    status: v.exactOptional(status),
    body: v.exactOptional(v.string()),
  }),
  v.strictObject({ ...common, kind: v.literal("tcp"), host: someText, port }),
]);
