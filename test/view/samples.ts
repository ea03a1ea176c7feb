import { end, enter, type FinalizationRecord, newRecord } from "../../src/core/record/record.ts";
import type { State } from "../../src/core/states.ts";
import type { Slot } from "../../src/core/record/slot.ts";
import type { HostNow, SystemNow } from "../../src/explain/host-now.ts";
import type { WaitingNote } from "../../src/state-dir/waiting-note.ts";
import type { SlotSeen } from "../../src/fleet/slot-store.ts";
import type { StatusNow } from "../../src/view/status-screen.ts";
import { fleetLockConfig } from "../fleet/configs.ts";
import { aRecord } from "../support/records.ts";
import type { ViewedFinalization } from "../../src/view/hints.ts";

export const NOW = new Date("2026-11-22T21:36:00.000Z");

export const TARGET =
  "/nix/store/0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p-nixos-system-web1-25.11.20261122.abc";
export const PREVIOUS =
  "/nix/store/9z8y7x6w5v4u3t2s1r0q9p8o7n6m5l4k-nixos-system-web1-25.11.20261101.def";

const BASE = aRecord({
  id: "20261122-213000-k3f9",
  target: TARGET,
  targetGeneration: 42,
  previous: PREVIOUS,
  previousGeneration: 41,
  requester: { user: "deploy", sshClient: "10.0.0.5", sessionId: null },
  revision: "4dcaa3f8a0c5d7b9e1f2a3b4c5d6e7f8091a2b3c",
});

const REBOOT = aRecord({
  ...BASE,
  plan: { action: "reboot", reason: "kernel,initrd changed", changed: ["kernel", "initrd"] },
});

/** The way back of a deploy, with what `schedule` writes into the timeline. */
const BACK = newRecord({
  ...BASE,
  target: PREVIOUS,
  targetGeneration: 41,
  previous: TARGET,
  previousGeneration: 42,
  revision: null,
  rollbackOf: "20261122-211500-km17",
});

type Step = readonly [time: string, state: State, detail: string];

/** A record that has gone through these steps on the evening of the samples. */
export function through(record: FinalizationRecord, ...steps: readonly Step[]): FinalizationRecord {
  return steps.reduce((before, [time, state, detail]) => {
    const at = new Date(`2026-11-22T${time}Z`);
    const isEnd = ["live", "rolled-back", "failed", "superseded", "cancelled"].includes(state);
    return isEnd ? end(before, state, at, { reason: detail }) : enter(before, state, at, detail);
  }, record);
}

const WAITING: Step = ["21:31:00.100", "waiting", "until all gates are open"];
const SWITCHING: Step = ["21:33:05.200", "switching", "services only"];
const ENDED_0 = "switch-to-configuration ended with exit code 0";
const VERIFYING: Step = ["21:33:06.500", "verifying", ENDED_0];
const SWITCHED = through(BASE, WAITING, SWITCHING, VERIFYING);

const FAILED_CHECKS: FinalizationRecord["checks"] = [
  { name: "units settle", kind: "failed-units", result: "passed", detail: "", seconds: 5 },
  {
    name: "web",
    kind: "http",
    result: "failed",
    detail: "http://127.0.0.1:8080/health answered 502 Bad Gateway, not 200 to 299",
    seconds: 30.2,
  },
];

const WAITED: FinalizationRecord["waitedFor"] = [
  { gate: "session", why: "login session 7 is open", seconds: 3.2 },
  { gate: "CI job", why: "gitea-runner-default.service runs a job", seconds: 121 },
];

/** The record of each screen, by the name of its golden file. */
export const RECORDS: Readonly<Record<string, FinalizationRecord>> = {
  scheduled: BASE,
  "scheduled-reboot": REBOOT,
  waiting: through(BASE, WAITING),
  switching: through(BASE, WAITING, SWITCHING),
  rebooting: through(REBOOT, WAITING, ["21:33:05", "rebooting", "kernel,initrd changed"]),
  verifying: SWITCHED,
  "verifying-confirmation": {
    ...through(SWITCHED, [
      "21:33:12",
      "verifying",
      "waits for a confirmation until 2026-11-22T21:43:12.000Z",
    ]),
    confirmBy: "2026-11-22T21:43:12.000Z",
  },
  "rolling-back": {
    ...through(SWITCHED, ["21:33:42", "rolling-back", "web: answered 502"]),
    checks: FAILED_CHECKS,
    outcome: { reason: "web: answered 502", activationExitCode: 0, activationTail: [] },
  },
  live: {
    ...through(SWITCHED, ["21:33:12", "live", "the target is the running system"]),
    waitedFor: WAITED,
    checks: FAILED_CHECKS.slice(0, 1),
  },
  "live-reboot": through(
    REBOOT,
    WAITING,
    ["21:31:02", "rebooting", "kernel,initrd changed"],
    ["21:32:40", "verifying", "booted into the target"],
    ["21:32:46", "live", "the target is the running system"],
  ),
  "rolled-back": {
    ...through(
      SWITCHED,
      ["21:33:42", "rolling-back", "web: answered 502"],
      ["21:33:50", "rolled-back", "web: http://127.0.0.1:8080/health answered 502 Bad Gateway"],
    ),
    checks: FAILED_CHECKS,
  },
  failed: failedActivation(),
  "live-rollback": through(BACK, WAITING, SWITCHING, VERIFYING, [
    "21:33:12",
    "live",
    "the target is the running system",
  ]),
  superseded: through(BASE, WAITING, [
    "21:32:00",
    "superseded",
    "superseded by 20261122-213159-0zzz",
  ]),
  cancelled: through(BASE, ["21:30:40", "cancelled", "cancelled by root from 10.0.0.5"]),
};

