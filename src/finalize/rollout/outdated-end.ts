import type { Part, PartEnd } from "../../core/record/fleet/part.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import type { FinalizationContext } from "../context.ts";
import { endAfterOvertaken } from "./end-to-tell.ts";

/** What follows if an end is not to be told any more. */
export interface Outdated {
  readonly kind: "tell-instead";
  readonly end: PartEnd;
}

/**
 * Why the end of a part is not to be told any more; null if it is. Etcd may have been away for days, and the
 * host may have gone on.
 */
export async function outdatedEnd(
  { store }: Pick<FinalizationContext, "store">,
  { id }: Pick<FinalizationRecord, "id">,
  { end }: Pick<Part, "end">,
): Promise<Outdated | null> {
  if (end?.kind !== "live") return null;
  const by = await store.actedSince(id);
  return by === null ? null : { kind: "tell-instead", end: await endAfterOvertaken({ store }, by) };
}
