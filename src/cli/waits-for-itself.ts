import type { Config } from "../core/config.ts";
import type { FinalizationRecord } from "../core/record.ts";
import { hasBegunToAct } from "../core/states.ts";
import type { FinalizationNow } from "../host/finalization-now.ts";
import { sessionOfControlGroup } from "../host/logind.ts";

/** Where `wait` runs. */
export interface Place {
  /** The text of its /proc/self/cgroup. */
  readonly controlGroups: string;
  readonly bootId: string;
  /** The CI run that it is part of, as far as the environment tells. */
  readonly forgeRun: FinalizationRecord["forgeRun"];
}

/**
 * Why a `wait` at this place would wait for itself, or null: the finalization goes on only
 * when the login session that scheduled it, or the job on a runner, has ended, and `wait`
 * is part of that.
 *
 * On a runner that a switch leaves alone it may wait, so there the finalization's own word
 * is heeded. A reboot waits for every runner.
 */
export function whyWaitsForItself(
  { record, waiting }: FinalizationNow,
  { waitFor }: Pick<Config, "waitFor">,
  place: Place,
): string | null {
  if (hasBegunToAct(record.state) && waiting === null) return null;
  const session = sessionOfControlGroup(place.controlGroups);
  if (waitFor.session && isOwnSession(record, session, place)) {
    return `this is login session ${session}, which scheduled ${record.id}`;
  }
  if (waiting?.for === "forge job" && isOwnJob(record, place)) {
    return `this is the CI job that scheduled ${record.id}, which waits for its end`;
  }
  const runner = waitFor.runners.find(({ unit }) => isBelow(unit, place.controlGroups));
  if (runner === undefined) return null;
  const isWaitedFor = waiting?.for === "CI job" && waiting.why.includes(runner.unit);
  return isWaitedFor || record.plan.action === "reboot"
    ? `this runs in a job on ${runner.unit}, whose jobs ${record.id} waits for`
    : null;
}

function isOwnSession(
  { requester, bootId, state }: FinalizationRecord,
  session: string | null,
  place: Place,
): boolean {
  const isSame = session !== null && session === requester.sessionId;
  return isSame && bootId === place.bootId && !hasBegunToAct(state);
}

function isOwnJob({ forgeRun: scheduling }: FinalizationRecord, { forgeRun: own }: Place): boolean {
  if (scheduling === null || own === null || own.run === null) return false;
  return (["forge", "repository", "run", "job"] as const).every(
    (part) => own[part] === scheduling[part],
  );
}

/** Each line is `ID:CONTROLLERS:PATH`: cgroups(7). */
function isBelow(unit: string, controlGroups: string): boolean {
  const paths = controlGroups.split("\n").map((line) => line.split(":").slice(2).join(":"));
  return paths.some((path) => path.split("/").includes(unit));
}
