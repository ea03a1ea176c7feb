import type { CheckConfig, Config } from "../core/config.ts";
import type { FailedUnits } from "../host/failed-units.ts";
import type { Host } from "../host/host.ts";
import type { TellWaiting } from "../host/waiting-note.ts";
import type { CheckResult, CheckState } from "./check.ts";
import { untilPassed } from "./retry.ts";
import { watchSettling } from "./settling.ts";
import { checkFor } from "./table.ts";

/**
 * Verifies the system after acting: first that its units settle, then all configured
 * checks at once. Where units do not settle, the checks are left out: the way back
 * should not wait for their deadlines.
 *
 * @param baseline the units that were in trouble before acting, from `takeBaseline`
 * @param tell told of what is looked at, for those who ask about it meanwhile
 * @param signal ends it early; what had not passed by then counts as failed, so the caller must look at the signal first
 */
export async function verify(
  host: Host,
  config: Config["verify"],
  baseline: FailedUnits,
  signal: AbortSignal,
  tell: TellWaiting = () => {},
): Promise<CheckResult[]> {
  try {
    tell(noteOf(host, "units", "they must settle", config.settle));
    const units = await settle(host, config, baseline, signal);
    if (units.result === "failed") return [units];
    return [units, ...(await runChecks(host, config.checks, signal, tell))];
  } finally {
    tell(null);
  }
}

/** All at once; the note names those that have not ended yet. */
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

/** @param longest seconds from the beginning until when it has ended */
function noteOf(host: Host, what: string, why: string, longest: number, begin = host.now()) {
  const until = new Date(begin.getTime() + longest * 1000).toISOString();
  return { for: what, why, since: begin.toISOString(), until, next: null };
}

async function settle(
  host: Host,
  config: Config["verify"],
  baseline: FailedUnits,
  signal: AbortSignal,
): Promise<CheckResult> {
  const begin = host.elapsedMs();
  const excused = { baseline, ignored: config.ignoreFailedUnits };
  const settling = await watchSettling(host, excused, config.settle, signal);
  const state: CheckState =
    settling.kind === "settled"
      ? { kind: "passed", detail: "no unit failed that had not failed before" }
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

function toResult(
  what: { readonly name: string; readonly kind: string },
  state: CheckState,
  seconds: number,
): CheckResult {
  const detail = state.kind === "passed" ? state.detail : state.why;
  return { ...what, result: state.kind, detail, seconds: Math.round(seconds * 1000) / 1000 };
}
