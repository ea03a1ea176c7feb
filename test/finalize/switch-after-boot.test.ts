import assert from "node:assert/strict";
import { test } from "node:test";
import type { Config } from "../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { Effect, Event } from "../../src/core/machine/types.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { finalizationContext } from "../../src/finalize/context.ts";
import { Interpreter } from "../../src/finalize/interpreter.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { alertGate, commandConfig } from "../gates/configs.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord, PREVIOUS, TARGET } from "../support/records.ts";
import { makeToplevel } from "../support/systems.ts";

/** No lock is lost. */
const NEVER = new AbortController().signal;

const SPECIAL = { name: "night", toplevel: "/nix/store/special" };
type Switch = Effect & { readonly kind: "switch" };
const ACTIVATE: Switch = { kind: "switch", toplevel: SPECIAL.toplevel, mode: "test" };
const BACK: Switch = { kind: "switch", toplevel: PREVIOUS, mode: "switch" };

const BOOTS = {
  through: { target: "default.target", state: "running" },
  emergency: { target: "emergency.target", state: "maintenance" },
  "on its way": { target: "sysinit.target", state: "starting" },
} as const;

/** A host that has booted the target, in its second boot. */
function bootedHost(boot: "through" | "emergency" | "on its way"): EdgeHost {
  const host = new EdgeHost();
  host.boots(20, "boot-2");
  host.folder.link("run/current-system", TARGET);
  host.folder.link("run/booted-system", TARGET);
  host.folder.write("proc/locks", "");
  host.folder.write("state/.keep", "");
  const { target, state } = BOOTS[boot];
  host.showUnits({ [target]: { ActiveState: "active" } });
  host.answers["systemctl show --property=SystemState,"] = {
    stdout: `SystemState=${state}\nUserspaceTimestampMonotonic=1000000\n`,
  };
  host.grantsLocks();
  return host;
}

interface Given extends Partial<FinalizationRecord> {
  bootTimeout?: number;
  waitFor?: Partial<Config["waitFor"]>;
}

/** What comes of switches, one after the other in one process. */
async function perform(
  host: EdgeHost,
  { bootTimeout = 600, waitFor = {}, ...changes }: Given,
  ...effects: Switch[]
): Promise<(Event | { kind: "suspended" })[]> {
  const store = new RecordStore(host.folder.at("state"));
  const record = aRecord({ rebootAskedInBoot: "boot-1", ...changes });
  const stop = AbortSignal.timeout(60_000);
  const config = {
    ...DEFAULT_CONFIG,
    verify: { ...DEFAULT_CONFIG.verify, bootTimeout },
    waitFor: { ...DEFAULT_CONFIG.waitFor, ...waitFor },
  };
  const context = finalizationContext(record, { host, store, config, stop, lost: NEVER });
  const interpreter = new Interpreter(context);
  const events = [];
  for (const effect of effects) events.push(await interpreter.perform(effect, record));
  await context.turn.release();
  return events;
}

const switches = (host: EdgeHost): string[] =>
  host.ran
    .filter(([program = ""]) => program.endsWith("/switch-to-configuration"))
    .map((argv) => argv.join(" "));

const EMERGENCY = [["boot", "failed", "the boot ended in emergency mode"]];

function checksIn(event: Event | { kind: "suspended" } | undefined): unknown {
  assert.ok(event?.kind === "verified", event?.kind);
  return event.checks.map(({ kind, result, detail }) => [kind, result, detail]);
}

test("a boot in emergency mode is judged before the specialisation of the target is activated", async () => {
  using host = bootedHost("emergency");
  const [event] = await perform(host, { state: "verifying", specialisation: SPECIAL }, ACTIVATE);
  assert.deepEqual(checksIn(event), EMERGENCY);
});

test("a rollback that was asked for before comes before the specialisation of the target", async () => {
  using host = bootedHost("through");
  host.folder.write(`state/${aRecord().id}.rollback`, "ann\n");
  const [event] = await perform(host, { state: "verifying", specialisation: SPECIAL }, ACTIVATE);
  assert.deepEqual(checksIn(event), []);
  assert.deepEqual(switches(host), []);
});

test("what allows the act is not asked again for the specialisation of a target that was booted", async () => {
  using host = bootedHost("through");
  host.answers["/asks"] = { exitCode: 1, stdout: "no" };
  const waitFor = {
    session: false,
    timeout: 0,
    commands: [commandConfig({ command: ["/asks"] })],
    alerts: alertGate({ url: "http://127.0.0.1:9", before: "act" }),
  };
  const given = { state: "verifying", specialisation: SPECIAL, waitFor } as const;
  const [event] = await perform(host, given, ACTIVATE);
  assert.equal(event?.kind, "switched");
});

for (const rebootBackAskedInBoot of [null, "boot-1"]) {
  test(`a boot in emergency mode is judged before the switch back, rebooted back: ${rebootBackAskedInBoot}`, async () => {
    using host = bootedHost("emergency");
    const changes = { state: "rolling-back", rebootBackAskedInBoot } as const;
    const [first, second] = await perform(host, changes, BACK, BACK);
    assert.deepEqual(checksIn(first), EMERGENCY);
    // The machine asks again only if no reboot is possible.
    assert.equal(second?.kind, "switched");
    assert.deepEqual(switches(host), [`${PREVIOUS}/bin/switch-to-configuration switch`]);
  });
}

test("a rollback that was asked for does not wait for a boot that is on its way", async () => {
  using host = bootedHost("on its way");
  host.folder.write(`state/${aRecord().id}.rollback`, "ann\n");
  const [event] = await perform(host, { state: "rolling-back" }, BACK);
  assert.deepEqual(checksIn(event), [["boot", "failed", "the boot has not got through yet"]]);
});

test("a rollback that was asked for waits for the boot of the previous system: that is what was asked for", async () => {
  using host = bootedHost("on its way");
  const previous = makeToplevel(host.folder, "previous");
  host.folder.remove("run/booted-system");
  host.folder.link("run/booted-system", previous);
  host.folder.write(`state/${aRecord().id}.rollback`, "ann\n");
  const [event] = await perform(host, { state: "rolling-back", previous }, BACK);
  assert.equal(event?.kind, "suspended");
});

test("a switch back in a boot that did not get through has a time limit", async () => {
  using host = bootedHost("emergency");
  const { spawn } = host;
  host.spawn = async (argv, options = {}) => {
    const ended = await spawn(argv, options);
    if (argv[1] !== "switch") return ended;
    await new Promise((resolve) => options.signal?.addEventListener("abort", resolve));
    return { ...ended, exitCode: null, cause: "was killed" };
  };
  const failed = { name: "boot", kind: "boot", result: "failed", detail: "", seconds: 0 } as const;
  const given = { checks: [failed], bootTimeout: 1 };
  const [, event] = await perform(host, { state: "rolling-back", ...given }, BACK, BACK);
  assert.ok(event?.kind === "switched", event?.kind);
  assert.equal(event.cut?.seconds, 1);
});

test("a switch back in the boot in which it acted is not held up by a boot", async () => {
  using host = bootedHost("emergency");
  const changes = {
    state: "rolling-back",
    rebootAskedInBoot: null,
    switchedInBoot: "boot-2",
  } as const;
  const [event] = await perform(host, changes, BACK);
  assert.equal(event?.kind, "switched");
});
