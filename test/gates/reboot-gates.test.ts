import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { type GateContext, OPEN } from "../../src/gates/gate.ts";
import { inhibitors } from "../../src/gates/inhibitors.ts";
import { everybody, loggedIn } from "../../src/gates/logged-in.ts";
import { gatesFor } from "../../src/gates/table.ts";
import { quietUnits } from "../../src/gates/units.ts";
import { waitForGates } from "../../src/gates/wait.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";

function contextOf(host: EdgeHost, record: Partial<FinalizationRecord> = {}): GateContext {
  return { host, record: aRecord(record), config: DEFAULT_CONFIG };
}

const NEVER = new AbortController().signal;

// Inhibitors.

function answer(...list: [what: string, who: string, why: string, mode: string][]): string {
  const data = [list.map((inhibitor) => [...inhibitor, 0, 4711])];
  return JSON.stringify({ type: "a(ssssuu)", data });
}

const BLOCK = ["shutdown:sleep", "borg", "backs up", "block"] as const;

for (const [what, stdout, expected] of [
  ["nobody holds it back", answer(), OPEN],
  [
    "a block on shutdown",
    answer([...BLOCK]),
    { kind: "closed", why: "borg (process 4711): backs up" },
  ],
  ["a delay", answer(["shutdown", "gnome", "saves", "delay"]), OPEN],
  ["a weak block, to which root is not held", answer(["shutdown", "x", "y", "block-weak"]), OPEN],
  ["a block on sleep only", answer(["sleep:idle", "player", "plays", "block"]), OPEN],
] as const) {
  test(`gate: inhibitors: ${what}`, async () => {
    using host = new EdgeHost();
    host.folder.write("run/systemd/sessions/.keep", "");
    host.answers["busctl"] = { stdout };
    assert.deepEqual(await inhibitors(null).look(contextOf(host)), expected);
  });
}

/** What logind says of shutdowns. */
function scheduled(action: string, at: number) {
  return {
    stdout: `{"type":"b","data":false}\n{"type":"(st)","data":["${action}",${at}]}\n`,
  };
}

test("gate: inhibitors: a shutdown that somebody has scheduled is not deleted by a reboot", async () => {
  using host = new EdgeHost();
  host.folder.write("run/systemd/sessions/.keep", "");
  const property = "busctl --json=short --auto-start=no get-property";
  host.answers["busctl"] = { stdout: answer() };
  host.answers[property] = scheduled("poweroff", Date.parse("2026-11-23T02:00:00Z") * 1000);
  assert.deepEqual(await inhibitors(null).look(contextOf(host)), {
    kind: "closed",
    why: "a poweroff is scheduled for 2026-11-23T02:00:00Z; shutdown -c cancels it",
  });
  host.answers[property] = scheduled("dry-poweroff", 1);
  assert.deepEqual(await inhibitors(null).look(contextOf(host)), OPEN);
  // One that is under way.
  host.answers[property] = {
    stdout: '{"type":"b","data":true}\n{"type":"(st)","data":["reboot",0]}\n',
  };
  assert.deepEqual(await inhibitors(null).look(contextOf(host)), OPEN);
  // None: systemd's word for never.
  host.answers[property] = {
    stdout: '{"type":"b","data":false}\n{"type":"(st)","data":["",18446744073709551615]}\n',
  };
  assert.deepEqual(await inhibitors(null).look(contextOf(host)), OPEN);
});

test("gate: inhibitors: what logind does not tell is unknown, and waited for", async () => {
  using host = new EdgeHost();
  host.folder.write("run/systemd/sessions/.keep", "");
  const gate = inhibitors(null);
  assert.equal(gate.whenUnknown, "wait");
  for (const end of [
    { exitCode: 1, stderr: "no bus" },
    { stdout: "?" },
    { stdout: '{"data":1}' },
  ]) {
    host.answers["busctl"] = end;
    assert.equal((await gate.look(contextOf(host))).kind, "unknown");
  }
});

test("gate: inhibitors: where there is no logind, there is nobody to hold it back", async () => {
  using host = new EdgeHost();
  assert.deepEqual(await inhibitors(null).look(contextOf(host)), OPEN);
  assert.deepEqual(host.ran, []);
});