function failedActivation(): FinalizationRecord {
  const reason =
    "switch-to-configuration ended with exit code 2; the rollback failed too: " +
    "the switch to the previous system ended with exit code 2: Activation script snippet 'users' failed (1)";
  const record = through(
    through(BASE, WAITING, SWITCHING),
    ["21:33:07", "rolling-back", "switch-to-configuration ended with exit code 2"],
    ["21:33:20", "failed", reason],
  );
  const activationTail = [
    "activating the configuration...",
    "setting up /etc...",
    "\u001B[31mActivation script snippet 'users' failed (1)\u001B[0m",
    `warning: ${"a very long line ".repeat(9)}`,
  ];
  return { ...record, outcome: { reason, activationExitCode: 2, activationTail } };
}

/** What the process of a record waits for, by the name of its screen. */
const NOTES: Readonly<Record<string, WaitingNote>> = {
  waiting: {
    for: "CI job",
    why: "gitea-runner-default.service runs a job",
    since: "2026-11-22T21:31:03.400Z",
    until: "2026-11-22T22:31:00.000Z",
    next: "give-up",
  },
  verifying: {
    for: "checks",
    why: "web, db",
    since: "2026-11-22T21:33:11.500Z",
    until: "2026-11-22T21:33:51.500Z",
    next: null,
  },
};

export const OLD: SystemNow = { toplevel: PREVIOUS, generation: 41, version: "25.11.20261101.def" };
export const NEW: SystemNow = { toplevel: TARGET, generation: 42, version: "25.11.20261122.abc" };

export const LOADER = { name: "systemd-boot", byDefault: null, once: null, obstacle: null };

const HOSTS: Readonly<Record<string, HostNow>> = {
  live: { booted: OLD, current: NEW, profile: NEW, rebootRequired: null, bootLoader: LOADER },
  "live-reboot": {
    booted: NEW,
    current: NEW,
    profile: NEW,
    rebootRequired: null,
    bootLoader: LOADER,
  },
  "live-rollback": {
    booted: OLD,
    current: OLD,
    profile: OLD,
    rebootRequired: null,
    bootLoader: LOADER,
  },
  "rolled-back": {
    booted: OLD,
    current: OLD,
    profile: OLD,
    rebootRequired: null,
    bootLoader: LOADER,
  },
  cancelled: {
    booted: OLD,
    current: OLD,
    profile: NEW,
    rebootRequired: "kernel,initrd changed",
    bootLoader: LOADER,
  },
};

const BEFORE: HostNow = {
  booted: OLD,
  current: OLD,
  profile: NEW,
  rebootRequired: null,
  bootLoader: LOADER,
};

/** What `status` finds, by the name of its screen. */
export function statusOf(
  name: string,
  changes: Partial<ViewedFinalization> = {},
  slot: SlotSeen = { kind: "none" },
): StatusNow {
  const record = RECORDS[name];
  if (record === undefined) throw new Error(`no sample ${name}`);
  const now = name.startsWith("scheduled") ? new Date("2026-11-22T21:30:20Z") : NOW;
  const known: ViewedFinalization = {
    now,
    record,
    waiting: NOTES[name] ?? null,
    driver: driverOf(record),
    place: "newest",
    rollback: "enabled",
    ...changes,
  };
  const host = HOSTS[name] ?? BEFORE;
  const finalization = { kind: "known", ...known } as const;
  return { now, hostName: "web1", host, fallback: null, finalization, slot, user: "root" };
}

/** A slot of the fleet lock, held by a finalization of the samples. */
export function slotOf(changes: Partial<Slot> = {}): SlotSeen {
  const slot: Slot = {
    schemaVersion: 1,
    finalization: BASE.id,
    holder: "6055b82dce8a40fba1b1079349367a9c",
    attempt: 1,
    state: "held",
    askedAt: "2026-11-22T21:32:00.000Z",
    clock: null,
    takenAt: "2026-11-22T21:33:04.000Z",
    lease: null,
    lock: fleetLockConfig("http://airlock.example.org:3333", { group: "web" }),
    keptBecause: null,
    ...changes,
  };
  return { kind: "slot", slot };
}

function driverOf({ state }: FinalizationRecord): ViewedFinalization["driver"] {
  if (state === "scheduled") return { kind: "timer" };
  const isOver = ["live", "rolled-back", "failed", "superseded", "cancelled"].includes(state);
  return isOver ? null : { kind: "process" };
}
