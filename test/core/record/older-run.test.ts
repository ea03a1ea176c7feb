import assert from "node:assert/strict";
import { test } from "node:test";
import type { ForgeRun } from "../../../src/core/config/forge-run.ts";
import { olderRun } from "../../../src/core/record/older-run.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { aRun } from "../../report/reports.ts";
import { aRecord } from "../../support/records.ts";

const { profile } = aRecord();

function deployOf(run: Partial<ForgeRun> | null, state: FinalizationRecord["state"] = "live") {
  return aRecord({ state, forgeRun: run === null ? null : aRun(run) });
}

/** Newest first. */
const rows: Record<string, [run: ForgeRun | null, records: FinalizationRecord[], found: string]> = {
  "a newer run is live": [
    aRun({ runNumber: "9" }),
    [deployOf({ runNumber: "10" })],
    "9 after 10, first",
  ],
  "a newer run is pending": [
    aRun({ runNumber: "9" }),
    [deployOf({ runNumber: "10" }, "waiting")],
    "9 after 10, first",
  ],
  "the older run's deploy has set the profile, which ended the newer one": [
    aRun({ runNumber: "9" }),
    [deployOf({ runNumber: "10" }, "superseded")],
    "9 after 10, first",
  ],
  "somebody has started the run again": [
    aRun({ runNumber: "9", attempt: "2" }),
    [deployOf({ runNumber: "10" })],
    "9 after 10, again",
  ],
  "a deploy by hand came after the newer run": [
    aRun({ runNumber: "9" }),
    [deployOf(null), deployOf({ runNumber: "10" })],
    "9 after 10, first",
  ],
  "no run": [null, [deployOf({ runNumber: "10" })], ""],
  "nothing was deployed": [aRun(), [], ""],
  "the same run again": [aRun({ runNumber: "10" }), [deployOf({ runNumber: "10" })], ""],
  "an older run is live": [aRun({ runNumber: "10" }), [deployOf({ runNumber: "9" })], ""],
  "a newest run that is older hides none that is newer still": [
    aRun({ runNumber: "10" }),
    [deployOf({ runNumber: "9" }), deployOf({ runNumber: "11" })],
    "",
  ],
  "the newer run was rolled back": [
    aRun({ runNumber: "9" }),
    [deployOf({ runNumber: "10" }, "rolled-back")],
    "",
  ],
  "somebody went back on purpose since": [
    aRun({ runNumber: "9" }),
    [aRecord({ state: "live", rollbackOf: aRecord().id }), deployOf({ runNumber: "10" })],
    "",
  ],
  "another workflow": [
    aRun({ runNumber: "9", workflow: "nightly" }),
    [deployOf({ runNumber: "10" })],
    "",
  ],
  "another repository": [
    aRun({ runNumber: "9", repository: "infra/other" }),
    [deployOf({ runNumber: "10" })],
    "",
  ],
  "another profile": [
    aRun({ runNumber: "9" }),
    [{ ...deployOf({ runNumber: "10" }), profile: "/nix/var/nix/profiles/other" }],
    "",
  ],
  "a record of before the workflow was recorded": [
    aRun({ runNumber: "9" }),
    [deployOf({ runNumber: "10", workflow: null })],
    "",
  ],
  "GitLab: pipelines of one branch": [
    aRun({ forge: "gitlab", workflow: null, runNumber: null, run: "880" }),
    [deployOf({ forge: "gitlab", workflow: null, runNumber: null, run: "881" })],
    "880 after 881, first",
  ],
  "GitLab: pipelines of two branches": [
    aRun({ forge: "gitlab", workflow: null, runNumber: null, run: "880", ref: "next" }),
    [deployOf({ forge: "gitlab", workflow: null, runNumber: null, run: "881" })],
    "",
  ],
};

for (const [name, [run, records, expected]] of Object.entries(rows)) {
  test(`older run: ${name}`, () => {
    const older = olderRun(run, profile, records);
    const found =
      older === null ? "" : `${older.number} after ${older.newer.number}, ${older.attempt}`;
    assert.equal(found, expected);
  });
}
