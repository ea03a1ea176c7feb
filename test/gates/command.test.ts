import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { commandGate } from "../../src/gates/command.ts";
import { firstClosed, type GateContext, type GateState, OPEN } from "../../src/gates/gate.ts";
import { waitForGates } from "../../src/gates/wait.ts";
import { Folder } from "../support/folder.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { spawnWith } from "../support/spawning.ts";
import { aRecord, TARGET } from "../support/records.ts";
import { commandConfig } from "./configs.ts";

/** Programs are run, not played. */
class RealHost extends EdgeHost {
  override spawn = spawnWith({ PATH: process.env["PATH"] });
}

function contextOf(host: EdgeHost): GateContext {
  return { host, record: aRecord({ id: "20261122T213000Z-abcdef" }), config: DEFAULT_CONFIG };
}

const sh = (script: string): readonly string[] => ["sh", "-c", script];

async function lookAt(command: readonly string[], timeout = 5): Promise<GateState> {
  using host = new RealHost();
  return await commandGate(commandConfig({ command, timeout }), "switch", null).look(
    contextOf(host),
  );
}

for (const [what, script, expected] of [
  ["0 is open, whatever it prints", "echo no; echo no >&2", OPEN],
  [
    "1 is closed, for the reason on its last line",
    "echo looks; echo 'osd.3 is down  '; echo; echo debug >&2; exit 1",
    { kind: "closed", why: "osd.3 is down" },
  ],
  [
    "1 without a word on standard output: what it says on standard error",
    "echo looks >&2; echo 'osd.3 is down' >&2; exit 1",
    { kind: "closed", why: "osd.3 is down" },
  ],
  ["1 without a word", "exit 1", { kind: "closed", why: "sh ended with exit code 1" }],
  [
    "any other code is unknown",
    "echo no cluster >&2; exit 2",
    { kind: "unknown", why: "sh ended with exit code 2: no cluster" },
  ],
  ["a signal is unknown", "kill -9 $$", { kind: "unknown", why: "sh was killed by SIGKILL" }],
] as const) {
  test(`gate: command: ${what}`, async () => {
    assert.deepEqual(await lookAt(sh(script)), expected);
  });
}

test("gate: command: one that does not end is unknown, and is ended with what it has started", async () => {
  const state = await lookAt(sh("sleep 600 & sleep 600"), 0.2);
  assert.deepEqual(state, { kind: "unknown", why: "sh was killed by SIGKILL after 0.2 s" });
});

test("gate: command: one that cannot be started is unknown", async () => {
  const { kind, ...rest } = await lookAt(["no-such-program"]);
  assert.equal(kind, "unknown");
  assert.match(JSON.stringify(rest), /no-such-program is not in PATH/);
});

test("gate: command: its reason is one printable line of bounded length", async () => {
  const state = await lookAt(sh(String.raw`printf '\033[31mred\007 x%5000s' | tr ' ' x; exit 1`));
  assert.equal(state.kind, "closed");
  const why = state.why ?? "";
  assert.match(why, /^red/);
  assert.ok(why.length < 250, `${why.length}`);
  assert.doesNotMatch(why, /\p{Cc}/u);
});

test("gate: command: it is told what would be done", async () => {
  const state = await lookAt(
    sh('echo "$DEPLOY_FINALIZE_ID $DEPLOY_FINALIZE_ACTION $DEPLOY_FINALIZE_TARGET"; exit 1'),
  );
  assert.deepEqual(state, { kind: "closed", why: `20261122T213000Z-abcdef switch ${TARGET}` });
});

test("gate: command: unknown waits, and the reason says that it cannot tell", async () => {
  using host = new RealHost();
  const gate = commandGate(commandConfig({ command: sh("exit 3") }), "reboot", null);
  const closed = await firstClosed([gate], contextOf(host));
  assert.equal(closed?.why, "cannot tell: sh ended with exit code 3");
  assert.equal(closed.gate.name, "command my-command");
});

test("gate: command: waitFor.timeout bounds the wait, and waitFor.onTimeout decides", async () => {
  for (const onTimeout of ["give-up", "proceed"] as const) {
    using host = new RealHost();
    const waitFor = { ...DEFAULT_CONFIG.waitFor, timeout: 0, onTimeout };
    const context = { ...contextOf(host), config: { ...DEFAULT_CONFIG, waitFor } };
    const end = await waitForGates(context, {
      gates: [commandGate(commandConfig({ command: sh("echo busy; exit 1") }), "switch", null)],
      since: "now",
      stop: new AbortController().signal,
      interrupted: () => false,
    });
    assert.equal(end.kind, onTimeout === "proceed" ? "gates-opened" : "gates-timed-out");
    if (end.kind === "gates-timed-out") assert.match(end.why, /for command my-command: busy$/);
  }
});

test("gate: command: the reboot window bounds the wait if there is one", () => {
  const window = { start: "02:00", duration: 3600 };
  assert.equal(commandGate(commandConfig({}), "reboot", [window]).atDeadline, "wait-on");
  assert.equal(commandGate(commandConfig({}), "switch", null).atDeadline, "as-configured");
});

test("gate: command: a look ends when the finalization is cancelled", async () => {
  using host = new RealHost();
  let isCancelled = false;
  const wait = waitForGates(contextOf(host), {
    gates: [commandGate(commandConfig({ command: sh("sleep 600"), timeout: 600 }), "switch", null)],
    since: "now",
    stop: new AbortController().signal,
    interrupted: () => isCancelled,
  });
  setTimeout(() => {
    isCancelled = true;
  }, 300);
  assert.deepEqual(await wait, { kind: "gates-interrupted", waitedFor: [] });
});

test("gate: command: a stop of this process ends a look, and nothing is said of it", async () => {
  using host = new RealHost();
  using folder = new Folder();
  const begun = folder.at("begun");
  const command = sh(`touch ${begun}; sleep 600`);
  const stop = new AbortController();
  const wait = waitForGates(contextOf(host), {
    gates: [commandGate(commandConfig({ command, timeout: 600 }), "switch", null)],
    since: "now",
    stop: stop.signal,
    interrupted: () => false,
  });
  setTimeout(() => {
    stop.abort();
  }, 300);
  assert.deepEqual(await wait, { kind: "suspended" });
  assert.deepEqual(host.said, []);
});
