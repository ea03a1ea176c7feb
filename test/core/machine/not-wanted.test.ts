import assert from "node:assert/strict";
import { test } from "node:test";
import { whyNotWanted } from "../../../src/core/machine/not-wanted.ts";
import { aRecord, FACTS } from "../../support/records.ts";

const NEWER = "20261122-220000-bbbb";
const record = aRecord();

test("not wanted: a finalization is wanted while it is the newest and the profile is its target", () => {
  assert.equal(whyNotWanted(record, FACTS), null);
  assert.equal(whyNotWanted(record, { ...FACTS, newest: null }), null);
});

test("not wanted: cancelled, superseded by a newer one, or by a profile that moved", () => {
  const requests = { cancel: "ann" };
  assert.deepEqual(whyNotWanted(record, { ...FACTS, requests }), {
    state: "cancelled",
    reason: "cancelled by ann",
  });
  assert.deepEqual(whyNotWanted(record, { ...FACTS, newest: NEWER }), {
    state: "superseded",
    reason: `superseded by ${NEWER}`,
  });
  assert.deepEqual(whyNotWanted(record, { ...FACTS, profile: "/nix/store/other" }), {
    state: "superseded",
    reason: "the profile moved to /nix/store/other",
  });
  assert.deepEqual(whyNotWanted(record, { ...FACTS, profile: null }), {
    state: "superseded",
    reason: "the profile does not resolve any more",
  });
});

test("not wanted: a request to cancel is named first, then the newer finalization", () => {
  const all = { requests: { cancel: "ann" }, newest: NEWER, profile: null };
  assert.equal(whyNotWanted(record, all)?.reason, "cancelled by ann");
  const others = { ...all, requests: { cancel: null } };
  assert.equal(whyNotWanted(record, others)?.reason, `superseded by ${NEWER}`);
});
