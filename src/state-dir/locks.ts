/**
 * The locks of the state folder, besides the one of each finalization. ARCHITECTURE.md says who takes
 * which, for how long, and in which order.
 */
export const LOCKS = ["turn", "schedule", "slot", "deliver", "deliver-commands"] as const;

export type LockName = (typeof LOCKS)[number];
