import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { end } from "../../../src/core/record/record.ts";
import { keepNewestDriven } from "../../../src/finalize/newest/keep-driven.ts";
import { resumeOne } from "../../../src/finalize/resume.ts";
import { RolloutPart } from "../../../src/fleet/part/rollout-part.ts";
import { etcdConfig, fleetConfig } from "../../fleet/configs.ts";
import { partRecord } from "../../fleet/part/part-host.ts";
import { unreadablePart } from "../../fleet/part/unreadable.ts";
import { NEW, OLD, OverlappingHost, RUN } from "./overlapping-host.ts";

test("the newest one is started if nothing drives it", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD);
  host.scheduled(NEW);
  await keepNewestDriven(host, host.store, RUN);
  assert.deepEqual(host.launched, [NEW]);
});

for (const what of ["folder", "loop"] as const) {
  test(`the part of an old one cannot be read, as a ${what}: the newest one is started`, async () => {
    using host = new OverlappingHost();
    host.scheduled(NEW);
    unreadablePart(host.folder, OLD, what);
    await keepNewestDriven(host, host.store, RUN);
    assert.deepEqual(host.launched, [NEW]);
    const said = what === "folder" ? [] : [/^cannot look whether \S+aaaa has to go on: ELOOP/];
    assert.equal(host.said.length, said.length);
    for (const [index, pattern] of said.entries()) assert.match(host.said[index] ?? "", pattern);
  });
}

test("the newest one cannot be started: one that owes its group an end is", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD);
  host.scheduled(NEW);
  host.folder.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
  const terms = { lock: etcdConfig(["http://127.0.0.1:9"]), fleet: fleetConfig() };
  const config = { ...DEFAULT_CONFIG, ...terms };
  const finalization = partRecord({ id: OLD });
  await new RolloutPart(host, host.store, { config, finalization }).toAsk();
  host.folder.remove(`state/${OLD}.json`);
  host.answers["systemd-run"] = (argv) => ({ exitCode: argv.at(-1) === NEW ? 1 : 0 });
  await assert.rejects(keepNewestDriven(host, host.store, RUN), /cannot start/);
  assert.ok(host.launched.includes(OLD));
});

const driven: Record<string, (host: OverlappingHost) => void> = {
  "by its timer": (host) => {
    host.armed(NEW);
  },
  "by a process": (host) => {
    host.holdLock(NEW);
  },
  "by the call of schedule that goes on": (host) => {
    host.holdLock("schedule");
  },
  "and systemd does not answer": (host) => {
    host.answers["systemctl show"] = { exitCode: 1 };
  },
  "and has ended": (host) => {
    host.store.save(end(host.scheduled(NEW), "failed", host.now(), { reason: "x" }));
  },
};
for (const [how, prepare] of Object.entries(driven)) {
  test(`the newest one is driven ${how}: nothing is started`, async () => {
    using host = new OverlappingHost();
    if (how !== "and has ended") host.scheduled(NEW);
    prepare(host);
    await keepNewestDriven(host, host.store, RUN);
    assert.deepEqual(host.launched, []);
  });
}

test("resume: the profile has moved from one whose schedule was killed, so the older one stays the newest", async () => {
  using host = new OverlappingHost();
  host.scheduled(OLD);
  host.prepared(NEW, { profile: host.folder.at("profiles/system") });
  await resumeOne(host, host.store, RUN, NEW);
  assert.deepEqual([host.store.isPrepared(NEW), host.launched], [false, [NEW]]);
});

test("resume: one that is being scheduled is left to its timer", async () => {
  using host = new OverlappingHost();
  host.prepared(NEW);
  host.holdLock("schedule");
  await resumeOne(host, host.store, RUN, NEW);
  assert.deepEqual([host.store.isPrepared(NEW), host.launched], [true, []]);
});

for (const refusals of [2, 99]) {
  test(`a start that a queued stop contradicts is asked for again, refused ${refusals} times`, async () => {
    using host = new OverlappingHost();
    host.scheduled(NEW);
    host.answers["systemd-run"] = () => {
      host.passes(4000);
      const exitCode = host.launched.length <= refusals ? 1 : 0;
      const stderr = "Transaction for x.service/start is destructive (x.service has 'stop' job).";
      return { exitCode, stderr };
    };
    const launching = keepNewestDriven(host, host.store, RUN);
    if (refusals < 10) await launching;
    else await assert.rejects(launching, /cannot start .*destructive/);
    assert.equal(host.launched.length, Math.min(refusals + 1, 4));
  });
}
