import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import type { Host } from "../../../src/host/process/host.ts";
import { readIfThere } from "../../../src/host/files/durable.ts";
import { LockLost, tryLock, waitForLock } from "../../../src/host/process/lock.ts";
import type { Spawn } from "../../../src/host/process/spawn.ts";
import { Turn } from "../../../src/state-dir/turn.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { spawnWith } from "../../support/spawning.ts";

const spawn = spawnWith({ PATH: process.env["PATH"] });
const ID = "20261122-213000-aaaa";
const never = new AbortController().signal;

/** A host whose locks are real ones. */
class LockedHost extends EdgeHost {
  override spawn: Spawn = spawn;
  readonly place = this.folder.at("some.lock");
}

/** The process that holds a lock, as the kernel tells; on another file system a file may have the same number. */
function holderOf(place: string): number {
  const { ino } = statSync(place);
  const held = /FLOCK .* WRITE (\d+) \S+:(\d+) /;
  const lines = readFileSync("/proc/locks", "utf8").split("\n");
  const holders = lines
    .filter((line) => held.exec(line)?.[2] === String(ino))
    .map((line) => Number(held.exec(line)?.[1]));
  return holders.find((processId) => parentOf(processId) === process.pid) ?? Number.NaN;
}

function parentOf(processId: number): number {
  const status = readIfThere(`/proc/${processId}/status`) ?? "";
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
}

const ways = {
  "is tried": tryLock,
  "is waited for": async (host: Host, path: string) => await waitForLock(host, path, never),
};

for (const [how, take] of Object.entries(ways)) {
  test(`a lock that ${how} and cannot be opened is not held`, async () => {
    using host = new LockedHost();
    for (const path of [`${host.place}/is/nowhere`, "/proc/some.lock"]) {
      await assert.rejects(take(host, path), /cannot take the lock .*cannot open lock file/);
    }
  });
}

test("a lock is held by one at a time, and given back", async () => {
  using host = new LockedHost();
  const first = await tryLock(host, host.place);
  assert.equal(await tryLock(host, host.place), null);
  const second = waitForLock(host, host.place, never);
  await first?.release();
  await (await second)?.release();
  const third = await tryLock(host, host.place);
  assert.notEqual(third, null);
  await third?.release();
});

test("a lock that another has is not held, whatever flock has to say", async () => {
  using host = new LockedHost();
  host.spawn = async (_, options) =>
    await spawn(["sh", "-c", "echo 'flock: a warning' >&2; cat > /dev/null & exit 75"], options);
  assert.equal(await tryLock(host, host.place), null);
});

test("without the lock nobody has the turn", async () => {
  using host = new LockedHost();
  host.folder.link("state/turn.lock", "/nonexistent/turn.lock");
  const turn = new Turn(host, new RecordStore(host.folder.at("state")), ID, never);
  await assert.rejects(turn.wait(), /cannot take the lock/);
  assert.equal(turn.isMine(), false);
});

test("signals to all processes of the unit leave the lock with the process that goes on", async () => {
  using host = new LockedHost();
  const lock = await tryLock(host, host.place);
  const holder = holderOf(host.place);
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.kill(holder, signal);
  // A signal that ends it does so before this program has started.
  assert.equal(await tryLock(host, host.place), null);
  await lock?.release();
  const free = await tryLock(host, host.place);
  assert.notEqual(free, null);
  await free?.release();
});

test("a lock whose holder is killed is lost, and one that is released is not", async () => {
  using host = new LockedHost();
  const lock = await tryLock(host, host.place);
  const released = await tryLock(host, `${host.place}.other`);
  await released?.release();
  const lost = once(lock?.lost ?? never, "abort");
  process.kill(holderOf(host.place), "SIGKILL");
  await lost;
  assert.throws(() => lock?.lost.throwIfAborted(), LockLost);
  assert.equal(released?.lost.aborted, false);
  await lock?.release();
});

test("an error after the turn was taken gives it back", async () => {
  using host = new LockedHost();
  host.folder.write("nix/var/nix/gcroots/deploy-finalize", "no folder");
  host.folder.write("state/.keep", "");
  const store = new RecordStore(host.folder.at("state"));
  const turn = new Turn(host, store, ID, never);
  await assert.rejects(turn.waitToBegin());
  assert.equal(turn.isMine(), false);
  const free = await tryLock(host, store.lockPath("turn"));
  assert.notEqual(free, null);
  await free?.release();
});
