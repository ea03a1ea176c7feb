import * as v from "valibot";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The units that still run code that the running system does not have. */
export const oldCodeSchema = v.variant("kind", [
  v.object({
    kind: v.literal("known"),
    units: v.array(
      v.object({
        unit: v.pipe(v.string(), v.description("A unit, or `user session of NAME`, or `no unit`.")),
        why: v.pipe(v.string(), v.description("Why it was not restarted; `unknown` if unknown.")),
        processes: v.pipe(count, v.description("How many of its processes run old code.")),
        paths: v.pipe(
          v.array(v.string()),
          v.description("Store paths of old code, at most three."),
        ),
      }),
    ),
    more: v.pipe(count, v.description("How many further units the list leaves out.")),
  }),
  v.object({
    kind: v.literal("unknown"),
    why: v.pipe(v.string(), v.description("Why the processes could not be examined.")),
  }),
]);

export type OldCode = v.InferOutput<typeof oldCodeSchema>;

/** How many units are on old code; null if that is unknown. */
export function unitsOnOldCode(seen: OldCode | null): number | null {
  return seen?.kind === "known" ? seen.units.length + seen.more : null;
}
