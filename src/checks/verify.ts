import { printableLine } from "../core/printable.ts";
import type { CheckConfig, Config } from "../core/config/config.ts";
import type { Host } from "../host/process/host.ts";
import type { TellWaiting } from "../state-dir/waiting-note.ts";
import { type Check, checkFor, type CheckResult, type CheckState } from "./kinds.ts";
import type { Standard } from "./findings.ts";
import { watchSettling } from "./settling.ts";
import { messageOf } from "../core/refusal.ts";
import { pause, timeLimit } from "../host/process/time.ts";

/**
 * Verifies the system after acting: first that its units settle, then all configured checks at
 * the same time. If the units do not settle, it skips the checks: the rollback must not wait for
 * their deadlines.
 *
 * @param units how the units were before the act, and what the act said of them
 * @param tell gets the present step, for `status`
 * @param signal ends it early; the caller must look at the signal first, because a check that has not passed counts as failed
 */
export async function verify(
  host: Host,
  config: Config["verify"],
  units: Omit<Standard, "ignored">,
  signal: AbortSignal,
  tell: TellWaiting = () => {},
): Promise<CheckResult[]> {
  try {
    tell(noteOf(host, "units", "they must stay up", config.settle));
    const settled = await settle(host, config, units, signal);
    if (settled.result === "failed") return [settled];
    return [settled, ...(await runChecks(host, config.checks, signal, tell))];
  } finally {
    tell(null);
  }
}

/** All at the same time; the note names the checks that still run. */
async function runChecks(
  host: Host,
  configs: readonly CheckConfig[],
  signal: AbortSignal,
  tell: TellWaiting,
): Promise<CheckResult[]> {
  const begin = host.now();
  const left = new Set(configs);
  const told = (): void => {
    const names = [...left].map((config) => config.name ?? checkFor(config).name);
    const longest = Math.max(...[...left].map(({ deadline, timeout }) => deadline + timeout));
    if (left.size > 0) tell(noteOf(host, "checks", names.join(", "), longest, begin));
  };
  told();
  const checks = configs.map(async (config) => {
    const result = await runCheck(host, config, signal);
    left.delete(config);
    told();
    return result;
  });
  return await Promise.all(checks);
}

/** @param longest the maximum duration in seconds */
function noteOf(host: Host, what: string, why: string, longest: number, begin = host.now()) {
  const until = new Date(begin.getTime() + longest * 1000).toISOString();
  return { for: what, why, since: begin.toISOString(), until, next: null };
}

const SETTLED = {
  "before-act": "every wanted unit runs that ran before, and no other unit failed",
  now: "no unit failed while they were looked at; which ones ran before is not known",
} as const;

async function settle(
  host: Host,
  config: Config["verify"],
  units: Omit<Standard, "ignored">,
  signal: AbortSignal,
): Promise<CheckResult> {
  const begin = host.elapsedMs();
  const standard = { ...units, ignored: config.ignoreFailedUnits };
  const settling = await watchSettling(host, standard, config.settle, signal);
  const state: CheckState =
    settling.kind === "settled"
      ? {
          kind: "passed",
          detail: SETTLED[units.baseline.taken ?? "before-act"],
        }
      : { kind: "failed", why: settling.units.join("; ") };
  const seconds = (host.elapsedMs() - begin) / 1000;
  return toResult({ name: "units settle", kind: "failed-units" }, state, seconds);
}

async function runCheck(
  host: Host,
  config: CheckConfig,
  signal: AbortSignal,
): Promise<CheckResult> {
  const check = checkFor(config);
  const name = config.name ?? check.name;
  const { state, tries, seconds } = await untilPassed(host, check, config, signal);
  const result = toResult({ name, kind: config.kind }, state, seconds);
  if (state.kind === "failed") host.say(`check ${name} failed after ${tries} tries: ${state.why}`);
  return result;
}

/** The result of a check that took so many seconds. */
export function toResult(
  what: { readonly name: string; readonly kind: string },
  state: CheckState,
  seconds: number,
): CheckResult {
  const detail = state.kind === "passed" ? state.detail : state.why;
  return {
    ...what,
    result: state.kind,
    detail: printableLine(detail),
    seconds: Math.round(seconds * 1000) / 1000,
  };
}

/** All in seconds. */
export interface Times {
  readonly timeout: number;
  readonly interval: number;
  readonly deadline: number;
}

export interface CheckEnd {
  readonly state: CheckState;
  readonly tries: number;
  readonly seconds: number;
}

/**
 * Tries a check until it passes or its deadline has passed; at least once. The deadline does not
 * cut the last try short; its own timeout does.
 */
export async function untilPassed(
  host: Host,
  check: Check,
  times: Times,
  signal: AbortSignal,
): Promise<CheckEnd> {
  const begin = host.elapsedMs();
  const seconds = () => (host.elapsedMs() - begin) / 1000;
  for (let tries = 1; ; tries++) {
    const state = await tryOnce(host, check, times.timeout, signal);
    const isLast = seconds() + times.interval > times.deadline;
    if (state.kind === "passed" || isLast || signal.aborted)
      return { state, tries, seconds: seconds() };
    await pause(times.interval * 1000, signal);
  }
}

async function tryOnce(
  host: Host,
  check: Check,
  timeout: number,
  signal: AbortSignal,
): Promise<CheckState> {
  const over = timeLimit(timeout);
  try {
    const state = await check.run(host, AbortSignal.any([signal, over]));
    if (state.kind === "passed" || !over.aborted) return state;
  } catch (error) {
    if (!over.aborted) return { kind: "failed", why: messageOf(error) };
  }
  return { kind: "failed", why: `no answer within ${timeout} s` };
}
