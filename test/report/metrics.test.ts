import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import * as v from "valibot";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { counted, type Measured, metricsText, NO_TOTALS } from "../../src/report/metrics-text.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { isTerminal, STATES } from "../../src/core/states.ts";
import { lockSchema } from "../../src/core/config/lock-config.ts";
import type { Slot } from "../../src/core/record/slot.ts";
import { SlotStore } from "../../src/fleet/slot-store.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { hasMetricsFiles } from "../../src/report/metrics-files.ts";
import { writeMetrics } from "../../src/report/metrics.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";
import { rolloutMetricsText } from "../../src/report/fleet/rollout-metrics.ts";
import { aNote } from "./fleet/views.ts";
import { ended } from "./reports.ts";
import { saveNewest } from "../support/store.ts";

const contrib = new URL("../../contrib/", import.meta.url).pathname;

function measured(changes: Partial<Measured> = {}): Measured {
  return {
    newest: ended("rolled-back"),
    waitingFor: "CI job",
    totals: counted(NO_TOTALS, ended("rolled-back")),
    rebootRequired: true,
    lock: "held",
    reportsOwed: new Map([["gitea", 2]]),
    reportsGivenUp: new Map([["gitea", 1]]),
    ...changes,
  };
}

function valueOf(text: string, sample: string): number | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`deploy_finalize_${sample} `));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ") + 1));
}

/** A test that needs promtool; skipped without it, but a failure with CI=true. */
function promtoolTest(name: string, body: () => void): void {
  const isThere = spawnSync("promtool", ["--version"]).error === undefined;
  const skip = isThere || process.env["CI"] === "true" ? false : "no promtool: run make setup";
  void test(name, { skip }, body);
}

test("how many hooks have failed is told once one has begun", () => {
  const hook = { name: "node", stage: "over" as const, after: null, timeout: 60 };
  assert.equal(failedOf([]), undefined);
  assert.equal(failedOf([{ ...hook, problems: [] }]), 0);
  assert.equal(failedOf([{ ...hook, problems: ["its after failed"] }]), 1);
});

function failedOf(hooks: FinalizationRecord["hooks"]): number | undefined {
  return valueOf(metricsText(measured({ newest: { ...ended("live"), hooks } })), "hooks_failed");
}

promtoolTest("promtool finds nothing to say about any of the metrics", () => {
  for (const input of [measured(), measured({ newest: null, totals: NO_TOTALS })]) {
    const said = spawnSync("promtool", ["check", "metrics"], {
      input: metricsText(input),
      encoding: "utf8",
    });
    assert.deepEqual([said.status, said.stdout, said.stderr], [0, "", ""]);
  }
});

promtoolTest("the alert rules pass their own tests", () => {
  const cwd = join(contrib, "prometheus");
  execFileSync("promtool", ["test", "rules", "deploy-finalize.rules.test.yml"], { cwd });
  execFileSync("promtool", ["check", "rules", "deploy-finalize.rules.yml"], { cwd });
});

