import { refusalReason, verdict } from "../core/explain-components.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { warningsOf } from "../core/explain-warnings.ts";
import type { ExplainJson } from "../json/explain.ts";
import { type DryActivation, dryActivateGently } from "./dry-activation.ts";
import { explainGates, explainUnits, explainVerification } from "./explaining-act.ts";
import { explainFallback } from "./explaining-fallback.ts";
import { circumstancesOf, compareSystems } from "./explaining-systems.ts";
import type { Host } from "./host.ts";
import { closureSizes, comparePackages } from "./packages.ts";
import { type DraftInput, type Weighed, weigh } from "./scheduling.ts";

/** The records that this user may read, newest first; or why none. */
export type KnownRecords =
  | { readonly kind: "known"; readonly records: readonly FinalizationRecord[] }
  | { readonly kind: "hidden"; readonly why: string };

export interface ExplainInput extends Omit<DraftInput, "proposal" | "delayFlag"> {
  readonly user: "root" | "other";
  readonly records: KnownRecords;
}

/**
 * What would happen if it were scheduled now, and why. Changes nothing.
 *
 * @throws Refusal where the profile is no NixOS system
 */
export async function explain(host: Host, input: ExplainInput): Promise<ExplainJson> {
  const { config, records } = input;
  const weighed = await weigh(host, config);
  const { target, systems, decision } = weighed;
  const dry = await tryDry(host, input, weighed);
  const [closures, gates, compared] = await Promise.all([
    explainClosures(host, weighed),
    explainGates(host, input, weighed, dry),
    compareSystems(host, config, weighed),
  ]);
  const known = records.kind === "known" ? records.records : [];
  return {
    schemaVersion: 1,
    host: input.hostName,
    profile: config.profile,
    verdict: verdict(decision, systems, compared.components),
    decision: toJson(decision),
    ...compared,
    units: explainUnits(host, config, target, decision.action, dry),
    fallback: explainFallback(host, config, weighed),
    ...closures,
    ...gates,
    verification: explainVerification(config),
    warnings: warningsOf(circumstancesOf(host, config, weighed, known)),
    unseen: records.kind === "hidden" ? [`earlier finalizations: ${records.why}`] : [],
  };
}

async function tryDry(
  host: Host,
  { user }: ExplainInput,
  { target, decision }: Weighed,
): Promise<DryActivation> {
  if (decision.action === "refuse") return { kind: "unknown", why: refusalReason(decision) };
  if (decision.action === "reboot") return { kind: "unknown", why: "it would reboot" };
  if (user === "other") return { kind: "unknown", why: "only root may try a switch dry: use sudo" };
  return await dryActivateGently(host, target);
}

async function explainClosures(
  host: Host,
  { target, systems }: Weighed,
): Promise<Pick<ExplainJson, "packages" | "closure">> {
  const current = systems.current.toplevel;
  if (current === null) {
    const unknown = { kind: "unknown", why: "the running system is unknown" } as const;
    return { packages: unknown, closure: unknown };
  }
  const [packages, closure] = await Promise.all([
    comparePackages(host, current, target),
    closureSizes(host, current, target),
  ]);
  return { packages, closure };
}

function toJson(decision: Weighed["decision"]): ExplainJson["decision"] {
  return decision.action === "refuse"
    ? { ...decision, reason: refusalReason(decision), changed: [], missing: [...decision.missing] }
    : { ...decision, changed: [...decision.changed], missing: [] };
}
