import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as v from "valibot";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { fleetSchema } from "../../../src/core/config/fleet/fleet-config.ts";
import { lockSchema } from "../../../src/core/config/lock-config.ts";
import { writeMetrics } from "../../../src/report/metrics.ts";
import { rolloutMetricsText } from "../../../src/report/fleet/rollout-metrics.ts";
import { writeRolloutNote } from "../../../src/state-dir/rollout-note.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { skipUnless } from "../monitoring.ts";
import { COMMIT } from "../reports.ts";
import { aNote, aRollout, halted } from "./views.ts";

const lock = v.parse(lockSchema, { backend: "etcd", endpoints: ["https://etcd1"], group: "web" });
const fleet = v.parse(fleetSchema, { wave: 1 });

const lines = (text: string): string[] =>
  text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

test("the metrics of a rollout are what this host last saw", () => {
  const counts = { waves: 4, complete: 1, members: 50, live: 31 };
  const of = `group="web",rollout="${COMMIT}"`;
  const own = `${of},wave="1"`;
  const at = Date.parse("2026-11-22T21:31:00.000Z") / 1000;
  const countedAt = "2026-11-22T21:30:30.000Z";
  assert.deepEqual(lines(rolloutMetricsText(aNote({ counts, countedAt }))), [
    `deploy_finalize_rollout_info{${of}} 1`,
    `deploy_finalize_rollout_seen_timestamp_seconds{group="web"} ${at}`,
    `deploy_finalize_rollout_start_timestamp_seconds{${of}} ${at - 60}`,
    `deploy_finalize_rollout_halted{${of}} 0`,
    `deploy_finalize_rollout_failures{${of}} 0`,
    `deploy_finalize_rollout_waves{${of}} 4`,
    `deploy_finalize_rollout_waves_complete{${of}} 1`,
    `deploy_finalize_rollout_members{${of}} 50`,
    `deploy_finalize_rollout_live{${of}} 31`,
    `deploy_finalize_rollout_counted_timestamp_seconds{${of}} ${at - 30}`,
    `deploy_finalize_rollout_missing{${of}} 0`,
    `deploy_finalize_rollout_member_state{${own},state="waiting"} 1`,
    `deploy_finalize_rollout_member_state{${own},state="acting"} 0`,
    `deploy_finalize_rollout_member_state{${own},state="soaking"} 0`,
    `deploy_finalize_rollout_member_state{${own},state="live"} 0`,
    `deploy_finalize_rollout_member_state{${own},state="failed"} 0`,
    `deploy_finalize_rollout_member_state{${own},state="left"} 0`,
    `deploy_finalize_rollout_member_state_changed_timestamp_seconds{${of}} ${at}`,
  ]);
});

test("a halt, its failures and a host that is missing are seen", () => {
  const own = { rollout: "old", wave: 1, state: "waiting", because: "missing" } as const;
  const since = "2026-11-22T21:31:00.000Z";
  const text = rolloutMetricsText(aNote({ rollout: halted(), own: { ...own, since } }));
  assert.match(text, /_halted\{.*\} 1$/m);
  assert.match(text, /_failures\{.*\} 1$/m);
  assert.match(text, /_missing\{group="web",rollout="9f3c.*\} 1$/m);
  assert.match(text, /_member_state\{group="web",rollout="old",wave="1",state="waiting"\} 1$/m);
  const forgiven = aRollout({ failures: halted().failures, forgiven: 1 });
  assert.match(rolloutMetricsText(aNote({ rollout: forgiven })), /_failures\{.*\} 0$/m);
});

test("what is unknown is absent", () => {
  const text = rolloutMetricsText(aNote({ rollout: aRollout({ startedAt: "?" }), own: null }));
  const names = lines(text).map((line) => line.replace(/\{.*/, ""));
  assert.deepEqual(
    names,
    ["info", "seen_timestamp_seconds", "halted", "failures", "missing"].map(
      (name) => `deploy_finalize_rollout_${name}`,
    ),
  );
  assert.equal(rolloutMetricsText(null), "");
});

test("promtool finds nothing to say about them", { skip: skipUnless("promtool") }, () => {
  const counts = { waves: 4, complete: 1, members: 50, live: 31 };
  const input = rolloutMetricsText(
    aNote({ counts, countedAt: "2026-11-22T21:31:00.000Z", group: 'a"\\b' }),
  );
  const said = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
  assert.deepEqual([said.status, said.stdout, said.stderr], [0, "", ""]);
});

test("they are written only while rollouts are configured, and only of this group", async () => {
  using host = new EdgeHost();
  host.folder.write("state/.keep", "");
  const store = new RecordStore(host.folder.at("state"));
  const metricsFile = host.folder.at("deploy_finalize.prom");
  const report = { ...DEFAULT_CONFIG.report, metricsFile };
  const profile = host.folder.at("profile");
  const written = async (changes: object): Promise<boolean> => {
    await writeMetrics(host, store, { ...DEFAULT_CONFIG, report, profile, ...changes });
    return readFileSync(metricsFile, "utf8").includes("deploy_finalize_rollout_");
  };
  assert.equal(await written({ lock, fleet }), false);
  writeRolloutNote(store.folder, aNote());
  assert.equal(await written({ lock, fleet }), true);
  assert.equal(await written({ lock, fleet: { ...fleet, group: "other" } }), false);
  assert.equal(await written({ lock, fleet: null }), false);
  host.folder.write("state/rollout-seen.json", "{");
  assert.equal(await written({ lock, fleet }), false);
});
