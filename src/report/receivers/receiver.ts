import type { ReceiverConfig } from "../../core/report-defaults.ts";
import type { Host } from "../../host/host.ts";
import type { ReportEvent } from "../event.ts";

/** How one try to deliver a report ended. */
export type Sent =
  | { readonly kind: "delivered" }
  /** Worth another try, not before the moment given, if one is. */
  | { readonly kind: "failed"; readonly why: string; readonly notBefore: Date | null }
  /** No try will ever do better. */
  | { readonly kind: "refused"; readonly why: string };

/** A report on its way. */
export interface Outgoing {
  readonly host: Host;
  readonly event: ReportEvent;
  /** Tells the operator of something to be mended that hinders nothing. */
  readonly warn: (words: string) => void;
  /** Ends the try. */
  readonly signal: AbortSignal;
}

/** Brings a report to a receiver of one kind. Never rejects; what it tells holds no secret. */
export type SendTo<Config extends ReceiverConfig> = (
  config: Config,
  outgoing: Outgoing,
) => Promise<Sent>;

export const DELIVERED: Sent = { kind: "delivered" };
