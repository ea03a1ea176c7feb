import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRecord } from "../../../src/core/record/parse-record.ts";
import { aRecord } from "../../support/records.ts";

/** What every version has written; to require one more key would lose the records of older ones. */
const REQUIRED = {
  schemaVersion: 1,
  id: "20261122-213000-k3f9",
  host: "web1",
  profile: "/nix/var/nix/profiles/system",
  target: "/nix/store/b-nixos",
  targetGeneration: 42,
  previous: "/nix/store/a-nixos",
  previousGeneration: 41,
  plan: { action: "switch", reason: "services only", changed: [] },
  delay: { seconds: 60, source: "automatic" },
  scheduledAt: "2026-11-22T21:30:00.000Z",
  fireAt: "2026-11-22T21:31:00.000Z",
  requester: { user: "root", sshClient: null },
  state: "scheduled",
  timeline: [{ at: "2026-11-22T21:30:00.000Z", state: "scheduled", detail: "switch" }],
  bootId: "boot-1",
  rebootAskedInBoot: null,
  outcome: null,
} as const;

test("a record of an older version is read: no key is required that one of them lacks", () => {
  const read = parseRecord(JSON.stringify(REQUIRED));
  assert.ok(read.kind === "record", JSON.stringify(read));
  const { requester, ...rest } = REQUIRED;
  assert.partialDeepStrictEqual(read.record, { ...rest, requester: { user: requester.user } });
  assert.deepEqual([read.record.slotAtEnd, read.record.confirmBy], [null, null]);
  const more = JSON.stringify({ ...REQUIRED, ofALaterVersion: true });
  assert.deepEqual(parseRecord(more), read);
});

test("a wait of less than no time, which a clock that was set back has left, took none", () => {
  const waitedFor = [{ gate: "CI job", seconds: -3600, why: "a job runs" }];
  const read = parseRecord(JSON.stringify({ ...aRecord(), waitedFor }));
  assert.ok(read.kind === "record");
  assert.equal(read.record.waitedFor[0]?.seconds, 0);
});
