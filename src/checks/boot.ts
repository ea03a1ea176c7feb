import { type BootSeen, judgeBoot } from "../core/boot-stage.ts";
import { type FinalizationRecord, hasBootedSinceAct } from "../core/record/record.ts";
import { messageOf } from "../core/refusal.ts";
import { readBootId } from "../host/nixos/systems.ts";
import type { Host } from "../host/process/host.ts";
import { pause } from "../host/process/time.ts";
import { lookAtBoot } from "../host/systemd/boot-stage.ts";
import { listUnits } from "../host/systemd/commands.ts";
import { describePending } from "../host/systemd/jobs.ts";
import { askUnits } from "../host/systemd/units.ts";
import type { TellWaiting } from "../state-dir/waiting-note.ts";
import type { CheckResult, CheckState } from "./kinds.ts";
import { patiently } from "./patience.ts";
import { toResult } from "./verify.ts";

const POLL_MS = 2000;

/**
 * Waits until the boot that brought up the system to verify has got through. It fails at the time
 * limit, and at once in emergency or rescue mode.
 *
 * @param limit `verify.bootTimeout`
 * @param signal ends it early; the caller must look at the signal first
 * @returns no result if there was no boot
 */
export async function checkBoot(
  host: Host,
  record: FinalizationRecord,
  limit: number | null,
  signal: AbortSignal,
  tell: TellWaiting = () => {},
): Promise<CheckResult[]> {
  if (!hasBootedSinceAct(record, readBootId(host.paths))) return [];
  const begin = host.elapsedMs();
  const state = await awaitBoot(host, limit, signal, tell).catch((error: unknown): CheckState => ({
    kind: "failed",
    why: `the boot cannot be looked at: ${messageOf(error)}`,
  }));
  tell(null);
  if (state.kind === "failed") host.say(`boot: ${state.why}`);
  return [toResult({ name: "boot", kind: "boot" }, state, (host.elapsedMs() - begin) / 1000)];
}

async function awaitBoot(
  host: Host,
  limit: number | null,
  signal: AbortSignal,
  tell: TellWaiting,
): Promise<CheckState> {
  const since = host.now().toISOString();
  for (;;) {
    const seen = await patiently(async () => await lookAtBoot(host), signal);
    const verdict = judgeBoot(seen, limit);
    switch (verdict.kind) {
      case "passed":
        return { kind: "passed", detail: "the boot got through" };
      case "maintenance":
        return { kind: "failed", why: `${verdict.why}${await failedUnits(host)}` };
      case "too-late":
        return { kind: "failed", why: `${verdict.why}: ${await describePending(host)}` };
      case "wait": {
        if (signal.aborted) return { kind: "failed", why: "the boot has not got through yet" };
        const why = `the boot has not got through: ${await describePending(host, signal)}`;
        tell({ for: "boot", why, since, until: endOf(host, seen, limit), next: null });
        await pause(POLL_MS, signal);
      }
    }
  }
}

function endOf(host: Host, { seconds }: BootSeen, limit: number | null): string | null {
  if (seconds === null || limit === null) return null;
  return new Date(host.now().getTime() + (limit - seconds) * 1000).toISOString();
}

const MOST_UNITS = 5;

/** Why it may have ended in emergency mode. */
async function failedUnits(host: Host): Promise<string> {
  const failed = await askUnits(host, listUnits(["failed"])).catch(() => []);
  const names = failed.slice(0, MOST_UNITS).map(({ unit }) => unit);
  return names.length === 0 ? "" : `; failed units: ${names.join(", ")}`;
}