test("gate: inhibitors: a logind that cannot start holds nothing back, and that is said once", async () => {
  using host = new EdgeHost();
  // Its folders in /run are made all the same.
  for (const folder of ["sessions", "inhibit"]) host.folder.write(`run/systemd/${folder}/x`, "");
  host.folder.remove("run/systemd/inhibit/x");
  host.answers["busctl --json=short --auto-start=no call"] = { exitCode: 1, stderr: "no owner" };
  const owner = "busctl --json=short call org.freedesktop.DBus";
  host.answers[owner] = { stdout: '{"type":"b","data":[false]}' };
  const gate = inhibitors(null);
  const state = await gate.look(contextOf(host));
  assert.match(state.kind === "open" ? (state.why ?? "") : "", /systemd-logind does not run/);
  await gate.look(contextOf(host));
  assert.equal(host.said.length, 1, host.said.join());
  host.answers[owner] = { stdout: '{"type":"b","data":[true]}' };
  assert.equal((await gate.look(contextOf(host))).kind, "unknown");
  // It is just restarted: what it knew is still there.
  host.answers[owner] = { stdout: '{"type":"b","data":[false]}' };
  host.folder.write("run/systemd/inhibit/1", "");
  assert.equal((await gate.look(contextOf(host))).kind, "unknown");
});

// Units.

const RUNNING = `borg.service loaded activating start Backup
nginx.service loaded active running Web
● borg-check.timer loaded active waiting Timer
`;

test("gate: units: those that match and that the act would stop are waited for", async () => {
  using host = new EdgeHost();
  host.answers["systemctl list-units"] = { stdout: RUNNING };
  const look = async (globs: string[], stops: "all" | ((unit: string) => boolean) = "all") =>
    await quietUnits(globs, async () => stops, null).look(contextOf(host));
  const closed = { kind: "closed", why: "borg.service is activating" };
  assert.deepEqual(await look(["borg*.service"]), closed);
  assert.deepEqual(await look(["borg*.service"], (unit) => unit === "borg.service"), closed);
  assert.deepEqual(await look(["borg*.service"], () => false), OPEN);
  assert.deepEqual(await look(["restic.service"]), OPEN);
  const both = await look(["borg.service", "nginx.*"]);
  assert.match(both.kind === "closed" ? both.why : "", /borg.*; nginx\.service is active/);
});

test("gate: units: what systemd does not tell is unknown", async () => {
  using host = new EdgeHost();
  host.answers["systemctl list-units"] = { exitCode: 1, stderr: "no" };
  const seen = await quietUnits(["*"], async () => "all", null).look(contextOf(host));
  assert.equal(seen.kind, "unknown");
});

// Who is logged in.

const SSH = "USER=ann\nUID=0\nSTATE=active\nTYPE=tty\nCLASS=user\nSCOPE=session-7.scope\n";
const WITH_TERMINAL = "100 (bash) S 1 100 100 34816 100 0";
const WITHOUT = "100 (bash) S 1 100 100 0 -1 0";

/** A login by SSH, which has one process, at a terminal or not. */
function logIn(host: EdgeHost, session: string, stat: string): void {
  host.folder.write(`run/systemd/sessions/${session}`, SSH);
  host.folder.write(`run/systemd/sessions/${session}.ref`, "");
  host.group("/user.slice/user-0.slice/session-7.scope", 100);
  host.folder.write("proc/100/stat", stat);
}

