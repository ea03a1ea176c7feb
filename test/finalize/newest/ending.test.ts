import assert from "node:assert/strict";
import { test } from "node:test";
import type { Part } from "../../../src/core/record/fleet/part.ts";
import { end, type FinalizationRecord } from "../../../src/core/record/record.ts";
import { endUnacted, supersedeOlder } from "../../../src/finalize/newest/ending.ts";
import { keepNewestDriven } from "../../../src/finalize/newest/keep-driven.ts";
import { writePart } from "../../../src/fleet/part/part-store.ts";
import { etcdConfig, fleetConfig } from "../../fleet/configs.ts";
import { NEW, OLD, OverlappingHost, RUN } from "./overlapping-host.ts";

const OTHER = "20261122-230000-cccc";

test("an older one that nobody drives ends, and names the newest one", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD);
  host.scheduled(NEW);
  host.scheduled(OTHER);
  await supersedeOlder(host, host.store, NEW);
  assert.deepEqual(host.end(OLD), ["superseded", `superseded by ${OTHER}`]);
  assert.deepEqual(host.end(NEW), ["scheduled", undefined]);
  assert.deepEqual(host.end(OTHER), ["scheduled", undefined]);
});

const IN_FORCE: Partial<FinalizationRecord> = {
  state: "waiting",
  hooks: [{ name: "node", stage: "in-force", after: ["uncordon"], timeout: 60, problems: [] }],
};

test("one whose hooks have to end is left to its own unit", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD, IN_FORCE);
  host.scheduled(NEW);
  await supersedeOlder(host, host.store, NEW);
  assert.deepEqual(host.end(OLD), ["waiting", undefined]);
  await keepNewestDriven(host, host.store, RUN);
  assert.deepEqual(host.launched, [NEW, OLD]);
});

test("a process that gives a finalization up ends its hooks", async () => {
  using host = new OverlappingHost();
  const stop = new AbortController().signal;
  host.scheduled(OLD, IN_FORCE);
  assert.equal(
    await endUnacted(host, host.store, { id: OLD, stop }, "the configuration is gone"),
    "ended",
  );
  assert.deepEqual(host.end(OLD), ["failed", "the configuration is gone"]);
  assert.ok(host.ran.some(([program]) => program === "uncordon"));
  assert.deepEqual(host.pinned, []);
  const read = await host.store.read(OLD);
  assert.ok(read.kind === "record");
  assert.equal(read.record.hooks[0]?.stage, "over");
});

test("a process that is stopped meanwhile leaves them, with the pins, to another one", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD, IN_FORCE);
  const stopped = new AbortController();
  const { spawn } = host;
  host.spawn = async (argv, options) => {
    if (argv[0] !== "uncordon") return await spawn(argv, options);
    assert.equal(options?.signal, stopped.signal);
    stopped.abort();
    return { argv, exitCode: null, cause: "was killed by SIGKILL", stdout: "", stderr: "" };
  };
  const own = { id: OLD, stop: stopped.signal };
  assert.equal(await endUnacted(host, host.store, own, "the configuration is gone"), "left");
  assert.deepEqual(host.end(OLD), ["failed", "the configuration is gone"]);
  assert.deepEqual(host.pinned, [OLD]);
  const read = await host.store.read(OLD);
  assert.ok(read.kind === "record");
  assert.equal(read.record.hooks[0]?.stage, "in-force");
});

/** It has asked to act in the rollout of its group. */
function hasAsked(host: OverlappingHost, id: string): void {
  const part: Part = {
    schemaVersion: 1,
    finalization: id,
    rollout: "aaaa1111",
    generation: 7,
    holder: "a1",
    lock: etcdConfig(["http://127.0.0.1:9"]),
    fleet: fleetConfig(),
    joined: null,
    withoutAnswer: 0,
    end: null,
    isTold: false,
  };
  writePart(host.store, id, part);
}

