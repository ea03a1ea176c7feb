import { isCommit } from "../../core/config/forge-run.ts";
import { endOfPast } from "../../core/fleet/past-end.ts";
import { stepsOf } from "../../core/fleet/progress.ts";
import type { PastRollout } from "../../core/fleet/rollout.ts";
import { printable } from "../../core/printable.ts";
import type { State } from "../../core/states.ts";
import type { GroupView, MemberView } from "../../fleet/rollouts/rollout-server.ts";

/** The status of a group, as a forge shows it. */
export interface GroupStatus {
  /** The state of a finalization that a forge shows in the same way. */
  readonly event: Extract<State, "scheduled" | "switching" | "live" | "failed" | "superseded">;
  readonly summary: string;
  /** Equal for two statuses that need not both be posted. */
  readonly step: string;
}

/** The status of the rollout that the group is in; null if there is none. */
export function groupStatus({ rollout, waves }: GroupView): GroupStatus | null {
  if (rollout === null) return null;
  const all = waves.flatMap(({ members }) => members);
  const live = all.filter(({ done }) => done === "live").length;
  const failed = all.filter(({ done }) => done === "failed");
  const ended = waves.map(({ members }) => members.every(({ done }) => done !== null));
  const complete = firstOpen(ended);
  const numbers = `${live} of ${all.length} live`;
  const steps = [complete, stepsOf(live, all.length), stepsOf(failed.length, all.length)];
  const status = (event: GroupStatus["event"], words: string): GroupStatus => ({
    event,
    summary: printable(words),
    step: JSON.stringify([event, ...steps, rollout.halt?.at ?? null]),
  });
  const where = `wave ${Math.min(complete + 1, waves.length)} of ${waves.length}`;
  if (rollout.halt !== null) {
    return status("failed", `halted, ${where}, ${numbers}: ${rollout.halt.why}`);
  }
  if (all.length > 0 && complete === waves.length) return atItsEnd(all, numbers, status);
  const failures = failed.length === 0 ? "" : `, ${failed.length} failed`;
  const hasBegun = live > 0 || failed.length > 0;
  return status(hasBegun ? "switching" : "scheduled", `${where}, ${numbers}${failures}`);
}

function firstOpen(ended: readonly boolean[]): number {
  return ended.includes(false) ? ended.indexOf(false) : ended.length;
}

/** With failures that `maxFailures` allowed, not all hosts run the commit. */
function atItsEnd(
  all: readonly MemberView[],
  numbers: string,
  status: (event: GroupStatus["event"], words: string) => GroupStatus,
): GroupStatus {
  const failed = all.filter(({ done }) => done === "failed");
  if (failed.length > 0) return status("failed", `${numbers}, failed: ${namesOf(failed)}`);
  const without = all.filter(({ done }) => done === "without");
  if (without.length > 0) return status("live", `${numbers}, without ${namesOf(without)}`);
  return status("live", numbers);
}

const MOST_NAMES = 3;

function namesOf(members: readonly MemberView[]): string {
  const names = members.slice(0, MOST_NAMES).map(({ host }) => host);
  const more = members.length - names.length;
  return more === 0 ? names.join(", ") : `${names.join(", ")} and ${more} more`;
}

/**
 * The status of a rollout that was superseded.
 *
 * @param next the name of the rollout after it
 */
export function pastStatus(past: PastRollout, next: string): GroupStatus {
  const { live, members, halt } = past;
  const numbers = `${live} of ${members} live`;
  const by = `superseded by ${isCommit(next) ? next.slice(0, 12) : next}`;
  const status = (event: GroupStatus["event"], words: string): GroupStatus => ({
    event,
    summary: printable(words),
    step: event,
  });
  const end = endOfPast(past);
  switch (end.kind) {
    case "halted":
      return status("failed", `halted, ${numbers}, ${by}: ${halt?.why ?? ""}`);
    case "live":
      return status("live", numbers);
    case "failed": {
      const hosts = [...new Set(end.blamed.map(({ host }) => host))].slice(0, MOST_NAMES);
      return status("failed", `${numbers}, failed: ${hosts.join(", ")}; ${by}`);
    }
    case "superseded":
      return status("superseded", `${by}, ${numbers}`);
  }
}
