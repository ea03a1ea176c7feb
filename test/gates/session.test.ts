import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import fc from "../support/fast-check.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { GateContext } from "../../src/gates/gate.ts";
import { session } from "../../src/gates/session.ts";
import { gatesFor } from "../../src/gates/table.ts";
import { findOwnSession, sessionOfControlGroup } from "../../src/host/systemd/logind/sessions.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";

function contextOf(host: EdgeHost, sessionId: string | null, bootId = "boot-1"): GateContext {
  host.folder.write("proc/sys/kernel/random/boot_id", "boot-1\n");
  const requester = { user: "root", sshClient: null, sessionId };
  return { host, record: aRecord({ requester, bootId }), config: DEFAULT_CONFIG };
}

test("session: closed while the session is there, open once it closes", async () => {
  using host = new EdgeHost();
  const context = contextOf(host, "7");
  host.folder.write("run/systemd/sessions/7", "UID=0\nSTATE=active\n");
  const why = "login session 7 is open";
  assert.deepEqual(await session.look(context), { kind: "closed", why });
  host.folder.write("run/systemd/sessions/7", "UID=0\nSTATE=closing\n");
  assert.deepEqual(await session.look(context), { kind: "open" });
  rmSync(host.folder.at("run/systemd/sessions/7"));
  assert.deepEqual(await session.look(context), { kind: "open" });
});

const names = (context: GateContext): string[] =>
  gatesFor(context, { action: "switch", seat: null }).map(({ name }) => name);

test("session: of another boot or of nobody: open; not configured: no gate", async () => {
  using host = new EdgeHost();
  host.folder.write("run/systemd/sessions/7", "STATE=active\n");
  const context = contextOf(host, "7");
  const { waitFor } = DEFAULT_CONFIG;
  const config = { ...DEFAULT_CONFIG, waitFor: { ...waitFor, session: false } };
  assert.deepEqual(await session.look(contextOf(host, "7", "boot-0")), { kind: "open" });
  assert.deepEqual(await session.look(contextOf(host, null)), { kind: "open" });
  assert.ok(names(context).includes("session"));
  assert.ok(!names({ ...context, config }).includes("session"));
});

test("session: an id that is no id leads to no file", async () => {
  using host = new EdgeHost();
  host.folder.write("run/systemd/secret", "STATE=active\n");
  assert.deepEqual(await session.look(contextOf(host, "../secret")), { kind: "open" });
});

test("session: a file that cannot be read is unknown, and unknown waits", async () => {
  using host = new EdgeHost();
  host.folder.write("run/systemd/sessions/7/folder", "");
  assert.equal((await session.look(contextOf(host, "7"))).kind, "unknown");
  assert.equal(session.whenUnknown, "wait");
});

test("session: its end wakes the wait", async ({ mock }) => {
  // Only the event does: no time passes.
  mock.timers.enable({ apis: ["setTimeout"] });
  using host = new EdgeHost();
  const context = contextOf(host, "7");
  host.folder.write("run/systemd/sessions/7", "STATE=active\n");
  const changed = session.change(context, new AbortController().signal);
  rmSync(host.folder.at("run/systemd/sessions/7"));
  await changed;
});

const groups: [string, string, string | null][] = [
  ["cgroup v2", "0::/user.slice/user-0.slice/session-61.scope\n", "61"],
  ["a group below it", "0::/user.slice/user-0.slice/session-c2.scope/below\n", "c2"],
  ["hybrid", "9:pids:/\n1:name=systemd:/user.slice/user-1000.slice/session-4.scope\n0::/\n", "4"],
  ["a service", "0::/system.slice/ci-runner.service\n", null],
  [
    "a user's service",
    "0::/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope\n",
    null,
  ],
  ["nothing", "", null],
];
for (const [name, text, id] of groups) {
  test(`own session: ${name}`, () => {
    assert.equal(sessionOfControlGroup(text), id);
  });
}

const stat = (terminal: number) => `128 (a) (b)) R 126 126 126 ${terminal} -1 4194304 100 0`;

test("own session: known without a terminal, nobody's to wait for at one", () => {
  using host = new EdgeHost();
  host.folder.write("proc/self/cgroup", "0::/user.slice/user-0.slice/session-61.scope\n");
  host.folder.write("run/systemd/sessions/61", "STATE=active\n");
  host.folder.write("proc/self/stat", stat(0));
  assert.equal(findOwnSession(host.paths), "61");
  host.folder.write("proc/self/stat", stat(34_816));
  assert.equal(findOwnSession(host.paths), null);
});

test("own session: one that logind does not know is none", () => {
  using host = new EdgeHost();
  host.folder.write("proc/self/cgroup", "0::/user.slice/user-0.slice/session-61.scope\n");
  host.folder.write("proc/self/stat", stat(0));
  assert.equal(findOwnSession(host.paths), null);
});

test("own session: any bytes in the files of proc are survived", () => {
  using host = new EdgeHost();
  const bytes = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(bytes, bytes, (group, status) => {
      host.folder.write("proc/self/cgroup", group);
      host.folder.write("proc/self/stat", status);
      assert.equal(findOwnSession(host.paths), null);
    }),
    { numRuns: 300 },
  );
});
