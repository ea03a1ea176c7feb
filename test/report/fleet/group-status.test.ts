import assert from "node:assert/strict";
import { test } from "node:test";
import type { Done } from "../../../src/core/fleet/rollout.ts";
import { groupStatus, pastStatus } from "../../../src/report/fleet/group-status.ts";
import { aFailure, aPast, aRollout, aView, halted } from "./views.ts";

const some = (live: number, open: number): (Done | null)[] => [
  ...Array.from({ length: live }, () => "live" as const),
  ...Array.from({ length: open }, () => null),
];

const shown = (...of: Parameters<typeof aView>): string => {
  const status = groupStatus(aView(...of));
  return status === null ? "none" : `${status.event}: ${status.summary}`;
};

const words = (...of: Parameters<typeof pastStatus>): string => {
  const { event, summary } = pastStatus(...of);
  return `${event}: ${summary}`;
};

const step = (...of: Parameters<typeof aView>): string => groupStatus(aView(...of))?.step ?? "";

test("the status of a group says how far it is", () => {
  assert.equal(shown([some(0, 2), some(0, 3)]), "scheduled: wave 1 of 2, 0 of 5 live");
  assert.equal(shown([some(1, 1), some(0, 3)]), "switching: wave 1 of 2, 1 of 5 live");
  const waves = [some(1, 0), some(30, 5), some(0, 7), some(0, 7)];
  assert.equal(shown(waves), "switching: wave 2 of 4, 31 of 50 live");
  assert.equal(shown([["failed"], [null]]), "switching: wave 2 of 2, 0 of 2 live, 1 failed");
  assert.equal(shown([], null), "none");
});

test("it is a success only if all hosts are live, or were gone on without", () => {
  assert.equal(shown([some(1, 0), some(4, 0)]), "live: 5 of 5 live");
  assert.equal(shown([["live"], ["without"]]), "live: 1 of 2 live, without web2");
  const failed = ["failed", "failed", "failed", "failed", "live"] as const;
  assert.equal(shown([failed]), "failed: 1 of 5 live, failed: web1, web2, web3 and 1 more");
});

test("it is a failure with the reason while the rollout is halted, also if all have ended", () => {
  const expected = "failed: halted, wave 1 of 2, 0 of 2 live: web1: its checks failed";
  assert.equal(shown([["failed"], [null]], halted()), expected.replace("wave 1", "wave 2"));
  assert.equal(shown([[null], [null]], halted()), expected);
  assert.match(shown([["live"], ["failed"]], halted()), /^failed: halted, wave 2 of 2, 1 of 2/);
  assert.match(shown([[null]], halted({ why: "a\nb\u001b[31m" })), /: a b$/);
});

test("a rollout that was superseded says by what, and an end that was reached stays", () => {
  assert.equal(words(aPast(), "night"), "superseded: superseded by night, 31 of 50 live");
  const next = "0123456789".repeat(4);
  assert.equal(words(aPast(), next), "superseded: superseded by 012345678901, 31 of 50 live");
  assert.equal(words(aPast({ live: 50 }), next), "live: 50 of 50 live");
  assert.equal(words(aPast({ live: 49, isOver: true }), next), "live: 49 of 50 live");
  const { halt } = halted();
  assert.match(
    words(aPast({ halt }), "b"),
    /^failed: halted, 31 of 50 live, superseded by b: web1/,
  );
  const failures = [aFailure("web7"), aFailure("web7")];
  assert.equal(
    words(aPast({ failures, isOver: true }), "b"),
    "failed: 31 of 50 live, failed: web7; superseded by b",
  );
});

test("a failure that was forgiven does not turn a success into a failure at the next deploy", () => {
  const failures = [aFailure("web7")];
  for (const forgiven of [0, 1]) {
    const past = { failures, forgiven, live: 50 };
    assert.equal(words(aPast({ ...past, isOver: true }), "b"), "live: 50 of 50 live");
    assert.equal(words(aPast(past), "b"), "live: 50 of 50 live");
  }
  assert.equal(
    words(aPast({ failures, forgiven: 1 }), "b"),
    "superseded: superseded by b, 31 of 50 live",
  );
  assert.match(words(aPast({ failures }), "b"), /^failed: 31 of 50 live, failed: web7/);
  const over = { failures, forgiven: 1, live: 49, isOver: true };
  assert.match(words(aPast(over), "b"), /^failed: 49 of 50 live, failed: web7/);
});

test("only a step is worth another post: a wave, 5 % of the hosts, a failure, a halt", () => {
  assert.equal(step([some(40, 60)]), step([some(44, 56)]));
  assert.notEqual(step([some(40, 60)]), step([some(45, 55)]));
  assert.notEqual(step([some(40, 60), [null]]), step([some(40, 60), ["live"]]));
  const resumed = aRollout({ failures: halted().failures, forgiven: 1 });
  assert.notEqual(step([some(1, 1)], halted()), step([some(1, 1)], resumed));
  const again = halted({ at: "2026-11-22T22:00:00.000Z" });
  assert.notEqual(step([some(1, 1)], halted()), step([some(1, 1)], again));
});
