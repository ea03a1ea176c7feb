import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSpawn } from "../../src/host/spawn.ts";
import { until } from "../host/until.ts";

const spawn = makeSpawn({ PATH: process.env["PATH"], GREETING: "hello" });

const programs = {
  "ends well": ["sh", "-c", 'echo "$GREETING"; echo oops >&2'],
  fails: ["sh", "-c", "echo no >&2; exit 3"],
  "is killed": ["sh", "-c", "kill -KILL $$"],
  "is not there": ["no-such-program"],
  "reads its input": ["sh", "-c", "cat; echo end"],
  "leads its session": ["sh", "-c", `[ "$(ps -o sid= -p $$ | tr -d ' ')" = $$ ]`],
} as const;

for (const [name, argv] of Object.entries(programs)) {
  void test(`spawn: a program that ${name}, waited for in either way`, async () => {
    const env = { LC_ALL: "C" };
    const blocking = await spawn(argv, { env, wait: "blocking" });
    assert.deepEqual(blocking, await spawn(argv, { env }));
    if (name === "leads its session") assert.equal(blocking.exitCode, 0);
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
