import { newlyWanted, unitChanges } from "./units.ts";
import { checkFor } from "../checks/kinds.ts";
import type { Config } from "../core/config/config.ts";
import type { Decision } from "../core/decision/decision.ts";
import { whyNotRestarted } from "../core/old-code/unit-settings.ts";
import { unitTexts } from "../host/nixos/unit-texts.ts";
import type { GateState } from "../gates/gate.ts";
import { gatesFor } from "../gates/table.ts";
import { isRunnerStopped } from "../gates/runners/stopped-by-switch.ts";
import type { ExplainJson } from "../json/explain.ts";
import type { DryActivation } from "../host/nixos/dry-activation.ts";
import type { Host } from "../host/process/host.ts";
import { draft, type DraftInput, type Weighed } from "../finalize/schedule.ts";

export function explainUnits(
  { paths }: Host,
  { waitFor: { runners } }: Config,
  target: string,
  action: Decision["action"],
  dry: DryActivation,
): ExplainJson["units"] {
  const names = [...new Set(runners.map(({ unit }) => unit))];
  if (action === "reboot") return { kind: "all", runners: names };
  if (dry.kind === "unknown") return dry;
  const { plan, bonds } = dry;
  const ending = runners.filter((runner) => isRunnerStopped(runner, plan, bonds));
  const stopped = new Set(ending.map(({ unit }) => unit));
  const start = [...plan.start, ...newlyWanted(paths, target, bonds)];
  const changes = unitChanges({ ...plan, start }, names);
  const keep = changes.keep.map((unit) => ({ ...unit, why: whyKept(paths, target, unit.name) }));
  return { kind: "known", systemd: plan.systemd, ...changes, keep, runners: [...stopped] };
}

/** The unit has changed, so that its two definitions need no comparison. */
function whyKept({ currentSystem }: Host["paths"], target: string, unit: string): string {
  const now = unitTexts(target, "etc/systemd/system", unit);
  // A unit that the target does not configure comes from elsewhere; what is known of it is here.
  return whyNotRestarted(null, now ?? unitTexts(currentSystem, "etc/systemd/system", unit));
}

type Gates = Pick<ExplainJson, "gates" | "delay">;

export async function explainGates(
  host: Host,
  input: Omit<DraftInput, "proposal" | "delayFlag">,
  { decision, ...weighed }: Weighed,
  dry: DryActivation,
): Promise<Gates> {
  if (decision.action === "refuse") return { gates: [], delay: null };
  const proposal = { ...weighed, plan: decision };
  const { record } = draft(host, { ...input, proposal, delayFlag: null });
  // Without progress messages, which are for the log of a finalization.
  const context = { host: { ...host, say: () => {} }, record, config: input.config };
  const gates = gatesFor(context, { action: decision.action, seat: null, dry });
  const seen = gates
    .filter(({ name }) => name !== "delay")
    .map(async (gate) => toJson(gate.name, await gate.look(context)));
  return { gates: await Promise.all(seen), delay: record.delay };
}

function toJson(name: string, state: GateState): ExplainJson["gates"][number] {
  const opensAt = state.kind === "closed" ? (state.opensAt?.toISOString() ?? null) : null;
  return { name, state: state.kind, why: state.why ?? null, opensAt };
}

export function explainVerification({ verify, rollback }: Config): ExplainJson["verification"] {
  return {
    bootWithinSeconds: verify.bootTimeout,
    settleSeconds: verify.settle,
    ignoreFailedUnits: [...verify.ignoreFailedUnits],
    checks: verify.checks.map((check) => check.name ?? checkFor(check).name),
    confirmWithinSeconds: verify.confirm?.within ?? null,
    rollback: rollback.enable ? "enabled" : "disabled",
  };
}
