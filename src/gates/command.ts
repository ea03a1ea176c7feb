import { commandGateName } from "../core/gate-names.ts";
import type { Window } from "../core/config/windows/window-config.ts";
import type { CommandGateConfig } from "../core/config/wait-for/gates.ts";
import { quoted } from "../core/answer.ts";
import type { Plan } from "../core/decision/decision.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { describeEnd, type Ended } from "../host/process/spawn.ts";
import { atWindowOrDeadline, type Gate, type GateState, OPEN, polled } from "./gate.ts";

/**
 * A program of the operator that says whether to act: exit code 0 opens, 1 closes, and its last line
 * says why. Any other end is unknown, and waits: a program that fails has not allowed anything.
 *
 * @param action what would be done; the program is told
 */
export function commandGate(
  { name, command, timeout }: CommandGateConfig,
  action: Plan["action"],
  windows: readonly Window[] | null,
): Gate {
  return {
    name: commandGateName(name),
    whenUnknown: "wait",
    atDeadline: atWindowOrDeadline(windows),
    pace: "slow",
    look: async ({ host, record }, stop) => {
      const ended = await host.spawn(command, {
        env: environmentOf(record, action),
        timeoutMs: timeout * 1000,
        streams: "ends",
        ...(stop !== undefined && { signal: stop }),
      });
      return toGateState(ended);
    },
    change: polled(5_000),
  };
}

/** What a program may decide by. */
function environmentOf(
  { id, target }: Pick<FinalizationRecord, "id" | "target">,
  action: Plan["action"],
): Readonly<Record<string, string>> {
  return {
    DEPLOY_FINALIZE_ID: id,
    DEPLOY_FINALIZE_ACTION: action,
    DEPLOY_FINALIZE_TARGET: target,
  };
}

export function toGateState(ended: Ended): GateState {
  if (ended.exitCode === 0) return OPEN;
  if (ended.exitCode !== 1) return { kind: "unknown", why: describeEnd(ended) };
  const said = lastLineOf(ended.stdout) ?? lastLineOf(ended.stderr);
  return { kind: "closed", why: said ?? `${ended.argv[0]} ended with exit code 1` };
}

function lastLineOf(text: string): string | null {
  const line = quoted(text.split("\n").findLast((one) => one.trim() !== "") ?? "").trim();
  return line === "" ? null : line;
}
