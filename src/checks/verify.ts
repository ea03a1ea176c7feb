import type { CheckConfig, Config } from "../core/config.ts";
import type { FailedUnits } from "../host/failed-units.ts";
import type { Host } from "../host/host.ts";
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
 * @param signal ends it early; what had not passed by then counts as failed, so the caller must look at the signal first
 */
export async function verify(
  host: Host,
  config: Config["verify"],
  baseline: FailedUnits,
  signal: AbortSignal,
): Promise<CheckResult[]> {
  const units = await settle(host, config, baseline, signal);
  if (units.result === "failed") return [units];
  const checks = config.checks.map(async (check) => await runCheck(host, check, signal));
  return [units, ...(await Promise.all(checks))];
}

async function settle(
  host: Host,
  config: Config["verify"],
  baseline: FailedUnits,
  signal: AbortSignal,
): Promise<CheckResult> {
  const begin = performance.now();
  const excused = { baseline, ignored: config.ignoreFailedUnits };
  const settling = await watchSettling(host, excused, config.settle, signal);
  const state: CheckState =
    settling.kind === "settled"
      ? { kind: "passed", detail: "no unit failed that had not failed before" }
      : { kind: "failed", why: settling.units.join("; ") };
  const seconds = (performance.now() - begin) / 1000;
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