promtoolTest("promtool takes every query of the dashboard", () => {
  const text = readFileSync(join(contrib, "grafana/deploy-finalize.json"), "utf8");
  const queries = [...text.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(([, json = ""]): string =>
    JSON.parse(json),
  );
  assert.ok(queries.length > 20);
  const rules = queries.map((query, index) => ({
    record: `query_${index}`,
    expr: query.replaceAll(/\$(instance|group)\b/g, ".*"),
  }));
  using host = new EdgeHost();
  const file = host.folder.write("rules", JSON.stringify({ groups: [{ name: "all", rules }] }));
  execFileSync("promtool", ["check", "rules", file]);
});

test("rules and dashboard name no metric that there is not, and every rule has a test", () => {
  const waiting = metricsText(measured({ newest: aRecord({ state: "waiting" }) }));
  const counts = { waves: 4, complete: 1, members: 50, live: 31 };
  const countedAt = "2026-11-22T21:31:00.000Z";
  const all = `${metricsText(measured())}${waiting}${rolloutMetricsText(aNote({ counts, countedAt }))}`;
  const known = new Set(all.match(/deploy_finalize_[a-z_]+/g));
  const rules = readFileSync(join(contrib, "prometheus/deploy-finalize.rules.yml"), "utf8");
  const tests = readFileSync(join(contrib, "prometheus/deploy-finalize.rules.test.yml"), "utf8");
  const dashboard = readFileSync(join(contrib, "grafana/deploy-finalize.json"), "utf8");
  assert.equal(typeof JSON.parse(dashboard), "object");
  for (const text of [rules, dashboard]) {
    const named = text.match(/deploy_finalize_[a-z_]+/g) ?? [];
    assert.ok(named.length > 5);
    assert.deepEqual(
      named.filter((name) => !known.has(name)),
      [],
    );
  }
  for (const [, alert = ""] of rules.matchAll(/alert: (\w+)/g)) {
    assert.match(tests, new RegExp(`alertname: ${alert}\\n\\s+exp_alerts`));
  }
});

test("until when a finalization waits as planned", () => {
  const deferredUntil = "2026-11-28T02:00:00.000Z";
  const confirmBy = "2026-11-22T22:00:00.000Z";
  const cases: readonly (readonly [Partial<FinalizationRecord>, string | null])[] = [
    [{ state: "scheduled" }, aRecord().fireAt],
    [{ state: "waiting" }, aRecord().fireAt],
    [{ state: "waiting", deferredUntil }, deferredUntil],
    [{ state: "verifying" }, null],
    [{ state: "verifying", confirmBy }, confirmBy],
    [{ state: "switching", deferredUntil }, null],
    [{ state: "live", deferredUntil, confirmBy }, null],
  ];
  for (const [changes, due] of cases) {
    const text = metricsText(measured({ newest: aRecord(changes) }));
    const wanted = due === null ? undefined : Date.parse(due) / 1000;
    assert.equal(valueOf(text, "due_timestamp_seconds"), wanted, JSON.stringify(changes));
  }
});

test("the last one that ended is told with its commit", () => {
  const totals = counted(NO_TOTALS, { ...ended("failed"), revision: "4dcaa3f8" });
  const text = metricsText(measured({ totals }));
  assert.match(text, /^deploy_finalize_last_info\{id="[^"]+",revision="4dcaa3f8"\} 1$/m);
});

test("exactly one state and one outcome is 1", () => {
  for (const state of STATES) {
    const record: FinalizationRecord = { ...aRecord(), state };
    const totals = isTerminal(state) ? counted(NO_TOTALS, record) : NO_TOTALS;
    const text = metricsText(measured({ newest: record, totals }));
    const ones = text.split("\n").filter((line) => line.endsWith(" 1"));
    const states = ones.filter((line) => line.startsWith("deploy_finalize_state{"));
    assert.deepEqual(states, [`deploy_finalize_state{state="${state}"} 1`]);
    const outcomes = ones.filter((line) => line.startsWith("deploy_finalize_last_outcome{"));
    assert.equal(outcomes.length, isTerminal(state) ? 1 : 0);
  }
});

test("the units on old code are counted, and nothing is said while they are unknown", () => {
  const unit = { unit: "web.service", why: "unknown", processes: 1, paths: [] };
  const cases: readonly (readonly [FinalizationRecord["oldCode"], number | undefined])[] = [
    [{ kind: "known", units: [unit], more: 2 }, 3],
    [{ kind: "known", units: [], more: 0 }, 0],
    [{ kind: "unknown", why: "too slow" }, undefined],
    [null, undefined],
  ];
  for (const [oldCode, count] of cases) {
    const text = metricsText(measured({ newest: { ...ended("live"), oldCode } }));
    assert.equal(valueOf(text, "units_on_old_code"), count);
  }
});

test("a label's value is escaped", () => {
  const record = { ...aRecord(), revision: 'a"b\\c\nd' };
  assert.match(metricsText(measured({ newest: record })), /revision="a\\"b\\\\c d"/);
});

/** A host with a state folder and a file for the metrics. */
class MeasuredHost extends EdgeHost {
  readonly store: RecordStore;
  readonly file = this.folder.at("metrics/deploy_finalize.prom");

  constructor() {
    super();
    this.folder.write("metrics/.keep", "");
    this.folder.write("state/.keep", "");
    this.store = new RecordStore(this.folder.at("state"));
    const booted = makeToplevel(this.folder, "booted");
    this.folder.link("run/booted-system", booted);
    this.folder.link("run/current-system", booted);
  }

  async write(target = "booted"): Promise<string> {
    const report = { ...DEFAULT_CONFIG.report, metricsFile: this.file };
    const profile = this.folder.at(`store/${target}`);
    await writeMetrics(this, this.store, { ...DEFAULT_CONFIG, report, profile });
    return readFileSync(this.file, "utf8");
  }
}

test("the file is readable for all, and appears in one piece", async () => {
  using host = new MeasuredHost();
  saveNewest(host.store, aRecord());
  await host.write();
  assert.equal(statSync(host.file).mode & 0o777, 0o644);
  assert.deepEqual(readdirSync(dirname(host.file)).toSorted(), [".keep", basename(host.file)]);
});

test("what somebody else put into the folder is neither followed, nor waited for, nor written", async () => {
  using host = new MeasuredHost();
  const victim = host.folder.write("victim", "precious");
  host.folder.link("metrics/deploy_finalize.prom", victim);
  host.folder.link("metrics/deploy_finalize.prom.new", victim);
  await host.write();
  execFileSync("mkfifo", [`${host.file}.tmp`]);
  assert.match(await host.write(), /deploy_finalize_state/);
  assert.equal(readFileSync(victim, "utf8"), "precious");
  assert.ok(lstatSync(host.file).isFile());
});

test("what another one is just writing is not touched, and holds up nobody", async () => {
  using host = new MeasuredHost();
  saveNewest(host.store, ended("live"));
  // No file can take the place of a folder.
  for (const name of ["metrics/deploy_finalize.prom.new", "state/totals.json.tmp"]) {
    host.folder.write(`${name}/x`, "");
  }
  assert.equal(valueOf(await host.write(), 'finalizations_total{outcome="live"}'), 1);
});

const temporary = (letter: string): string =>
  `metrics/deploy_finalize.prom.${letter.repeat(8)}-${"aaaa-".repeat(3)}${"a".repeat(12)}`;

test("what a crash left half written is removed an hour later, and nothing else", async () => {
  using host = new MeasuredHost();
  const [abandoned, young, folder] = [temporary("a"), temporary("b"), temporary("c")] as const;
  const others = ["metrics/node.prom", "metrics/deploy_finalize.prom.old"];
  for (const file of [abandoned, young, ...others]) host.folder.write(file, "half");
  host.folder.write(`${folder}/x`, "");
  const hoursAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const file of [abandoned, folder, ...others]) {
    utimesSync(host.folder.at(file), hoursAgo, hoursAgo);
  }
  await host.write();
  const kept = [young, folder, ...others, "metrics/.keep", "metrics/deploy_finalize.prom"];
  assert.deepEqual(
    readdirSync(dirname(host.file)).toSorted(),
    kept.map((file) => basename(file)).toSorted(),
  );
});

test("each finalization is counted once, also after its record is gone", async () => {
  using host = new MeasuredHost();
  for (let i = 0; i < 3; i++) {
    saveNewest(host.store, ended("rolled-back", { id: `20261122-21300${i}-aaaa` }));
    await host.write();
    await host.write();
  }
  host.folder.remove("state/20261122-213000-aaaa.json");
  const text = await host.write();
  assert.equal(valueOf(text, 'finalizations_total{outcome="rolled-back"}'), 3);
  assert.equal(valueOf(text, "rollbacks_total"), 3);
  host.folder.write("state/totals.json", "{");
  assert.equal(valueOf(await host.write(), "rollbacks_total"), 2);
});

test("a reboot is required where the profile has another kernel than what is booted", async () => {
  using host = new MeasuredHost();
  makeToplevel(host.folder, "new", { kernel: "k2", initrd: "i1", "kernel-modules": "m1" });
  makeToplevel(host.folder, "same");
  assert.equal(valueOf(await host.write("new"), "reboot_required"), 1);
  assert.equal(valueOf(await host.write("same"), "reboot_required"), 0);
  assert.equal(valueOf(await host.write("absent"), "reboot_required"), undefined);
});

test("a folder that is not there is told by name", async () => {
  using host = new MeasuredHost();
  host.folder.remove("metrics");
  await assert.rejects(host.write(), /metrics.deploy_finalize.prom/);
});

const SLOT: Slot = {
  schemaVersion: 1,
  finalization: "20261122-213000-aaaa",
  holder: "web1",
  attempt: 1,
  state: "asked",
  askedAt: "2026-11-22T21:30:00.000Z",
  clock: null,
  takenAt: null,
  lease: null,
  lock: v.parse(lockSchema, { backend: "fleetlock", url: "https://airlock.example.org" }),
  keptBecause: null,
};

test("the fleet lock is held once that is known, not while it is only asked for", async () => {
  using host = new MeasuredHost();
  assert.equal(valueOf(await host.write(), "lock_held"), 0);
  const slots = new SlotStore(host.store.folder, host.say);
  for (const [state, held] of [
    ["asked", 0],
    ["held", 1],
    ["giving-back", 1],
  ] as const) {
    slots.write({ ...SLOT, state });
    assert.equal(valueOf(await host.write(), "lock_held"), held);
  }
});

/** Writes with another file configured, or none. */
async function writeTo(host: MeasuredHost, metricsFile: string | null): Promise<string[]> {
  const report = { ...DEFAULT_CONFIG.report, metricsFile };
  const profile = host.folder.at("store/booted");
  await writeMetrics(host, host.store, { ...DEFAULT_CONFIG, report, profile });
  return readdirSync(dirname(host.file)).toSorted();
}

test("a file that has another name now, or is not wanted any more, goes", async () => {
  using host = new MeasuredHost();
  await host.write();
  const other = host.folder.at("metrics/finalize.prom");
  assert.deepEqual(await writeTo(host, other), [".keep", "finalize.prom"]);
  assert.ok(hasMetricsFiles(host.store.folder));
  assert.deepEqual(await writeTo(host, null), [".keep"]);
  assert.ok(!hasMetricsFiles(host.store.folder));
  assert.deepEqual(host.said, []);
});

test("a file whose name somebody else uses now stays", async () => {
  using host = new MeasuredHost();
  await host.write();
  writeFileSync(host.file, "node_boot_time_seconds 1\n");
  assert.deepEqual(await writeTo(host, null), [".keep", "deploy_finalize.prom"]);
  assert.ok(!hasMetricsFiles(host.store.folder));
});

test("a file that cannot be removed is said, and removed by a later writer", async () => {
  using host = new MeasuredHost();
  await host.write();
  // No process can read a file below a file.
  renameSync(dirname(host.file), host.folder.at("aside"));
  writeFileSync(dirname(host.file), "");
  const other = host.folder.at("state/finalize.prom");
  const report = { ...DEFAULT_CONFIG.report, metricsFile: other };
  await writeMetrics(host, host.store, { ...DEFAULT_CONFIG, report });
  assert.match(host.said.join(), /cannot remove the former metrics file .*ENOTDIR/);
  assert.match(readFileSync(other, "utf8"), /deploy_finalize_state/);
  rmSync(dirname(host.file));
  renameSync(host.folder.at("aside"), dirname(host.file));
  assert.deepEqual(await writeTo(host, other), [".keep"]);
});
