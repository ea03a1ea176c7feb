import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { type Gate, type GateContext, OPEN } from "../../src/gates/gate.ts";
import { gatesFor } from "../../src/gates/table.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord, TARGET } from "../support/records.ts";

const DRY = `${TARGET}/bin/switch-to-configuration dry-activate`;
const NEVER = new AbortController().signal;

/** Somebody at a desktop, at the console and over SSH, as logind keeps them. */
const SESSIONS = {
  desktop: "USER=bob\nUID=1000\nTYPE=wayland\nTTY=tty2\nCLASS=user\nSCOPE=session-3.scope\n",
  console: "USER=eve\nUID=1001\nTYPE=tty\nTTY=tty1\nCLASS=user\nSCOPE=session-4.scope\n",
  ssh: "USER=ann\nUID=0\nTYPE=tty\nCLASS=user\nSCOPE=session-7.scope\n",
} as const;

function logIn(host: EdgeHost, who: keyof typeof SESSIONS): void {
  host.folder.write(`run/systemd/sessions/${who}`, SESSIONS[who]);
  if (who !== "ssh") return;
  host.group("/user.slice/user-0.slice/session-7.scope", 100);
  host.folder.write("proc/100/stat", "100 (bash) S 1 100 100 34816 100 0");
}

/** What the switch stops, and what is bound to what. */
function switchStops(host: EdgeHost, units: string, bonds: Record<string, object> = {}): void {
  host.answers[DRY] = { stderr: `would stop the following units: ${units}\n` };
  host.showUnits({ "display-manager.service": {}, ...bonds });
}

function blocks(host: EdgeHost, ...who: string[]): void {
  const data = [who.map((name) => ["shutdown", name, "a talk", "block", 0, 4711])];
  host.answers["busctl"] = { stdout: JSON.stringify({ type: "a(ssssuu)", data }) };
}

function contextOf(host: EdgeHost, sessions?: Config["switch"]["sessions"]): GateContext {
  const config =
    sessions === undefined
      ? DEFAULT_CONFIG
      : { ...DEFAULT_CONFIG, switch: { ...DEFAULT_CONFIG.switch, sessions } };
  return { host, record: aRecord(), config };
}

function gateOf(context: GateContext, name: string): Gate {
  const gates = gatesFor(context, { action: "switch", seat: null });
  const found = gates.find((gate) => gate.name === name);
  assert.ok(found !== undefined, name);
  return found;
}

const timesTried = (host: EdgeHost): number =>
  host.ran.filter((argv) => argv.join(" ") === DRY).length;

/** Who is there, what the switch stops, and whose session that may end. */
const cases: [who: (keyof typeof SESSIONS)[], stops: string, whose: string | null][] = [
  [["desktop"], "display-manager.service", "bob is"],
  [["desktop"], "greetd.service", "bob is"],
  [["desktop"], "user@1000.service", "bob is"],
  [["desktop"], "session-3.scope", "bob is"],
  [["desktop"], "nginx.service, sshd.service, getty@tty1.service, user@1001.service", null],
  [["console"], "getty@tty1.service", "eve is"],
  [["console"], "display-manager.service, getty@tty2.service", null],
  [["ssh"], "sshd.service, display-manager.service", null],
  [["ssh"], "user@0.service", "ann is"],
  [["desktop", "ssh"], "display-manager.service", "bob is"],
  [["console", "desktop"], "user.slice", "eve, bob are"],
];
for (const [who, stops, whose] of cases) {
  test(`gate: people at a switch that stops ${stops}: ${whose ?? "nobody"} of ${who.join()}`, async () => {
    using host = new EdgeHost();
    switchStops(host, stops);
    for (const one of who) logIn(host, one);
    const context = contextOf(host);
    const why = `${whose} logged in, and the switch may end the session`;
    const expected = whose === null ? OPEN : { kind: "closed", why };
    assert.deepEqual(await gateOf(context, "logged-in users").look(context), expected);
  });
}

