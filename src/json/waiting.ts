import * as v from "valibot";
import { moment } from "../core/record/clock-schema.ts";
import { described, orNull } from "./described.ts";

/** The current wait of a finalization's process. */
export const waitingSchema = v.object({
  for: described(v.string(), "A gate, `turn`, `switch`, or the step of the verification."),
  why: v.string(),
  since: moment,
  until: orNull(moment, "When the wait ends at the latest."),
  next: orNull(
    v.picklist(["give-up", "proceed"]),
    "What happens then; null if that depends on the host then.",
  ),
});
