import assert from "node:assert/strict";
import { test } from "node:test";
import { spawnWith } from "../support/spawning.ts";
import { parseJournal } from "../../src/host/systemd/journal-entries.ts";
import { logSchema } from "../../src/json/history.ts";
import { OperatedHost, parseJson } from "./operating.ts";

const ID = "20261122-213000-aaaa";

const MATCHES = [
  `_SYSTEMD_UNIT=deploy-finalize-${ID}.service`,
  "+",
  "_PID=1",
  `UNIT=deploy-finalize-${ID}.service`,
  `UNIT=deploy-finalize-${ID}.timer`,
  "+",
  "_UID=0",
  `DEPLOY_FINALIZE_ID=${ID}`,
];

test("log: asks journalctl for its units and its entries, over all boots", async () => {
  using host = new OperatedHost();
  host.save();
  assert.equal((await host.operate("log")).exitCode, 0);
  await host.operate("log", "aaaa", "-f");
  await host.operate("log", "--json");
  assert.deepEqual(host.ran, [
    ["journalctl", ...MATCHES],
    ["journalctl", "--follow", "--no-tail", ...MATCHES],
    ["journalctl", "--output=json", ...MATCHES],
  ]);
});

test("log: an id in full needs no record, and so no root", async () => {
  using host = new OperatedHost();
  host.userId = 1000;
  assert.equal((await host.operate("log", ID)).exitCode, 0);
  assert.deepEqual(host.ran, [["journalctl", ...MATCHES]]);
});

test("log: its journal can be read where its record cannot", async () => {
  using host = new OperatedHost();
  host.save();
  host.folder.write(`state/${ID}.json`, "{");
  assert.equal((await host.operate("log")).exitCode, 0);
});

test("log: one whose record was set aside is found by its last characters", async () => {
  using host = new OperatedHost();
  host.store.quarantine(host.save().id);
  const { exitCode, stderr } = await host.operate("log", "aaaa");
  assert.deepEqual([exitCode, stderr], [0, ""]);
  assert.deepEqual(host.ran, [["journalctl", ...MATCHES]]);
});

for (const [what, args, message] of [
  ["without any record", [], /no finalization yet/],
  ["of an unknown one", ["9999"], /there is no finalization 9999/],
] as const) {
  test(`log: ${what} is refused`, async () => {
    using host = new OperatedHost();
    const { exitCode, stderr } = await host.operate("log", ...args);
    assert.equal(exitCode, 1);
    assert.match(stderr, message);
    assert.deepEqual(host.ran, []);
  });
}

test("log: a journalctl that fails or is missing is told of", async () => {
  using host = new OperatedHost();
  host.save();
  host.ends["journalctl"] = { exitCode: null, cause: "could not be started: not in PATH" };
  const { exitCode, stderr } = await host.operate("log");
  assert.equal(exitCode, 1);
  assert.match(stderr, /cannot show the journal: journalctl could not be started/);
});

test("log: a program that shares our streams and cannot be started is told of too", async () => {
  const ended = await spawnWith({})(["no-such-program"], { streams: "ours" });
  assert.deepEqual([ended.exitCode, ended.cause], [null, NOT_THERE]);
});

const NOT_THERE = "could not be started: no-such-program is not in PATH";

test("log: --json prints each entry as its schema says", async () => {
  using host = new OperatedHost();
  host.save();
  const entries = [
    { __REALTIME_TIMESTAMP: "1795383000123456", MESSAGE: "live: done", PRIORITY: "5" },
    { __REALTIME_TIMESTAMP: "1795383000123456", MESSAGE: [104, 105], UNIT: "x.timer", _PID: "1" },
    {
      __REALTIME_TIMESTAMP: "1795383000123456",
      MESSAGE: null,
      _SYSTEMD_UNIT: "x.service",
      MESSAGE_ID: "0123456789abcdef0123456789abcdef",
      DEPLOY_FINALIZE_STATE: ["live", "failed"],
    },
  ];
  const lines = entries.map((entry) => JSON.stringify(entry));
  host.ends["journalctl"] = { stdout: `${lines.join("\n")}\n-- Boot 1 --\n` };
  const { stdout } = await host.operate("log", "--json");
  const printed = stdout.trimEnd().split("\n");
  const parsed = printed.map((line) => parseJson(logSchema, line));
  assert.deepEqual(
    parsed.map(({ message, unit, priority, state }) => [message, unit, priority, state]),
    [
      ["live: done", null, 5, null],
      ["hi", "x.timer", null, null],
      ["", "x.service", null, "live"],
    ],
  );
  assert.equal(parsed[0]?.at, "2026-11-22T21:30:00.123Z");
});

test("log: what is no entry of the journal is no line", () => {
  for (const line of ["", "{", "null", "{}", '{"__REALTIME_TIMESTAMP":"x"}']) {
    assert.deepEqual(parseJournal(line), []);
  }
});

test("log: what journalctl complains of is passed on, and no entry is lost", async () => {
  using host = new OperatedHost();
  host.save();
  const entry = JSON.stringify({ __REALTIME_TIMESTAMP: "1795383000123456", MESSAGE: "whole" });
  host.spawn = async (argv, { onOutput } = {}) => {
    onOutput?.(entry.slice(0, 20), "stdout");
    onOutput?.("Journal file system.journal is truncated\n", "stderr");
    onOutput?.(`${entry.slice(20)}\n`, "stdout");
    return { argv, exitCode: 0, cause: null, stdout: "", stderr: "" };
  };
  const { exitCode, stdout, stderr } = await host.operate("log", "--json");
  assert.equal(exitCode, 0);
  assert.equal(parseJson(logSchema, stdout).message, "whole");
  assert.equal(stderr, "Journal file system.journal is truncated\n");
});