test("gate: logged-in users: only people at a terminal or a desktop count", async () => {
  using host = new EdgeHost();
  const look = async (record = {}) =>
    await loggedIn(DEFAULT_CONFIG.reboot.sessions, "reboot", everybody).look(
      contextOf(host, record),
    );
  assert.deepEqual(await look(), OPEN);
  logIn(host, "7", WITHOUT);
  assert.deepEqual(await look(), OPEN);
  logIn(host, "7", WITH_TERMINAL);
  assert.deepEqual(await look(), { kind: "closed", why: "ann is logged in" });
  assert.deepEqual(
    await look({ requester: { user: null, sshClient: null, sessionId: "7" } }),
    OPEN,
  );
  // mosh goes on when the login that started it has ended, with a person at its terminal.
  host.folder.write("run/systemd/sessions/7", SSH.replace("active", "closing"));
  assert.deepEqual(await look(), { kind: "closed", why: "ann is logged in" });
  host.folder.write("proc/100/stat", WITHOUT);
  assert.deepEqual(await look(), OPEN);
  const console = "TYPE=tty\nTTY=tty1\nUSER=bob\nSTATE=closing\nCLASS=user\n";
  host.folder.write("run/systemd/sessions/c1", console);
  assert.deepEqual(await look(), OPEN);
  for (const desktop of ["TYPE=wayland\nUSER=bob", "TYPE=tty\nTTY=tty1\nUSER=bob"]) {
    host.folder.write("run/systemd/sessions/c1", `${desktop}\nCLASS=user\n`);
    assert.deepEqual(await look(), { kind: "closed", why: "bob is logged in" });
  }
  host.folder.write("run/systemd/sessions/c1", "TYPE=wayland\nUSER=gdm\nCLASS=greeter\n");
  assert.deepEqual(await look(), OPEN);
});

test("gate: logged-in users: they are told once, and the time that they were given is waited for", async () => {
  using host = new EdgeHost();
  logIn(host, "7", WITH_TERMINAL);
  const gate = loggedIn({ grace: 60, message: "Soon." }, "reboot", everybody);
  const context = contextOf(host);
  const seen = await gate.look(context);
  assert.equal(seen.kind, "closed");
  assert.deepEqual(host.ran, [], "to look tells nobody");
  const terminal = host.folder.write("dev/pts/0", "");
  await gate.change(context, NEVER);
  assert.match(
    readFileSync(terminal, "utf8"),
    /^\r\nSoon\.\r\nReboot at .*\r\nTo put it off: systemd-inhibit .*\r\n$/,
  );
  const after = await gate.look(context);
  assert.match(after.kind === "closed" ? after.why : "", /reboots at 2026-11-22T21:32:00/);
  host.passes(60_000);
  assert.deepEqual(await gate.look(context), OPEN);
  assert.deepEqual(host.ran, [], "no program is needed for it");
});

test("gate: logged-in users: they are told at the console and in the windows of a desktop", async () => {
  using host = new EdgeHost();
  const desktop = "USER=bob\nUID=1000\nTYPE=wayland\nTTY=tty2\nCLASS=user\nSCOPE=session-3.scope\n";
  host.folder.write("run/systemd/sessions/3", desktop);
  host.group("/user.slice/user-1000.slice/user@1000.service/app.slice/vte.scope", 100);
  host.folder.write("proc/100/stat", "100 (bash) S 1 100 100 35075 100 0");
  const terminals = ["tty2", "pts/259"].map((name) => host.folder.write(`dev/${name}`, ""));
  const gate = loggedIn({ grace: 60, message: "Soon." }, "reboot", everybody);
  await gate.look(contextOf(host));
  await gate.change(contextOf(host), NEVER);
  for (const terminal of terminals) assert.match(readFileSync(terminal, "utf8"), /Soon\./);
});

test("gate: logged-in users: as soon as they have gone, nothing is waited for", async () => {
  using host = new EdgeHost();
  logIn(host, "7", WITH_TERMINAL);
  const gate = loggedIn({ grace: 60, message: null }, "reboot", everybody);
  await gate.change(contextOf(host), NEVER);
  assert.deepEqual(host.ran, [], "nobody is told");
  host.folder.write("run/systemd/sessions/7", SSH.replace("active", "closing"));
  host.folder.write("proc/100/stat", WITHOUT);
  assert.deepEqual(await gate.look(contextOf(host)), OPEN);
});

