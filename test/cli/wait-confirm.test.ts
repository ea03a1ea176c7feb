import assert from "node:assert/strict";
import { watch } from "node:fs";
import { test } from "node:test";
import { NO_CLOCKS } from "../../src/core/record/clock.ts";
import { end, enter, type FinalizationRecord } from "../../src/core/record/record.ts";
import { OperatedHost } from "./operating.ts";

const NOW = new Date("2026-11-22T21:31:00Z");

/** The switch ended 1000 s after the boot; PID 1 began 50 s after the kernel. */
const AWAITING = {
  state: "verifying",
  confirmBy: "2026-11-22T21:40:00.000Z",
  switchedInBoot: "boot-1",
  clocks: {
    ...NO_CLOCKS,
    acted: { at: NOW.toISOString(), bootId: "boot-1", uptime: 1000 },
  },
} as const satisfies Partial<FinalizationRecord>;

interface Process {
  readonly id: number;
  readonly name: string;
  readonly user?: number;
  /** Seconds since the boot. */
  readonly began?: number;
}

/** A host on which `wait --confirm` is called by the processes above it, the nearest first. */
class CalledHost extends OperatedHost {
  readonly record: FinalizationRecord;

  constructor(above: readonly Process[], changes: Partial<FinalizationRecord> = AWAITING) {
    super();
    const chain = [{ id: 900, name: "node" }, ...above, { id: 1, name: "systemd", began: 0 }];
    chain.forEach((one, at) => {
      const folder = at === 0 ? "proc/self" : `proc/${one.id}`;
      this.process(folder, one, chain[at + 1]?.id ?? 0);
    });
    this.connection("203.0.113.9 40000 192.0.2.1 22");
    this.record = this.save(changes);
  }

  process(folder: string, { id, name, user = 0, began = 2000 }: Process, parent: number): void {
    const ticks = (began + 50) * 100;
    this.folder.write(
      `${folder}/stat`,
      `${id} (${name}) S ${parent} ${"0 ".repeat(17)}${ticks} 0\n`,
    );
    this.folder.write(`${folder}/status`, `Name:\t${name}\nUid:\t${user}\t${user}\t${user}\n`);
  }

  /** What the environment below sshd says. */
  connection(ends: string | null): void {
    this.ends["grep"] =
      ends === null ? { exitCode: 1 } : { stdout: `SSH_CONNECTION=${ends}\0`, exitCode: 0 };
  }

  /** As the process that drives it: ends it when it is confirmed; too late, or not. */
  answersWith(state: "live" | "rolled-back"): void {
    this.drive(this.record.id, null);
    const before = state === "live" ? this.record : enter(this.record, "rolling-back", NOW, "late");
    const watcher = watch(this.store.folder, (_event, name) => {
      if (name?.endsWith(".confirm") !== true) return;
      watcher.close();
      this.store.save(end(before, state, NOW, { reason: "answered" }));
    });
  }

  get confirmedBy(): string | null {
    return this.store.requests(this.record.id).confirm;
  }
}

const LISTENS = { id: 300, name: "sshd", began: 10 };
const AS_ROOT = [{ id: 700, name: "sshd", began: 1001 }, LISTENS];
const OLD = [{ id: 700, name: "sshd", began: 999 }, LISTENS];

test("wait --confirm: over a connection that began after the act it confirms, and ends with the outcome", async () => {
  for (const [state, code] of [
    ["live", 0],
    ["rolled-back", 3],
  ] as const) {
    using host = new CalledHost([{ id: 800, name: "bash" }, ...AS_ROOT]);
    host.answersWith(state);
    const { exitCode, stdout } = await host.operate("wait", "--confirm");
    assert.equal(exitCode, code);
    assert.match(stdout, new RegExp(`${state}: answered\n$`));
    assert.equal(host.confirmedBy, "somebody from 203.0.113.9, by a new login");
  }
});

