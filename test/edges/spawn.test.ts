import assert from "node:assert/strict";
import { test } from "node:test";
import { spawnWith } from "../support/spawning.ts";
import { until } from "../host/until.ts";

const environment = { PATH: process.env["PATH"], GREETING: "hello", UNSET: undefined };
const spawn = spawnWith(environment);
const spawnQuickly = spawnWith(environment, () => process.binding("spawn_sync"));
const spawnWhereNothingIsLent = spawnWith(environment, () => {
  throw new Error("no such binding");
});

const programs = {
  "ends well": ["sh", "-c", 'echo "$GREETING"; echo oops >&2'],
  fails: ["sh", "-c", "echo no >&2; exit 3"],
  "is killed": ["sh", "-c", "kill -KILL $$"],
  "is not there": ["no-such-program"],
  "reads its input": ["sh", "-c", "cat; echo end"],
  "leads its session": ["sh", "-c", `[ "$(ps -o sid= -p $$ | tr -d ' ')" = $$ ]`],
} as const;

const ways = { spawn, spawnQuickly, spawnWhereNothingIsLent };

for (const [name, argv] of Object.entries(programs)) {
  void test(`spawn: a program that ${name}, waited for in any way`, async () => {
    const options = { env: { LC_ALL: "C" }, input: "some input" };
    const expected = await spawn(argv, options);
    for (const [way, blocking] of Object.entries(ways)) {
      assert.deepEqual(await blocking(argv, { ...options, wait: "blocking" }), expected, way);
    }
    if (name === "leads its session") assert.equal(expected.exitCode, 0);
  });
}

for (const [way, blocking] of Object.entries(ways)) {
  void test(`${way}: a program that takes longer than it may is stopped`, async () => {
    const ended = await blocking(["sleep", "600"], { wait: "blocking", timeoutMs: 50 });
    assert.equal(ended.cause, "was killed by SIGKILL after 0.05 s");
  });

  void test(`${way}: more output than a pipe holds arrives whole`, async () => {
    const ended = await blocking(["seq", "200000"], { wait: "blocking" });
    assert.match(ended.stdout, /^1\n[^]*\n200000\n$/);
  });
}

function isThere(processOrGroup: number): boolean {
  try {
    return process.kill(processOrGroup, 0);
  } catch {
    return false;
  }
}

/** Starts a shell script that prints process ids first; cut off by the time the test ends. */
async function started(script: string) {
  const cut = new AbortController();
  const ids = Promise.withResolvers<number[]>();
  const ended = spawn(["sh", "-c", script], {
    signal: cut.signal,
    onOutput: (text) => {
      ids.resolve(text.trim().split(" ").map(Number));
    },
  });
  return { cut, ended, ids: await ids.promise };
}

test("cut off, a program that ignores SIGTERM is killed with all that it has started", async () => {
  const { cut, ended, ids } = await started("trap '' TERM; sleep 600 & echo $$; wait; sleep 600");
  const [leader = 0] = ids;
  cut.abort();
  assert.equal((await ended).cause, "was killed by SIGKILL");
  await until("the whole group is gone", () => !isThere(-leader));
});

test("what is left behind with its streams is not waited for; what it said by then is there", async () => {
  const ended = await spawn(["sh", "-c", "sleep 600 & echo $!; (sleep 0.2; echo late) & exit 3"]);
  const [left, late] = ended.stdout.trim().split("\n");
  process.kill(Number(left));
  assert.deepEqual([ended.exitCode, ended.cause, late], [3, null, "late"]);
});

test("cut off, it is not waited for what has its streams still, and its exit code counts", async () => {
  const { cut, ended, ids } = await started("sleep 600 & echo $$ $!; exit 3");
  const [leader = 0, left = 0] = ids;
  await until("the program has ended", () => !isThere(leader));
  cut.abort();
  assert.equal((await ended).exitCode, 3);
  process.kill(left);
});

test("cut off before it begins, a program is killed", async () => {
  const ended = await spawn(["sleep", "600"], { signal: AbortSignal.abort() });
  assert.equal(ended.cause, "was killed by SIGKILL");
});

test("one that cannot be started is told as such, cut off or not", async () => {
  const ended = await spawn(["no-such-program"], { signal: AbortSignal.abort() });
  assert.deepEqual([ended.exitCode, typeof ended.cause], [null, "string"]);
});
