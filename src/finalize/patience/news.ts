import { newWish } from "../../core/machine/moment/hurry.ts";
import { whyNotWanted } from "../../core/machine/not-wanted.ts";
import type { FinalizationRecord } from "../../core/record/record.ts";
import { toplevelAt } from "../../host/nixos/toplevel.ts";
import type { FinalizationContext } from "../context.ts";

/** What the record does not tell of yet: it waits for other gates, or for none. */
export function hasNews(
  { store }: Pick<FinalizationContext, "store">,
  record: FinalizationRecord,
): boolean {
  const isHurried = newWish(record, store.requests(record.id)) !== null;
  return isHurried || isCancelledOrSuperseded({ store }, record);
}

export function isCancelledOrSuperseded(
  { store }: Pick<FinalizationContext, "store">,
  record: FinalizationRecord,
) {
  const [newest, profile] = [store.newest(), toplevelAt(record.profile)];
  const requests = store.requests(record.id);
  return whyNotWanted(record, { newest, profile, requests }) !== null;
}
