import type { Config } from "../core/config/config.ts";
import type { FinalizationRecord } from "../core/record/record.ts";
import { hasBegunToAct } from "../core/states.ts";
import { isInUnit } from "../host/files/control-group.ts";
import type { FinalizationNow } from "./finalization-now.ts";
import { sessionOfControlGroup } from "../host/systemd/logind/sessions.ts";

export interface Place {
  readonly controlGroups: string;
  readonly bootId: string;
  /** The CI run that it is part of, as far as the environment says. */
  readonly forgeRun: FinalizationRecord["forgeRun"];
}

/**
 * Why `wait` would block itself here, or null: the finalization waits for the end of a login session or
 * a job, and `wait` is part of it.
 *
 * `wait` may run in a job on a runner that a switch does not stop, so the note of the finalization
 * decides there. A reboot waits for every runner.
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
  const runner = waitFor.runners.find(({ unit }) => isInUnit(unit, place.controlGroups));
  if (runner === undefined) return null;
  const isWaitedFor = waiting?.for === "CI job" && names(waiting.why, runner.unit);
  return isWaitedFor || record.plan.action === "reboot"
    ? `this is a job on ${runner.unit}, and ${record.id} waits for its jobs`
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

/** Whether a text names the unit as a whole word: other units may have longer names. */
function names(text: string, unit: string): boolean {
  const words = text.split(/[^\w:.\\@-]+/);
  return words.some((word) => word.replace(/:$/, "") === unit);
}
