import * as v from "valibot";
import { described, orNull } from "./described.ts";

/** What `deliver --test` prints with `--json`. */
export const setUpSchema = v.object({
  schemaVersion: v.literal(1),
  works: described(v.boolean(), "Whether all parts work."),
  parts: described(
    v.array(
      v.object({
        name: described(
          v.string(),
          "The name of a receiver; `fleet lock`; `rollouts`; `metrics file`.",
        ),
        works: v.boolean(),
        said: described(v.string(), "What the test came to, or why it failed."),
        advice: orNull(v.string(), "What to do; null if it works, or if `said` says it."),
      }),
    ),
    "Each receiver, the fleet lock, the rollouts and the metrics file, as far as they are configured.",
  ),
});

export type SetUpJson = v.InferOutput<typeof setUpSchema>;
