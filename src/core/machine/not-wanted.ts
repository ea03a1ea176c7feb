import { type FinalizationRecord, isReplacedBy } from "../record/record.ts";
import { conclude } from "./transitions.ts";
import type { Facts, Requests, Situation, Step } from "./types.ts";

/** How a finalization that must not act any more ends. */
export interface NotWanted {
  readonly state: "cancelled" | "superseded";
  readonly reason: string;
}

/** Why a finalization that has not begun to act must not act any more; null while it may. */
export function whyNotWanted(
  record: FinalizationRecord,
  facts: Pick<Facts, "newest" | "profile"> & { readonly requests: Pick<Requests, "cancel"> },
): NotWanted | null {
  const { newest, profile, requests } = facts;
  if (requests.cancel !== null) {
    return { state: "cancelled", reason: `cancelled by ${requests.cancel}` };
  }
  // A finalization that was never armed finds an older one as the newest: the older one has not superseded it.
  const isOlder = newest !== null && newest < record.id;
  if (profile !== record.target && (isOlder || !isReplacedBy(newest, record))) {
    return { state: "superseded", reason: inWords(profile) };
  }
  return isReplacedBy(newest, record)
    ? { state: "superseded", reason: `superseded by ${newest}` }
    : null;
}

function inWords(profile: string | null): string {
  return profile === null
    ? "the profile does not resolve any more"
    : `the profile moved to ${profile}`;
}

/** The end of a finalization that is not wanted any more; null while it is wanted. */
export function dropIfNotWanted(record: FinalizationRecord, seen: Situation): Step | null {
  const why = whyNotWanted(record, seen.facts);
  return why === null ? null : conclude(record, seen, why.state, { reason: why.reason });
}
