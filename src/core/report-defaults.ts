import type { InferOutput } from "valibot";
import type { receiverSchema } from "./config-schema-report.ts";
import type { State } from "./states.ts";

/** Who is told what becomes of a finalization; docs/reports.md describes each kind. */
export type ReceiverConfig = Readonly<InferOutput<typeof receiverSchema>>;
export type ReceiverKind = ReceiverConfig["kind"];

/** A receiver of one kind, or of one of several. */
export type ReceiverOf<Kind extends ReceiverKind> = Extract<
  ReceiverConfig,
  { readonly kind: Kind }
>;

/** Forges that run CI and hold commit statuses. */
export const FORGES = ["forgejo", "gitea", "github", "gitlab"] as const;
export type ForgeKind = (typeof FORGES)[number];
export type ForgeReceiver = ReceiverOf<ForgeKind>;

/** The key `report` of the configuration. */
export interface ReportConfig {
  readonly receivers: readonly ReceiverConfig[];
  /** The textfile for Prometheus' node_exporter; null for none. */
  readonly metricsFile: string | null;
  /** Seconds that one try may take. */
  readonly timeout: number;
  /** Seconds until the second try, and between two tries at most; in between it doubles. */
  readonly retry: { readonly first: number; readonly most: number };
  /** Seconds after which a report that could not be delivered is given up. */
  readonly giveUpAfter: number;
}

/** What people want to hear of, where nothing is configured. */
export const END_EVENTS = ["live", "rolled-back", "failed"] as const satisfies State[];

/** A commit's status must also be given, and must never stay pending. */
export const FORGE_EVENTS = [
  "scheduled",
  ...END_EVENTS,
  "superseded",
  "cancelled",
] as const satisfies State[];

export const REPORT_DEFAULTS: ReportConfig = {
  receivers: [],
  metricsFile: null,
  timeout: 30,
  retry: { first: 2, most: 300 },
  giveUpAfter: 86_400,
};

/** Whether anything is to be told to anybody. */
export function wantsReports({ receivers, metricsFile }: ReportConfig): boolean {
  return receivers.length > 0 || metricsFile !== null;
}

/** Commit statuses, but no other receivers, are about a commit. */
export function isForge(receiver: ReceiverConfig): receiver is ForgeReceiver {
  return FORGES.some((forge) => forge === receiver.kind);
}
