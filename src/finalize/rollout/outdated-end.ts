import type { Part, PartEnd } from "../../core/record/fleet/part.ts";
import { lookAtPart } from "../../fleet/part/part-store.ts";
import { fleetTermsOf, groupOf, isSameGroup } from "../../fleet/part/terms.ts";
import type { FinalizationContext } from "../context.ts";
import { endAfterOvertaken } from "./end-to-tell.ts";

/** What follows if an end is not to be told any more. */
export type Outdated =
  | { readonly kind: "tell-instead"; readonly end: PartEnd }
  | { readonly kind: "give-up"; readonly why: string };

type OutdatedContext = Pick<FinalizationContext, "host" | "store" | "config">;

/** A server that is not configured any more is asked for so long, in milliseconds. */
const GONE_AFTER_MS = 24 * 3_600_000;

/**
 * Why the end of a part is not to be told any more; null if it is. Etcd may have been away for days, and the
 * host may have gone on.
 *
 * @param endedAt since when the end may be told
 * @param tries how often it was tried by this process
 */
export async function outdatedEnd(
  context: OutdatedContext,
  { id, endedAt }: { readonly id: string; readonly endedAt: Date },
  part: Part,
  tries: number,
): Promise<Outdated | null> {
  const { store } = context;
  const kind = part.end?.kind;
  const by = kind === "live" || kind === "left" ? await store.actedSince(id) : null;
  if (by !== null && kind === "live") {
    return { kind: "tell-instead", end: await endAfterOvertaken(context, by) };
  }
  if (tries === 0) return null;
  if (by !== null && (await lookAtPart(store, by)) !== null) {
    return { kind: "give-up", why: `${by} has acted since, and tells its own end` };
  }
  return isServerGone(context, endedAt, part)
    ? { kind: "give-up", why: "its server is not configured any more" }
    : null;
}

/** @param endedAt as in `outdatedEnd` */
export function isServerGone(
  { host, config }: Pick<OutdatedContext, "host" | "config">,
  endedAt: Date,
  part: Part,
): boolean {
  const terms = fleetTermsOf(config);
  if (terms !== null && isSameGroup({ ...terms, holder: part.holder }, part)) return false;
  return host.now().getTime() - endedAt.getTime() > GONE_AFTER_MS;
}

/** For the journal. */
export function givesUp(part: Part, why: string): string {
  return `does not try any more to tell the group ${groupOf(part)} of ${part.rollout}: ${why}`;
}
