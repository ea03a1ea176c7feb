import { quoted } from "../core/answer.ts";
import type { Config } from "../core/config/config.ts";
import { messageOf } from "../core/refusal.ts";
import {
  failedInWords,
  MOST_FAILED,
  newlyFailed,
  troubleInWords,
  withTrouble,
} from "../core/user-units/judge.ts";
import type { UserUnits } from "../core/user-units/schema.ts";
import type { Host } from "../host/process/host.ts";
import {
  activeManagers,
  failedUnitsOf,
  type UserManager,
  usersWithManager,
} from "../host/systemd/user-managers.ts";
import type { CheckResult } from "./kinds.ts";

type Mode = Config["verify"]["userUnits"];

/** All managers together; one that does not answer by then is unknown. */
const MOST_MS = 5000;
const MOST_MANAGERS = 50;

/** The failed user units of now; null if they are not to be examined. Never fails. */
export async function failedUserUnits(
  host: Host,
  mode: Mode,
  stop: AbortSignal,
): Promise<UserUnits | null> {
  if (mode === "ignore") return null;
  const signal = AbortSignal.any([stop, AbortSignal.timeout(MOST_MS)]);
  const userIds = usersWithManager(host.paths);
  try {
    if (userIds.length > MOST_MANAGERS) throw new Error(`more than ${MOST_MANAGERS} managers run`);
    const managers = await activeManagers(host, userIds, signal);
    const seen = await Promise.all(managers.map(async (one) => await examine(host, one, signal)));
    return {
      failed: seen.flatMap(({ failed }) => failed),
      unknown: seen.flatMap(({ unknown }) => unknown),
    };
  } catch (error) {
    return { failed: [], unknown: [{ user: "all users", why: quoted(messageOf(error)) }] };
  }
}

async function examine(host: Host, manager: UserManager, signal: AbortSignal): Promise<UserUnits> {
  const { user } = manager;
  try {
    const units = await failedUnitsOf(host, manager, signal);
    if (units.length > MOST_FAILED) throw new Error(`more than ${MOST_FAILED} units have failed`);
    return { failed: units.map((unit) => ({ user, unit })), unknown: [] };
  } catch (error) {
    const why = signal.aborted ? `no answer within ${MOST_MS / 1000} s` : messageOf(error);
    return { failed: [], unknown: [{ user, why: quoted(why) }] };
  }
}

export interface Examined {
  /** What has newly failed; null if that is not examined. */
  readonly userUnits: UserUnits | null;
  /** A check only if failed user units are to fail the verification. */
  readonly checks: readonly CheckResult[];
}

/** What is known before user units are examined. */
export interface Known {
  /** The user units that had failed before the act; null if nobody examined them. */
  readonly before: UserUnits | null;
  /** What the switch said had failed for users. */
  readonly trouble: readonly string[];
}

const NOTHING: UserUnits = { failed: [], unknown: [] };

/** What became of the user units in an act. What is unknown fails no verification. */
export async function verifyUserUnits(
  host: Host,
  mode: Mode,
  { before, trouble }: Known,
  stop: AbortSignal,
): Promise<Examined> {
  const begin = host.elapsedMs();
  const now = await failedUserUnits(host, mode, stop);
  if (now === null) return { userUnits: null, checks: [] };
  // If nobody examined it before the act, nothing can be said to be new.
  if (before === null && trouble.length === 0) return { userUnits: null, checks: [] };
  const failed = before === null ? NOTHING : newlyFailed(before, now);
  const userUnits = withTrouble(failed, trouble);
  if (mode === "warn") return { userUnits, checks: [] };
  const seconds = Math.round(host.elapsedMs() - begin) / 1000;
  const check = { name: "user units", kind: "failed-user-units", seconds, ...verdict(userUnits) };
  return { userUnits, checks: [check] };
}

function verdict(seen: UserUnits): Pick<CheckResult, "result" | "detail"> {
  const failed = seen.failed.length > 0 ? [`${failedInWords(seen)} failed`] : [];
  const problems = [...failed, ...troubleInWords(seen)];
  if (problems.length > 0) return { result: "failed", detail: problems.join("; ") };
  const silent = seen.unknown.map(({ user }) => user).join(", ");
  const detail = silent === "" ? "no user unit has newly failed" : `unknown for ${silent}`;
  return { result: "passed", detail };
}
