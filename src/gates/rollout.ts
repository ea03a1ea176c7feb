import type { Config } from "../core/config/config.ts";
import type { Plan } from "../core/decision/decision.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { holderOf } from "../fleet/holder.ts";
import type { RolloutPart } from "../fleet/part/rollout-part.ts";
import {
  type FleetTerms,
  fleetTermsOf,
  groupOf,
  loadServerFor,
  type RolloutServerFor,
  selfOf,
} from "../fleet/part/terms.ts";
import type { Admission } from "../fleet/rollouts/rollout-server.ts";
import { seenAtGate } from "../fleet/rollouts/seen.ts";
import { pause } from "../host/process/time.ts";
import type { Turn } from "../state-dir/turn.ts";
import { type Gate, type GateContext, type GateState, looked } from "./gate.ts";
import { completesReboot } from "./window.ts";

/** Where a finalization asks to act in the rollout of its group. */
export interface RolloutSeat {
  readonly part: Pick<RolloutPart, "admit" | "change" | "isNewest" | "letGo">;
  readonly turn: Pick<Turn, "isMine" | "try" | "release">;
}

/**
 * The rollout that an act waits for; null if there is none. A rollback by hand takes part in none: it may be
 * the way out of a bad rollout. The act whose reboot is over has been allowed already.
 */
export function rolloutOf(
  config: Pick<Config, "lock" | "fleet">,
  record: FinalizationRecord,
  action: Plan["action"],
): (FleetTerms & { readonly name: string }) | null {
  const terms = fleetTermsOf(config);
  const { rollout: name, rollbackOf } = record;
  if (terms === null || name === null || rollbackOf !== null) return null;
  return completesReboot(record, action) ? null : { ...terms, name };
}

/**
 * The rollout of the group. A look joins it, so the gate is looked at only when every other gate is open; it
 * is asked once more right before the act.
 *
 * Unknown waits: a group that cannot be asked permits nothing. It waits for as long as it takes: a halted
 * rollout may take days, and giving up would count as a failure.
 *
 * @param seat null to look what the answer would be, without joining
 */
export function rollout(
  terms: FleetTerms & { readonly name: string },
  seat: RolloutSeat | null,
  serverFor: () => Promise<RolloutServerFor> = loadServerFor,
): Gate {
  let isAnotherActing = false;
  return {
    name: "rollout",
    whenUnknown: "wait",
    atDeadline: "wait-on",
    look: async (context) => {
      if (seat === null) return await previewed(terms, context, serverFor);
      const answer = await askInTurn(seat);
      isAnotherActing = answer.kind === "another-acts";
      await report(terms, context, answer);
      return stateOf(answer);
    },
    change: async (_context, signal) => {
      if (isAnotherActing || seat === null) await pause(ANOTHER_ACTS_MS, signal);
      else await seat.part.change(signal);
    },
    leave: () => {
      seat?.part.letGo();
    },
  };
}

/** How often to look whether another finalization of this host still acts. */
const ANOTHER_ACTS_MS = 2000;

/** What the host came to: the answer of the group, or why it has not asked. */
type Answer = Admission | { readonly kind: "another-acts" } | { readonly kind: "outdated" };

/**
 * Only the newest finalization asks, and only with the turn: an older one that acts has to end in its own
 * rollout before this host joins the next one. The turn is given up again, because the wait may take days.
 */
async function askInTurn({ part, turn }: RolloutSeat): Promise<Answer> {
  const hadTurn = turn.isMine();
  if (!(await turn.try())) return { kind: "another-acts" };
  try {
    return part.isNewest() ? await part.admit() : { kind: "outdated" };
  } finally {
    if (!hadTurn) await turn.release();
  }
}

/** For the metrics and the status of the group. */
async function report(
  { name: rolloutName, ...terms }: FleetTerms & { readonly name: string },
  { host, record }: GateContext,
  answer: Answer,
): Promise<void> {
  if (answer.kind === "another-acts" || answer.kind === "outdated") return;
  const who = { rollout: rolloutName, wave: terms.fleet.wave };
  const seen = seenAtGate(groupOf(terms), who, answer);
  if (seen !== null) await host.report?.rollout(record, seen);
}

function stateOf(answer: Answer): GateState {
  switch (answer.kind) {
    case "admitted":
      return { kind: "open" };
    case "held":
      return { kind: "closed", why: answer.why };
    case "unknown":
      return answer;
    case "another-acts":
      return { kind: "closed", why: "another finalization is acting" };
    case "outdated":
      return { kind: "closed", why: "a newer finalization is scheduled" };
  }
}

/** Seconds: a person who looks waits less long than a host that has to act. */
const LONGEST_LOOK = 5;

/** The answer if this host asked now. It does not join. */
async function previewed(
  terms: FleetTerms & { readonly name: string },
  { host, record, config }: GateContext,
  serverFor: () => Promise<RolloutServerFor>,
): Promise<GateState> {
  const state = await looked(async () => {
    const { lock, fleet, name } = terms;
    const holder = holderOf(lock, host.paths.machineId);
    const asked = { ...lock, timeout: Math.min(lock.timeout, LONGEST_LOOK) };
    const server = (await serverFor())(asked, fleet, holder, host.now, config.proxy);
    const { id: finalization, targetGeneration: generation } = record;
    const part = { finalization, rollout: name, generation, holder, fleet };
    return stateOf(await server.preview(selfOf(part, record.host)));
  });
  const why = state.why === undefined ? "it may act now" : state.why;
  return { ...state, why: `group ${groupOf(terms)}: ${why}` };
}