test("gate: logged-in users: whoever is in a closing session is told at the terminal itself", async () => {
  using host = new EdgeHost();
  logIn(host, "7", WITH_TERMINAL);
  host.folder.write("run/systemd/sessions/7", SSH.replace("active", "closing"));
  const terminal = host.folder.write("dev/pts/0", "");
  const tell = async () => {
    const gate = loggedIn({ grace: 60, message: "Soon." }, "reboot", everybody);
    await gate.look(contextOf(host));
    await gate.change(contextOf(host), NEVER);
  };
  await tell();
  assert.match(
    readFileSync(terminal, "utf8"),
    /^\r\nSoon\.\r\nReboot at .*\r\nTo put it off: systemd-inhibit .*\r\n$/,
  );
  host.folder.remove("dev/pts/0");
  await tell();
  assert.match(host.said.join(), /cannot warn at the terminal pts\/0: ENOENT/);
});

// Which gates there are.

const WINDOW = { start: "02:00", duration: 3600 };

async function namesOf(
  act: "switch" | "reboot",
  config: Partial<Config["reboot"]> = {},
  record: Partial<FinalizationRecord> = {},
): Promise<string[]> {
  using host = new EdgeHost();
  const reboot = { ...DEFAULT_CONFIG.reboot, ...config };
  const waitFor = { ...DEFAULT_CONFIG.waitFor, units: ["borg.service"] };
  const context = { ...contextOf(host, record), config: { ...DEFAULT_CONFIG, waitFor, reboot } };
  return gatesFor(context, { action: act, seat: null }).map(({ name }) => name);
}

test("gates: the window is for reboots only, units and inhibitors for both", async () => {
  const own = ["reboot window", "units", "shutdown inhibitors"];
  const only = (names: readonly string[]) => names.filter((name) => own.includes(name));
  assert.deepEqual(only(await namesOf("switch", { window: [WINDOW] })), [
    "units",
    "shutdown inhibitors",
  ]);
  assert.deepEqual(only(await namesOf("reboot")), ["units", "shutdown inhibitors"]);
  assert.deepEqual(only(await namesOf("reboot", { window: [WINDOW] })), own);
});

test("gates: whoever takes a deploy back by hand does not wait for the window", async () => {
  const back = { rollbackOf: "20261122-210000-bbbb" };
  const names = await namesOf("reboot", { window: [WINDOW] }, back);
  assert.ok(!names.includes("reboot window"), names.join());
});

// Being put off.

test("waiting: what opens at a known moment that is far off is put off, unless it must not be", async () => {
  using host = new EdgeHost();
  const opensAt = new Date(host.time + 3_600_000);
  const gate = {
    name: "reboot window",
    whenUnknown: "wait",
    atDeadline: "wait-on",
    look: async () =>
      host.now() < opensAt ? ({ kind: "closed", why: "opens later", opensAt } as const) : OPEN,
    change: async () => {
      host.passes(1_800_000);
    },
  } as const;
  const waiting = {
    gates: [gate],
    since: "in-record",
    stop: NEVER,
    interrupted: () => false,
  } as const;
  const put = await waitForGates(contextOf(host), { ...waiting, defer: "far" });
  assert.deepEqual(
    { ...put, waitedFor: [] },
    {
      kind: "gates-deferred",
      why: "waits for the reboot window, which opens later",
      until: opensAt.toISOString(),
      waitedFor: [],
    },
  );
  assert.equal((await waitForGates(contextOf(host), waiting)).kind, "gates-opened");
});

test("waiting: the time until it was put off to is no part of the timeout", async () => {
  using host = new EdgeHost();
  const deferredUntil = new Date(host.time + 86_400_000).toISOString();
  const { timeline } = aRecord();
  const waits = { at: host.now().toISOString(), state: "waiting", detail: "window" } as const;
  host.passes(86_400_000);
  let looks = 0;
  const gate = {
    name: "job",
    whenUnknown: "wait",
    atDeadline: "as-configured",
    look: async () => (looks++ < 2 ? ({ kind: "closed", why: "runs" } as const) : OPEN),
    change: async () => {
      host.passes(1000);
    },
  } as const;
  const stop = { stop: NEVER, interrupted: () => false };
  const waiting = { gates: [gate], since: "in-record", ...stop } as const;
  const changes = { deferredUntil, timeline: [...timeline, waits] };
  assert.equal((await waitForGates(contextOf(host, changes), waiting)).kind, "gates-opened");
});
