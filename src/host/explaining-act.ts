import { checkFor } from "../checks/table.ts";
import type { Config } from "../core/config.ts";
import type { Decision } from "../core/decision.ts";
import { unitChanges } from "../core/explain-units.ts";
import type { GateContext, GateState } from "../gates/gate.ts";
import { loggedIn } from "../gates/logged-in.ts";
import { gatesThatMatter } from "../gates/table.ts";
import { isTouched } from "../gates/touched.ts";
import { lookAtLock } from "../lock/look.ts";
import { SlotStore } from "../lock/slot-store.ts";
import type { ExplainJson } from "../json/explain.ts";
import type { DryActivation } from "./dry-activation.ts";
import type { Host } from "./host.ts";
import { newlyWanted } from "./newly-wanted.ts";
import { draft, type DraftInput, type Weighed } from "./scheduling.ts";

/** What the act would do to units. */
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
  const stopping = [...plan.stop, ...plan.restart];
  const touched = runners.filter((runner) => isTouched(runner, stopping, bonds));
  const stopped = new Set(touched.map(({ unit }) => unit));
  const start = [...plan.start, ...newlyWanted(paths, target, bonds)];
  const changes = unitChanges({ ...plan, start }, names);
  return { kind: "known", systemd: plan.systemd, ...changes, runners: [...stopped] };
}

type Gates = Pick<ExplainJson, "gates" | "delay">;

/** The gates as they would be found if it were scheduled now. */
export async function explainGates(
  host: Host,
  input: Omit<DraftInput, "proposal" | "delayFlag">,
  { target, systems, decision }: Weighed,
  dry: DryActivation,
): Promise<Gates> {
  if (decision.action === "refuse") return { gates: [], delay: null };
  const proposal = { target, systems, plan: decision };
  const { record } = draft(host, { ...input, proposal, delayFlag: null });
  // What is narrated on the way to an act means nothing to whoever only asks.
  const context = { host: { ...host, say: () => {} }, record, config: input.config };
  const { gates } = gatesThatMatter(context, decision.action, dry);
  const waitedFor = gates.filter(({ name }) => name !== "delay");
  const seen = waitedFor.map(async (gate) => toJson(gate.name, await gate.look(context)));
  return {
    gates: [...(await Promise.all(seen)), ...(await lastGates(context, decision.action))],
    delay: record.delay,
  };
}

function toJson(name: string, state: GateState): ExplainJson["gates"][number] {
  const opensAt = state.kind === "closed" ? (state.opensAt?.toISOString() ?? null) : null;
  return { name, state: state.kind, why: state.kind === "open" ? null : state.why, opensAt };
}

/** Those that come right before a reboot. The gate of the first takes a slot: here it is looked at. */
async function lastGates(
  context: GateContext,
  action: Decision["action"],
): Promise<ExplainJson["gates"]> {
  if (action !== "reboot") return [];
  const { host, config } = context;
  const people = loggedIn(config.reboot.sessions).gate;
  const [slot, view] = await Promise.all([explainLock(host, config), people.look(context)]);
  return [...slot, toJson(people.name, view)];
}

async function explainLock(host: Host, { lock, stateDir }: Config): Promise<ExplainJson["gates"]> {
  if (lock === null) return [];
  const view = await lookAtLock(host, lock, new SlotStore(stateDir, host.say).look());
  return [{ name: "fleet lock", ...view, opensAt: null }];
}

/** How it would be verified. */
export function explainVerification({ verify, rollback }: Config): ExplainJson["verification"] {
  return {
    settleSeconds: verify.settle,
    ignoreFailedUnits: [...verify.ignoreFailedUnits],
    checks: verify.checks.map((check) => check.name ?? checkFor(check).name),
    confirmWithinSeconds: verify.confirm?.within ?? null,
    rollback: rollback.enable ? "enabled" : "disabled",
  };
}