test("wait --confirm: through sudo it is the connection that counts, not the process of the user", async () => {
  const user = { id: 750, name: "sshd-session", user: 1000, began: 1002 };
  const above = [{ id: 820, name: "sudo" }, { id: 800, name: "bash", user: 1000 }, user];
  using fresh = new CalledHost([...above, { id: 700, name: "sshd-session", began: 1001 }, LISTENS]);
  fresh.answersWith("live");
  assert.equal((await fresh.operate("wait", "--confirm")).exitCode, 0);
  using old = new CalledHost([...above, { id: 700, name: "sshd-session", began: 999 }, LISTENS]);
  assert.equal((await old.operate("wait", "--confirm")).exitCode, 75);
  assert.equal(old.confirmedBy, null);
});

test("wait --confirm: an older connection ends with 75 when it is asked, and says how to connect anew", async () => {
  using host = new CalledHost(OLD, { ...AWAITING, confirmBy: null });
  const waiting = host.operate("wait", "--confirm");
  await host.until(() => host.lines.length > 0);
  host.store.save({ ...host.record, confirmBy: AWAITING.confirmBy });
  const { exitCode, stderr } = await waiting;
  assert.equal(exitCode, 75);
  assert.match(stderr, /this SSH connection began before the act/);
  assert.match(stderr, /ssh -o ControlPath=none/);
  assert.equal(host.confirmedBy, null);
});

test("wait --confirm: an older connection tells the outcome if no confirmation is asked for", async () => {
  using host = new CalledHost(OLD, { ...AWAITING, state: "live", confirmBy: null });
  assert.equal((await host.operate("wait", "--confirm")).exitCode, 0);
});

const NOT_FROM_OUTSIDE: [string, (host: CalledHost) => void, readonly Process[], RegExp][] = [
  ["at the host itself", () => {}, [{ id: 800, name: "bash" }], /did not come over SSH/],
  [
    "over SSH from the host to itself",
    (host) => host.connection("192.0.2.1 40000 192.0.2.1 22"),
    AS_ROOT,
    /comes from this host itself \(192\.0\.2\.1\)/,
  ],
  [
    "over SSH from another address of the host",
    (host) => {
      host.ownAddresses = ["192.0.2.1", "10.0.0.1"];
      host.connection("::ffff:10.0.0.1 40000 192.0.2.1 22");
    },
    AS_ROOT,
    /comes from this host itself/,
  ],
  [
    "over SSH to localhost",
    (host) => host.connection("::1 40000 ::1 22"),
    AS_ROOT,
    /comes from this host itself/,
  ],
  [
    "over SSH from nobody knows where",
    (host) => host.connection(null),
    AS_ROOT,
    /other end .* is unknown/,
  ],
  [
    "in a session that closes",
    (host) => inSession(host, "STATE=closing\nREMOTE=1\nLEADER=700\n"),
    [],
    /did not come over SSH/,
  ],
  [
    "in a session at a terminal",
    (host) => inSession(host, "STATE=active\nREMOTE=0\nLEADER=700\n"),
    [],
    /did not come over SSH/,
  ],
];

function inSession(host: CalledHost, session: string): void {
  host.folder.write("proc/self/cgroup", "0::/user.slice/user-0.slice/session-7.scope\n");
  host.folder.write("run/systemd/sessions/7", session);
  host.process("proc/700", { id: 700, name: "sshd", began: 1001 }, 300);
}

for (const [where, prepare, above, why] of NOT_FROM_OUTSIDE) {
  test(`wait --confirm: refused ${where}, with what to do`, async () => {
    using host = new CalledHost(above);
    prepare(host);
    const { exitCode, stderr } = await host.operate("wait", "--confirm");
    assert.equal(exitCode, 1);
    assert.match(stderr, why);
    assert.match(stderr, /Run it over SSH from another machine.*run deploy-finalize confirm/s);
    assert.equal(host.confirmedBy, null);
  });
}

test("wait --confirm: a process that has left its shell is still of its session's connection", async () => {
  using host = new CalledHost([]);
  inSession(host, "STATE=active\nREMOTE=1\nLEADER=700\n");
  host.answersWith("live");
  assert.equal((await host.operate("wait", "--confirm")).exitCode, 0);
});

test("wait --confirm: needs root", async () => {
  using host = new CalledHost(AS_ROOT);
  host.userId = 1000;
  const { exitCode, stderr } = await host.operate("wait", "--confirm");
  assert.equal(exitCode, 1);
  assert.match(stderr, /needs root/);
});
