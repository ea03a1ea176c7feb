import { pathsUnder } from "../../src/host/files/paths.ts";
import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { mock, test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { type Gate, OPEN } from "../../src/gates/gate.ts";
import { waitForGates } from "../../src/gates/wait.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { holdersOf, isLocked, isProbablyLocked } from "../../src/host/files/kernel-locks.ts";
import {
  readWaitingNote,
  tellLate,
  type WaitingNote,
  writeWaitingNote,
} from "../../src/state-dir/waiting-note.ts";
import { verify } from "../../src/checks/verify.ts";
import { standard } from "../checks/unit-states.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { Folder } from "../support/folder.ts";
import { aRecord } from "../support/records.ts";

const ID = "20261122-213000-aaaa";

const NOTE: WaitingNote = {
  for: "CI job",
  why: "runs a job",
  since: "2026-11-22T21:31:00.000Z",
  until: null,
  next: null,
};

test("waiting note: is there until it is taken away, and nothing else is left", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.path);
  assert.equal(readWaitingNote(store, ID), null);
  writeWaitingNote(store, ID, NOTE);
  assert.deepEqual(readWaitingNote(store, ID), NOTE);
  assert.deepEqual(readdirSync(folder.path), [`${ID}.waiting`]);
  writeWaitingNote(store, ID, null);
  assert.deepEqual(readdirSync(folder.path), []);
});

test("waiting note: one that cannot be written harms nothing", () => {
  const store = new RecordStore("/proc/nowhere");
  writeWaitingNote(store, ID, NOTE);
  writeWaitingNote(store, ID, null);
  assert.equal(readWaitingNote(store, ID), null);
});

test("waiting note: goes with its record", () => {
  using folder = new Folder();
  const store = new RecordStore(folder.path);
  for (let minute = 0; minute < 101; minute++) {
    const suffix = String(minute).padStart(4, "0");
    store.save(aRecord({ id: `20261122-213000-${suffix}` }));
  }
  writeWaitingNote(store, "20261122-213000-0000", NOTE);
  store.prune(() => []);
  assert.equal(readWaitingNote(store, "20261122-213000-0000"), null);
});

test("waiting note: the gates tell each reason and its limit, and that it is over", async () => {
  using host = new EdgeHost();
  const states = [{ kind: "closed", why: "a" } as const, { kind: "closed", why: "b" } as const];
  const gate: Gate = {
    name: "test",
    whenUnknown: "wait",
    atDeadline: "as-configured",
    look: async () => states.shift() ?? OPEN,
    change: async () => {},
  };
  host.passes(0);
  const told: (WaitingNote | null)[] = [];
  await waitForGates(
    { host, record: aRecord(), config: DEFAULT_CONFIG },
    {
      gates: [gate],
      since: "in-record",
      stop: new AbortController().signal,
      interrupted: () => false,
      tell: (note) => told.push(note),
    },
  );
  const limit = { until: "2026-11-22T22:31:00.000Z", next: "give-up" };
  const since = host.now().toISOString();
  assert.deepEqual(told.slice(0, 3), [
    { for: "test", why: "a", since, ...limit },
    { for: "test", why: "b", since, ...limit },
    null,
  ]);
  assert.equal(told.at(-1), null);
});

test("waiting note: the verification tells what it is at", async () => {
  using host = new EdgeHost();
  host.showUnits({});
  const times = { timeout: 1, interval: 1, deadline: 0 };
  const checks = [
    { kind: "command", command: ["true"], name: "quick", ...times },
    { kind: "command", command: ["false"], name: "slow", ...times },
  ] as const;
  const told: (string | null)[] = [];
  const wanted = { ...DEFAULT_CONFIG.verify, settle: 0, checks };
  const { signal } = new AbortController();
  await verify(host, wanted, standard(), signal, (note) => told.push(note?.why ?? null));
  assert.deepEqual(told.slice(0, 2), ["they must stay up", "quick, slow"]);
  assert.equal(told.at(-1), null);
});

test("waiting note: a short wait is not told of", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const told: (string | null)[] = [];
    const now = new Date("2026-11-22T21:31:00Z");
    const wait = { for: "turn", why: "another one acts", now };
    const tell = (note: WaitingNote | null): unknown => told.push(note?.for ?? null);
    const short = tellLate(tell, wait);
    mock.timers.tick(100);
    short.end();
    mock.timers.tick(1000);
    const long = tellLate(tell, wait);
    mock.timers.tick(1000);
    long.end();
    assert.deepEqual(told, [null, "turn", null]);
  } finally {
    mock.timers.reset();
  }
});

const hex = (number: number): string => number.toString(16).padStart(2, "0");

test("kernel locks: who holds one is named, with user and program where they can be read", () => {
  using folder = new Folder();
  const paths = pathsUnder(folder.path);
  folder.write("run/nixos/switch-to-configuration.lock", "");
  const { dev, ino } = statSync(paths.switchLock);
  const inode = `${hex((dev >> 8) & 0xfff)}:${hex((dev & 0xff) | ((dev >> 12) & 0xfff00))}:${ino}`;
  const lines = [708, 709, 0].map((id, at) => `${at}: FLOCK  ADVISORY  WRITE ${id} ${inode} 0 EOF`);
  folder.write(
    "proc/locks",
    `${lines.join("\n")}\n9: FLOCK  ADVISORY  WRITE 5 ${hex(0)}:1:1 0 EOF\n`,
  );
  folder.write("proc/708/comm", "flock\n");
  assert.deepEqual(holdersOf(paths, paths.switchLock), [
    { processId: 708, program: "flock", userId: process.getuid?.() },
    { processId: 709, program: null, userId: null },
  ]);
});

test("kernel locks: on btrfs the device differs, the number of the inode does not", () => {
  using folder = new Folder();
  const path = folder.write("a.lock", "");
  const held = folder.write("locks", "1: FLOCK  ADVISORY  WRITE 708 ff:fe:17 0 EOF\n");
  assert.equal(isProbablyLocked(held, path), false);
  const inode = statSync(path).ino;
  folder.write("locks", `1: FLOCK  ADVISORY  WRITE 708 ff:fe:${inode} 0 EOF\n`);
  assert.deepEqual([isLocked(held, path), isProbablyLocked(held, path)], [false, true]);
  folder.write("locks", `1: POSIX  ADVISORY  WRITE 708 ff:fe:${inode} 0 EOF\n`);
  assert.equal(isProbablyLocked(held, path), false);
  assert.equal(isProbablyLocked(held, folder.at("absent")), false);
});
