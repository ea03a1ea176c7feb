import assert from "node:assert/strict";
import { test } from "node:test";
import type { Part, PartEnd } from "../../src/core/record/fleet/part.ts";
import { PLAIN } from "../../src/view/style.ts";
import { statusScreen } from "../../src/view/status-screen.ts";
import { etcdConfig, fleetConfig } from "../fleet/configs.ts";
import { NOW, statusOf } from "./samples.ts";

function lineFor(end: PartEnd | null, isTold = false): string {
  const status = statusOf("live");
  assert.ok(status.finalization.kind === "known");
  const { record } = status.finalization;
  const part: Part = {
    schemaVersion: 1,
    finalization: record.id,
    rollout: "night",
    generation: 42,
    holder: "a1",
    lock: etcdConfig(["http://etcd.example"]),
    fleet: fleetConfig(),
    joined: null,
    withoutAnswer: 0,
    end,
    isTold,
  };
  const finalization = { ...status.finalization, record: { ...record, rollout: "night" }, part };
  const lines = statusScreen({ ...PLAIN, width: 200 }, { ...status, finalization });
  return lines.find((line) => line.includes("rollout"))?.trim() ?? "";
}

test("status says what is left to do for the rollout after the end", () => {
  const since = { at: NOW.toISOString(), bootId: "boot-1", uptime: 1 };
  assert.equal(lineFor(null), "rollout night");
  assert.match(
    lineFor({ kind: "soaking", since }),
    /^rollout night: it soaks until .*, then the group counts it as live$/,
  );
  const untold =
    "rollout night: the group is not told of its end yet, because etcd does not answer";
  assert.equal(lineFor({ kind: "live" }), untold);
  assert.equal(lineFor({ kind: "failed", why: "x" }), untold);
  assert.equal(lineFor({ kind: "live" }, true), "rollout night");
});
