import assert from "node:assert/strict";
import { test } from "node:test";
import { drain, type DrainEnd, type Draining } from "../../../src/finalize/runners/drain.ts";
import type { SpawnOptions } from "../../../src/host/process/spawn.ts";
import { pause } from "../../../src/host/process/time.ts";
import type { WaitingNote } from "../../../src/state-dir/waiting-note.ts";
import { EdgeHost } from "../../support/edge-host.ts";

const never: Draining["untilUnwanted"] = async (signal) => await pause(60_000, signal);

const atOnce: Draining["untilUnwanted"] = async () => {};

/** The stop of a runner takes until its job has ended, or the program that asked is killed. */
function hostWithJob(jobMs: number): EdgeHost {
  const host = new EdgeHost();
  const answer = host.spawn;
  host.spawn = async (argv, options: SpawnOptions = {}) => {
    if (argv[1] !== "stop") return await answer(argv, options);
    const limit = options.timeoutMs === undefined ? [] : [AbortSignal.timeout(20)];
    const cut = AbortSignal.any([...limit, ...(options.signal ? [options.signal] : [])]);
    await pause(jobMs, cut);
    const ended = await answer(argv, options);
    return cut.aborted ? { ...ended, exitCode: null, cause: "was killed" } : ended;
  };
  return host;
}

interface Wish extends Partial<Draining> {
  readonly jobMs?: number;
}

async function drained(wish: Wish = {}): Promise<{
  end: DrainEnd;
  ran: string[];
  notes: (WaitingNote | null)[];
}> {
  const { jobMs = 0, ...changes } = wish;
  using host = hostWithJob(jobMs);
  const notes: (WaitingNote | null)[] = [];
  const end = await drain(host, ["r.service"], {
    seconds: 60,
    next: "give-up",
    stop: new AbortController().signal,
    untilUnwanted: never,
    tell: (note) => notes.push(note),
    ...changes,
  });
  return { end, ran: host.ran.map((argv) => argv.join(" ")), notes };
}

test("drain: an idle runner is stopped at once, and nobody waited", async () => {
  const { end, ran } = await drained();
  assert.deepEqual(end, { kind: "drained", waitedFor: [] });
  assert.deepEqual(ran, ["systemctl stop -- r.service"]);
});

test("drain: no runner, no program", async () => {
  using host = new EdgeHost();
  const signal = new AbortController().signal;
  const draining = { seconds: 1, next: "give-up", stop: signal, untilUnwanted: never } as const;
  const end = await drain(host, [], { ...draining, tell: () => {} });
  assert.deepEqual([end.kind, host.ran, host.said], ["drained", [], []]);
});

test("drain: a job is waited for, which is noted while it lasts and recorded", async () => {
  const { end, notes } = await drained({ jobMs: 500 });
  assert.equal(end.kind, "drained");
  assert.deepEqual(
    end.waitedFor.map(({ gate, why }) => [gate, why]),
    [["CI job", "r.service: finishes its job and takes no new one"]],
  );
  assert.equal(notes[0]?.for, "CI job");
  assert.equal(notes[0]?.next, "give-up");
  assert.equal(notes.at(-1), null);
});

test("drain: nobody wants the finalization any more", async () => {
  assert.equal((await drained({ jobMs: 60_000, untilUnwanted: atOnce })).end.kind, "unwanted");
});

test("drain: this process is to end", async () => {
  assert.equal((await drained({ jobMs: 60_000, stop: AbortSignal.abort() })).end.kind, "suspended");
});

test("drain: the time is up, and the job is left alone", async () => {
  const { end, ran } = await drained({ jobMs: 60_000, seconds: 0.05 });
  assert.ok(end.kind === "timed-out");
  assert.match(end.why, /timed out after 0.05 s waiting for CI job: r\.service/);
  assert.deepEqual(ran, ["systemctl stop -- r.service"]);
});

test("drain: the time is up, and the act is to come: the job is asked to end, then killed", async () => {
  const { end, ran } = await drained({ jobMs: 60_000, seconds: 0.05, next: "proceed" });
  assert.equal(end.kind, "refused");
  assert.deepEqual(ran, [
    "systemctl stop -- r.service",
    "systemctl kill --signal=SIGTERM -- r.service",
    "systemctl stop -- r.service",
    "systemctl kill --signal=SIGKILL -- r.service",
    "systemctl stop -- r.service",
  ]);
});

test("drain: systemd refuses", async () => {
  using host = new EdgeHost();
  host.answers["systemctl stop"] = { exitCode: 1, stderr: "Access denied" };
  const stop = new AbortController().signal;
  const draining = { seconds: 60, next: "give-up", stop, untilUnwanted: never } as const;
  const end = await drain(host, ["r.service"], { ...draining, tell: () => {} });
  assert.ok(end.kind === "refused");
  assert.match(end.why, /Access denied/);
});
