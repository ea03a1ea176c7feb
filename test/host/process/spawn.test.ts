import assert from "node:assert/strict";
import { test } from "node:test";
import { untilAnswered } from "../../../src/host/process/spawn.ts";
import { spawnWith } from "../../support/spawning.ts";
import { until } from "../../test-host/until.ts";

const spawn = spawnWith({ PATH: process.env["PATH"], GREETING: "hello", UNSET: undefined });

const nothing = { exitCode: 0, cause: null, stdout: "", stderr: "" };

const programs = {
  "ends well": {
    argv: ["sh", "-c", 'echo "$GREETING $LC_ALL ${UNSET-unset}"; echo oops >&2'],
    end: { stdout: "hello C unset\n", stderr: "oops\n" },
  },
  fails: { argv: ["sh", "-c", "echo no >&2; exit 3"], end: { exitCode: 3, stderr: "no\n" } },
  "is killed": {
    argv: ["sh", "-c", "kill -KILL $$"],
    end: { exitCode: null, cause: "was killed by SIGKILL", killedBy: "SIGKILL" },
  },
  "is not there": {
    argv: ["no-such-program"],
    end: { exitCode: null, cause: "could not be started: no-such-program is not in PATH" },
  },
  "reads its input": { argv: ["sh", "-c", "cat; echo end"], end: { stdout: "some inputend\n" } },
  "leads its session": {
    argv: ["sh", "-c", `[ "$(ps -o sid= -p $$ | tr -d ' ')" = $$ ]`],
    end: {},
  },
};

for (const [name, { argv, end }] of Object.entries(programs)) {
  test(`spawn: a program that ${name}`, async () => {
    const ended = await spawn(argv, { env: { LC_ALL: "C" }, input: "some input" });
    assert.deepEqual(ended, { argv, ...nothing, ...end });
  });
}

for (const [name, { kills, asked, exitCode }] of Object.entries({
  "once: it is asked again": { kills: 1, asked: 2, exitCode: 0 },
  "each time: it is asked three times": { kills: 9, asked: 3, exitCode: null },
  "never: its answer counts, whatever it is": { kills: 0, asked: 1, exitCode: 7 },
})) {
  test(`spawn: a program that somebody kills ${name}`, async () => {
    let times = 0;
    const ended = await untilAnswered(async () => {
      times++;
      return await spawn(["sh", "-c", times <= kills ? "kill -HUP $$" : `exit ${exitCode}`]);
    });
    assert.deepEqual([times, ended.exitCode], [asked, exitCode]);
  });
}

test("spawn: a program that takes longer than it may is stopped", async () => {
  const ended = await spawn(["sleep", "600"], { timeoutMs: 50 });
  assert.equal(ended.cause, "was killed by SIGKILL after 0.05 s");
});

test("spawn: a time limit that is not reached changes nothing", async () => {
  const ended = await spawn(["sh", "-c", "kill -TERM $$"], { timeoutMs: 60_000 });
  assert.equal(ended.cause, "was killed by SIGTERM");
});

test("spawn: more output than a pipe holds arrives whole", async () => {
  const ended = await spawn(["seq", "200000"]);
  assert.match(ended.stdout, /^1\n[^]*\n200000\n$/);
});

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

test("spawn: a program does not speak to systemd in our name, unless we tell it to", async () => {
  const own = { PATH: process.env["PATH"], NOTIFY_SOCKET: "/run/ours" };
  const show = ["sh", "-c", 'echo "${NOTIFY_SOCKET-none}"'];
  assert.equal((await spawnWith(own)(show)).stdout, "none\n");
  assert.equal(
    (await spawnWith(own)(show, { env: { NOTIFY_SOCKET: "/run/ours" } })).stdout,
    "/run/ours\n",
  );
});

test("spawn: what a program prints for us has no colours, whatever the caller asks for", async () => {
  const asking = spawnWith({ PATH: process.env["PATH"], SYSTEMD_COLORS: "1", SYSTEMD_URLIFY: "1" });
  const shown = ["sh", "-c", 'echo "$SYSTEMD_COLORS $SYSTEMD_URLIFY"'];
  assert.equal((await asking(shown)).stdout, "0 0\n");
  const calendar = ["systemd-analyze", "calendar", "Sat 02:00"];
  assert.ok(!(await asking(calendar)).stdout.includes("\u001b"));
});
