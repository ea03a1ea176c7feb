import assert from "node:assert/strict";
import { test } from "node:test";
import { makeSpawn } from "../../src/host/spawn.ts";

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
