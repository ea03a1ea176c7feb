import * as v from "valibot";

/** The failed units of the user managers that run. */
export const userUnitsSchema = v.object({
  failed: v.array(v.object({ user: v.string(), unit: v.string() })),
  unknown: v.pipe(
    v.array(v.object({ user: v.string(), why: v.string() })),
    v.description("Users whose manager did not answer, and why."),
  ),
  trouble: v.optional(
    v.pipe(
      v.array(v.string()),
      v.description("What the switch said had failed for users; absent if it said nothing."),
    ),
  ),
});

export type UserUnits = v.InferOutput<typeof userUnitsSchema>;
