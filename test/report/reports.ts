import * as v from "valibot";
import { receiverSchema } from "../../src/core/config/report-config.ts";
import type { ForgeRun } from "../../src/core/config/forge-run.ts";
import { end, enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import type { ReceiverConfig } from "../../src/core/config/report-config.ts";
import type { TerminalState } from "../../src/core/states.ts";
import { eventAt, type ReportEvent } from "../../src/report/event.ts";
import { aRecord } from "../support/records.ts";

export const COMMIT = "9f3c1b7a5d2e4860f1a2b3c4d5e6f708192a3b4c";

/** A receiver as the configuration file gives it. */
export function receiver(value: object): ReceiverConfig {
  return v.parse(receiverSchema, value);
}

/** A record on a known commit that has just been scheduled. */
export function scheduled(changes: Partial<FinalizationRecord> = {}): FinalizationRecord {
  return aRecord({ revision: COMMIT, ...changes });
}

const AT = new Date("2026-11-22T21:31:12.500Z");

/** The same one, ended. */
export function ended(
  state: TerminalState,
  changes: Partial<FinalizationRecord> = {},
): FinalizationRecord {
  const begun = enter(scheduled(changes), "waiting", AT, "until all gates are open");
  if (state === "superseded" || state === "cancelled" || state === "failed") {
    return end(begun, state, AT, { reason: "for a reason" });
  }
  const verified = enter(enter(begun, "switching", AT, "acts"), "verifying", AT, "verifies");
  if (state === "live") return end(verified, "live", AT, { reason: "it runs" });
  return end(enter(verified, "rolling-back", AT, "back"), state, AT, { reason: "for a reason" });
}

/** What the last entry of a record's timeline is told as. */
export function lastEvent(record: FinalizationRecord): ReportEvent {
  return eventAt(record, record.timeline.length - 1);
}

export function aRun(changes: Partial<ForgeRun> = {}): ForgeRun {
  return {
    forge: "gitea",
    server: "https://git.example.org",
    repository: "infra/hosts",
    sha: COMMIT,
    ref: "main",
    workflow: "deploy.yml",
    run: "881",
    runNumber: "42",
    attempt: "1",
    job: "deploy",
    runner: "web1",
    page: "https://git.example.org/infra/hosts/actions/runs/42?by_index=1",
    ...changes,
  };
}
