import assert from "node:assert/strict";
import { test } from "node:test";
import { describeEnd } from "../../../src/host/process/spawn.ts";
import { commandCheck } from "../../../src/checks/kinds.ts";
import { untilPassed } from "../../../src/checks/verify.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { spawnWith } from "../../support/spawning.ts";

const spawn = spawnWith({ PATH: process.env["PATH"] });
const MIB = 1024 * 1024;
const flood = (mib: number, more = ""): string[] => [
  "sh",
  "-c",
  `echo first; head -c ${mib * MIB} /dev/zero | tr '\\0' x; echo last; ${more}`,
];

test("output: of a long one only the beginning and the end are kept, and it says so", async () => {
  const ended = await spawn(flood(3, "echo oops >&2; exit 3"), { streams: "ends" });
  const { exitCode, stdout, stderr } = ended;
  assert.deepEqual([exitCode, stderr], [3, "oops\n"]);
  assert.match(stdout, /^first\nx+\n\[\d+ characters left out\]\nx+last\n$/);
  assert.ok(stdout.length < 70_000);
});

test("output: a short one is kept as it is", async () => {
  const { stdout } = await spawn(["seq", "3"], { streams: "ends" });
  assert.equal(stdout, "1\n2\n3\n");
});

test("output: what has to be whole and is not is a failure, and no cut text", async () => {
  const ended = await spawn(flood(33));
  assert.deepEqual([ended.exitCode, ended.cause], [null, "printed more than 32 MiB"]);
});

test("output: what is whole counts, also if it is long", async () => {
  const ended = await spawn(flood(31));
  assert.deepEqual([ended.exitCode, ended.stdout.length], [0, 31 * MIB + 11]);
});

test("output: one line of megabytes makes no long reason", async () => {
  const ended = await spawn(["sh", "-c", "head -c 9000000 /dev/zero | tr '\\0' x >&2; exit 1"]);
  assert.ok(describeEnd(ended).length < 3000);
});

test("output: a check that prints without end fails at its time limit, in bounded memory", async () => {
  using host = new EdgeHost();
  host.spawn = spawn;
  const times = { timeout: 2, interval: 1, deadline: 0 };
  const before = process.memoryUsage().rss;
  const end = await untilPassed(host, commandCheck(["yes"]), times, new AbortController().signal);
  assert.deepEqual(end.state, { kind: "failed", why: "no answer within 2 s" });
  assert.ok(process.memoryUsage().rss - before < 300 * MIB);
});

/** Opens files until there are no descriptors left, and then starts a program. */
const WITHOUT_DESCRIPTORS = `
  import { openSync } from "node:fs";
  import { makeSpawn } from "./src/host/process/spawn.ts";
  const spawn = makeSpawn({ env: process.env, kill: () => {} });
  try {
    for (;;) openSync("/dev/null");
  } catch {
    const ended = await spawn(["true"], { input: "x" });
    console.log(JSON.stringify([ended.exitCode, ended.cause]));
  }`;

test("a program that cannot be started for want of file descriptors is an end like any other", async () => {
  const { execPath } = process;
  const call = `ulimit -n 64; exec "$0" --input-type=module --eval "$1"`;
  const ended = await spawn(["sh", "-c", call, execPath, WITHOUT_DESCRIPTORS]);
  assert.equal(ended.stdout.trim(), '[null,"spawn true EMFILE"]', ended.stderr);
});