test("gate: people at a switch: a display manager that stops with another unit counts", async () => {
  using host = new EdgeHost();
  switchStops(host, "seatd.service", {
    "display-manager.service": { Requires: "seatd.service" },
    "seatd.service": {},
  });
  logIn(host, "desktop");
  const context = contextOf(host);
  assert.equal((await gateOf(context, "logged-in users").look(context)).kind, "closed");
});

test("gate: people at a switch: where that cannot be told, everybody is warned", async () => {
  using host = new EdgeHost();
  host.answers[DRY] = { exitCode: 1, stderr: "no" };
  logIn(host, "ssh");
  const context = contextOf(host);
  assert.equal((await gateOf(context, "logged-in users").look(context)).kind, "closed");
});

test("gate: people at a switch: where nobody is logged in, nothing is run", async () => {
  using host = new EdgeHost();
  const context = contextOf(host);
  for (const name of ["shutdown inhibitors", "logged-in users"]) {
    assert.deepEqual(await gateOf(context, name).look(context), OPEN);
  }
  assert.deepEqual(host.ran, []);
});

test("gate: people at a switch: they are told, and the time that they were given is waited for", async () => {
  using host = new EdgeHost();
  switchStops(host, "display-manager.service");
  logIn(host, "desktop");
  const terminal = host.folder.write("dev/tty2", "");
  const context = contextOf(host, { grace: 60, message: "Soon." });
  const gate = gateOf(context, "logged-in users");
  await gate.look(context);
  await gate.change(context, NEVER);
  const told = readFileSync(terminal, "utf8");
  assert.match(
    told,
    /^\r\nSoon\.\r\nSwitch at .*, or as soon as nobody is logged in\. Root can stop it/,
  );
  assert.match(
    told,
    /\r\nTo put it off: systemd-inhibit --what=shutdown --mode=block sleep 1h\r\n$/,
  );
  const after = await gate.look(context);
  assert.match(after.kind === "closed" ? after.why : "", /; switches at 2026-11-22T21:32:00/);
  host.passes(60_000);
  assert.deepEqual(await gate.look(context), OPEN);
  assert.equal(timesTried(host), 1);
});

test("gate: people at a switch: an inhibitor puts it off, until it ends or they have gone", async () => {
  using host = new EdgeHost();
  switchStops(host, "display-manager.service");
  logIn(host, "desktop");
  blocks(host, "bob");
  const context = contextOf(host);
  const gate = gateOf(context, "shutdown inhibitors");
  assert.equal(gate.atDeadline, "give-up");
  const closed = { kind: "closed", why: "bob (process 4711): a talk" };
  assert.deepEqual(await gate.look(context), closed);
  host.folder.write("run/systemd/inhibit/1", "");
  for (const leave of [
    () => host.folder.remove("run/systemd/sessions/desktop"),
    () => host.folder.remove("run/systemd/inhibit/1"),
  ]) {
    const changed = gate.change(context, AbortSignal.timeout(20_000));
    leave();
    await changed;
  }
  assert.deepEqual(await gate.look(context), OPEN, "who has gone puts nothing off");
  logIn(host, "desktop");
  blocks(host);
  assert.deepEqual(await gate.look(context), OPEN);
});

test("gate: people at a switch: an inhibitor does not put off a switch that ends no session", async () => {
  using host = new EdgeHost();
  switchStops(host, "nginx.service");
  logIn(host, "desktop");
  blocks(host, "bob");
  const context = contextOf(host);
  assert.deepEqual(await gateOf(context, "shutdown inhibitors").look(context), OPEN);
});

test("gate: people at a switch: the window bounds who puts it off, if there is one", () => {
  using host = new EdgeHost();
  const deadlineWith = (window: Config["switch"]["window"]): Gate["atDeadline"] => {
    const config = { ...DEFAULT_CONFIG, switch: { ...DEFAULT_CONFIG.switch, window } };
    return gateOf({ host, record: aRecord(), config }, "shutdown inhibitors").atDeadline;
  };
  assert.equal(deadlineWith(null), "give-up");
  assert.equal(deadlineWith([{ start: "02:00", duration: 3600 }]), "wait-on");
});
