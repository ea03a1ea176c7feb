import * as v from "valibot";
import { argv, pattern, unitName } from "./config-schema-parts.ts";
import { RUNNER_PRESETS } from "./config.ts";

const detectionSchema = v.variant("kind", [
  v.strictObject({ kind: v.literal("processes") }),
  v.strictObject({ kind: v.literal("containers"), pattern }),
  v.strictObject({ kind: v.literal("process-name"), pattern }),
  v.strictObject({ kind: v.literal("command"), command: argv }),
]);

/** One entry of `waitFor.runners`. A unit may stand in several, each with its own way to look. */
export const runnerSchema = v.pipe(
  v.strictObject({
    unit: unitName,
    preset: v.exactOptional(v.picklist(RUNNER_PRESETS)),
    detect: v.exactOptional(detectionSchema),
  }),
  v.check(
    ({ preset, detect }) => (preset === undefined) !== (detect === undefined),
    `must have either preset (${RUNNER_PRESETS.join(", ")}) or detect`,
  ),
);
