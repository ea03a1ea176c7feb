import * as v from "valibot";
import { described, orNull } from "./described.ts";

/** Whether a host comes back from a target that does not boot. */
export const fallbackSchema = v.object({
  wanted: v.picklist(["auto", "require", "off"]),
  loader: orNull(v.string(), "Null if none is known."),
  comesBack: described(
    v.picklist(["by-itself", "after-a-reset", "no"]),
    "Whether the host comes back with the previous system if the target does not boot.",
  ),
  obstacle: orNull(
    v.string(),
    "Why the host cannot fall back if the target does not boot; null if it can.",
  ),
  waits: orNull(
    v.string(),
    "What the host would wait for at its console before it comes back; null if nothing is known, or if it cannot fall back.",
  ),
  advice: described(
    v.array(v.string()),
    "Options that make a panic or a hang of the target end in a reset.",
  ),
});

export type FallbackJson = v.InferOutput<typeof fallbackSchema>;