test("one whose group has to be told of its end keeps its pins for its own unit", async () => {
  using host = new OverlappingHost();
  const stop = new AbortController().signal;
  host.scheduled(OLD, { state: "waiting" });
  host.scheduled(NEW);
  hasAsked(host, OLD);
  await supersedeOlder(host, host.store, NEW);
  assert.deepEqual(host.end(OLD), ["superseded", `superseded by ${NEW}`]);
  assert.ok(host.pinned.includes(OLD));
  await keepNewestDriven(host, host.store, RUN);
  assert.deepEqual(host.launched, [NEW, OLD]);
  hasAsked(host, NEW);
  const own = { id: NEW, stop };
  assert.equal(await endUnacted(host, host.store, own, "the configuration is gone"), "left");
  assert.deepEqual(host.end(NEW), ["failed", "the configuration is gone"]);
  assert.ok(host.pinned.includes(NEW));
});

test("whether a process drives it is asked of the kernel: its lock is not taken", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD);
  host.scheduled(NEW);
  host.holdLock(OLD);
  await supersedeOlder(host, host.store, NEW);
  assert.deepEqual(host.end(OLD), ["scheduled", undefined]);
  assert.deepEqual(host.ran, []);
});

test("one that is being scheduled is left alone by the older one", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD);
  host.prepared(NEW);
  host.holdLock("schedule");
  await supersedeOlder(host, host.store, OLD);
  assert.deepEqual(host.end(NEW), ["scheduled", undefined]);
  assert.ok(host.store.isPrepared(NEW));
});

test("one that is published after the older one has read `current` is left alone", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD);
  host.prepared(NEW);
  host.holdLock("schedule");
  const spawn = host.spawn;
  host.spawn = async (argv, options) => {
    if (argv[0] === "flock") host.store.publish(NEW);
    return await spawn(argv, options);
  };
  await supersedeOlder(host, host.store, OLD);
  assert.deepEqual(host.end(NEW), ["scheduled", undefined]);
});

test("one whose schedule was killed after the timer was armed is left to its unit", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD);
  host.prepared(NEW);
  host.armed(NEW);
  await supersedeOlder(host, host.store, OLD);
  assert.deepEqual(host.end(NEW), ["scheduled", undefined]);
  assert.ok(host.store.isPrepared(NEW));
});

test("one whose schedule was killed before the timer was armed ends, and never becomes the newest", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD);
  host.prepared(NEW);
  await supersedeOlder(host, host.store, OLD);
  assert.deepEqual(host.end(NEW), ["failed", "its schedule was killed before the timer was armed"]);
  assert.ok(!host.store.isPrepared(NEW));
  assert.deepEqual([host.store.newest(), host.pinned], [OLD, [OLD]]);
});

test("the same while systemd does not answer: it is left alone", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD);
  host.prepared(NEW);
  host.answers["systemctl show"] = { exitCode: 1, stderr: "Connection refused" };
  await supersedeOlder(host, host.store, OLD);
  assert.deepEqual(host.end(NEW), ["scheduled", undefined]);
});

test("one that was killed while it drained a runner ends, and the runner works again", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD, { state: "waiting", stoppedRunners: ["runner.service"] });
  host.scheduled(NEW);
  await supersedeOlder(host, host.store, NEW);
  assert.equal(host.end(OLD)[0], "superseded");
  const started = host.ran.find(([, verb]) => verb === "start");
  assert.deepEqual(started, ["systemctl", "start", "--no-block", "--", "runner.service"]);
});

test("one whose end was saved, and cut off before its pins were removed, is cleaned up", async () => {
  using host = new OverlappingHost();
  const old = host.scheduled(OLD);
  host.store.save(end(old, "superseded", host.now(), { reason: `superseded by ${NEW}` }));
  host.scheduled(NEW);
  await supersedeOlder(host, host.store, NEW);
  assert.deepEqual(host.pinned, [NEW]);
  assert.deepEqual(host.end(OLD), ["superseded", `superseded by ${NEW}`]);
  assert.deepEqual(host.announced, []);
});
