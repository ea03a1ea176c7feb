import { refusalReason, verdict } from "./components.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { aboutUserRunners, explainUserUnits } from "./user-units.ts";
import { warnOfOlderRun, warnOfPutOff, warnOfRejected, warningsOf } from "./warnings.ts";
import type { ExplainJson } from "../json/explain.ts";
import { dryActivateGently, type DryActivation } from "../host/nixos/dry-activation.ts";
import { explainGates, explainUnits, explainVerification } from "./act.ts";
import { warnOfBoot } from "./after-boot.ts";
import { explainFallback } from "./fallback.ts";
import { explainHooks } from "./hooks.ts";
import { explainRollout } from "./rollout.ts";
import { circumstancesOf, compareSystems, profileWithGenerations } from "./systems.ts";
import { windowsFor } from "../gates/window.ts";
import type { Config } from "../core/config/config.ts";
import { lookAtWindows } from "../host/systemd/calendar.ts";
import type { Host } from "../host/process/host.ts";
import { closureSizes, comparePackages } from "./packages.ts";
import { type DraftInput, weigh, type Weighed } from "../finalize/schedule.ts";

/** The records, newest first, or why this user may not read them. */
export type RecordsSeen =
  | { readonly kind: "known"; readonly records: readonly FinalizationRecord[] }
  | { readonly kind: "hidden"; readonly why: string };

export interface ExplainInput extends Omit<DraftInput, "proposal" | "delayFlag"> {
  readonly user: "root" | "other";
  readonly records: RecordsSeen;
  /** The profile that deploys go to, if another path is given as the profile. */
  readonly configuredProfile: string;
}

/**
 * What `schedule` would do now, and why. Changes nothing.
 *
 * @throws Refusal if the profile is not a NixOS system
 */
export async function explain(host: Host, input: ExplainInput): Promise<ExplainJson> {
  const { config, records } = input;
  const weighed = await weigh(host, config);
  const { specialisation, systems, decision } = weighed;
  const activated = activatedBy(weighed);
  const generationsIn = profileWithGenerations(config.profile, input.configuredProfile);
  const dry = await tryDry(host, input, weighed);
  const { rollout, warnings: aboutRollout } = await explainRollout(host, input, weighed);
  const [closures, gates, compared, fallback, switchWindow] = await Promise.all([
    explainClosures(host, weighed),
    explainGates(host, { ...input, rollout }, weighed, dry),
    compareSystems(host, config, weighed, generationsIn),
    explainFallback(host, config, weighed, generationsIn),
    lookAtSwitchWindow(host, config),
  ]);
  const readable = records.kind === "known" ? records.records : [];
  const circumstances = circumstancesOf(host, config, weighed, readable, generationsIn);
  return {
    schemaVersion: 1,
    host: input.hostName,
    profile: config.profile,
    verdict: verdict(decision, systems, compared.components),
    decision: toJson(decision),
    ...compared,
    specialisation,
    units: explainUnits(host, config, activated, decision.action, dry),
    userUnits: decision.action === "switch" ? explainUserUnits(host, activated) : null,
    fallback,
    ...closures,
    ...gates,
    hooks: explainHooks(config.hooks, decision),
    verification: explainVerification(config),
    warnings: [
      ...warningsOf(circumstances),
      ...aboutUserRunners(host, config, activated, input.forgeRun ?? null),
      ...warnOfPutOff(config.reboot.whilePutOff, circumstances, gates.gates, switchWindow),
      ...warnOfBoot(host, config, weighed),
      ...aboutRollout,
      ...warnOfOlderRun(config, { run: input.forgeRun ?? null, records: readable }),
      ...warnOfRejected(readable[0] ?? null, config.profile, weighed),
    ],
    unseen: records.kind === "hidden" ? [`earlier finalizations: ${records.why}`] : [],
  };
}

async function lookAtSwitchWindow(host: Host, config: Config): Promise<"open" | "closed"> {
  const windows = windowsFor(host, config, "switch");
  if (windows === null || config.reboot.whilePutOff === "wait") return "open";
  return (await lookAtWindows(host, windows)).kind === "open" ? "open" : "closed";
}

async function tryDry(
  host: Host,
  { user }: ExplainInput,
  weighed: Weighed,
): Promise<DryActivation> {
  const { decision } = weighed;
  if (decision.action === "refuse") return { kind: "unknown", why: refusalReason(decision) };
  if (decision.action === "reboot") return { kind: "unknown", why: "it would reboot" };
  if (user === "other") return { kind: "unknown", why: "only root may run dry-activate: use sudo" };
  return await dryActivateGently(host, activatedBy(weighed));
}

async function explainClosures(
  host: Host,
  weighed: Weighed,
): Promise<Pick<ExplainJson, "packages" | "closure">> {
  const target = activatedBy(weighed);
  const current = weighed.systems.current.toplevel;
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

/** What is to be current in the end. */
function activatedBy({ target, specialisation }: Weighed): string {
  return specialisation?.toplevel ?? target;
}

function toJson(decision: Weighed["decision"]): ExplainJson["decision"] {
  return decision.action === "refuse"
    ? { ...decision, reason: refusalReason(decision), changed: [], missing: [...decision.missing] }
    : { ...decision, changed: [...decision.changed], missing: [] };
}
