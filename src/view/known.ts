import type { FinalizationRecord } from "../core/record.ts";
import type { Driver } from "../host/driver.ts";
import type { HostNow } from "../host/host-view.ts";
import type { Now } from "./headline.ts";

/** What is known of a finalization that is looked at. */
export interface Known extends Now {
  readonly record: FinalizationRecord;
  /** Null where it has ended. */
  readonly driver: Driver | null;
  readonly place: "newest" | "older";
  /** Whether it goes back by itself where something does not hold. */
  readonly wayBack: "enabled" | "disabled";
}

/** What runs, and what the profile is at. */
export type Systems = Pick<HostNow, "current" | "profile">;

/** Whether the target of one that was dropped still waits for the next boot; a newer one answers for that itself. */
export function awaitsBoot({ record, place }: Known, { current, profile }: Systems): boolean {
  const { target } = record;
  return place === "newest" && profile.toplevel === target && current.toplevel !== target;
}
