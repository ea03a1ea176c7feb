import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import type { Config } from "../../../src/core/config/config.ts";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import type { HookConfig } from "../../../src/core/config/hooks/hooks-config.ts";
import type { Effect, Event } from "../../../src/core/machine/types.ts";
import { withHook } from "../../../src/core/record/hooks.ts";
import type { FinalizationRecord } from "../../../src/core/record/record.ts";
import { type FinalizationContext, finalizationContext } from "../../../src/finalize/context.ts";
import { BACK_OFF, runAfter } from "../../../src/finalize/hooks/after.ts";
import { Interpreter } from "../../../src/finalize/interpreter.ts";
import { finalizationSchema } from "../../../src/json/finalization.ts";
import type { Ended, SpawnOptions } from "../../../src/host/process/spawn.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { aRecord } from "../../support/records.ts";
import { until } from "../../test-host/until.ts";
import { spawnWith } from "../../support/spawning.ts";
import { saveNewest } from "../../support/store.ts";
import * as v from "valibot";

const NODE: HookConfig = {
  name: "node",
  before: ["drain", "web1"],
  after: ["uncordon", "web1"],
  actions: ["switch", "reboot"],
  timeout: 60,
  onFailure: "hold",
};

interface Given {
  readonly hook?: Partial<HookConfig>;
  readonly record?: Partial<FinalizationRecord>;
  readonly waitFor?: Partial<Config["waitFor"]>;
}

/** A host on which one hook runs. */
class HookHost extends EdgeHost {
  readonly stop = new AbortController();
  readonly lost = new AbortController();
  readonly store = new RecordStore(this.folder.at("state"));
  /** How each run ends, the last one for all that follow. */
  ends: (Partial<Ended> | ((options: SpawnOptions) => Promise<Partial<Ended>>))[] = [{}];
  readonly runs: { readonly argv: readonly string[]; readonly options: SpawnOptions }[] = [];
  /** Null unless a real program is to run. */
  real: EdgeHost["spawn"] | null = null;

  constructor() {
    super();
    this.boots(1000);
    this.folder.write("proc/locks", "");
    this.folder.write("state/.keep", "");
    this.folder.write("target/.keep", "");
    this.folder.link("profile", this.folder.at("target"));
    const { spawn } = this;
    this.spawn = async (argv, options = {}) => {
      if (argv[0] === "flock") {
        options.onOutput?.("held\n", "stdout");
        await options.holdInput;
        return await spawn(argv, options);
      }
      if (options.env?.["DEPLOY_FINALIZE_HOOK"] === undefined) return await spawn(argv, options);
      this.runs.push({ argv, options });
      if (this.real !== null) return await this.real(argv, options);
      const end = this.ends.length > 1 ? this.ends.shift() : this.ends[0];
      const made = typeof end === "function" ? await end(options) : end;
      return { argv, exitCode: 0, cause: null, stdout: "", stderr: "", ...made };
    };
  }

  async perform(effect: Effect, given: Given = {}): Promise<Event | { kind: "suspended" }> {
    return await this.during(given, async (context, record) => {
      return await new Interpreter(context).perform(effect, record);
    });
  }

  /** With the turn taken, and the hook named in the record. */
  async during<T>(
    { hook = {}, record = {}, waitFor = {} }: Given,
    run: (context: FinalizationContext, record: FinalizationRecord) => Promise<T>,
  ): Promise<T> {
    const node = { ...NODE, ...hook };
    const target = this.folder.at("target");
    const profile = this.folder.at("profile");
    const named = withHook(aRecord({ state: "waiting", profile, target, ...record }), node);
    saveNewest(this.store, named);
    const config = {
      ...DEFAULT_CONFIG,
      hooks: [node],
      waitFor: { ...DEFAULT_CONFIG.waitFor, ...waitFor },
    };
    const context = finalizationContext(named, {
      host: this,
      store: this.store,
      config,
      stop: this.stop.signal,
      lost: this.lost.signal,
    });
    await context.turn.wait();
    try {
      return await run(context, named);
    } finally {
      await context.turn.release();
    }
  }
}

/** A gate that the `before` of the hook closes. */
const QUIET = { name: "quiet", command: ["ask"], timeout: 10, before: "act" } as const;

function askedGate(host: HookHost): { isClosed: boolean } {
  const gate = { isClosed: false };
  const { spawn } = host;
  host.spawn = async (argv, options) => {
    const ended = await spawn(argv, options);
    if (argv[0] !== "ask") return ended;
    return { ...ended, exitCode: gate.isClosed ? 1 : 0, stdout: "an alert fires\n" };
  };
  return gate;
}

test("hooks: a before that closes a gate itself is held up with pauses, for waitFor.timeout in all", async () => {
  using host = new HookHost();
  const gate = askedGate(host);
  const waitFor = { commands: [QUIET], timeout: 1 };
  await host.during({ waitFor }, async (context, record) => {
    const interpreter = new Interpreter(context);
    const begin = performance.now();
    let why = "";
    let times = 0;
    for (; times < 100; times++) {
      gate.isClosed = false;
      const end = await interpreter.perform({ kind: "await-gates" }, record);
      if (end.kind === "gates-timed-out") {
        ({ why } = end);
        break;
      }
      assert.equal(end.kind, "gates-opened");
      gate.isClosed = true;
      const turn = await interpreter.perform({ kind: "take-turn" }, record);
      assert.equal(turn.kind, "held-up");
    }
    const closed = "command quiet closed again after the before of its hooks";
    assert.match(why, /^timed out after 1 s: /);
    assert.ok(why.includes(closed), why);
    assert.ok(times <= 4, String(times));
    assert.ok(performance.now() - begin >= 990);
  });
});

test("hooks: before a reboot that was to be a switch its gates open, and it looks again after its hooks", async () => {
  using host = new HookHost();
  const gate = askedGate(host);
  const waitFor = { commands: [{ ...QUIET, before: "reboot" as const }] };
  const record = { state: "rebooting", rebootAskedInBoot: "boot-1" } as const;
  await host.during({ waitFor, record }, async (context, named) => {
    const interpreter = new Interpreter(context);
    const gates = await interpreter.perform({ kind: "await-reboot-gates" }, named);
    assert.equal(gates.kind, "gates-opened");
    gate.isClosed = true;
    const effect = { kind: "reboot", toplevel: named.target } as const;
    const end = await interpreter.perform(effect, named);
    assert.ok(end.kind === "held-up", JSON.stringify(end));
    assert.match(end.why, /quiet closed again after the before of its hooks: .*an alert fires/);
  });
});

const BEFORE = { kind: "run-before", hook: "node" } as const;
const AFTER = { kind: "run-after", hook: "node" } as const;
const NO: Partial<Ended> = { exitCode: 1, stderr: "no\u001B[31m way\n" };

test("hooks: before gets the finalization as JSON, and its names in the environment", async () => {
  using host = new HookHost();
  const end = await host.perform(BEFORE);
  assert.ok(end.kind === "before-ended");
  assert.deepEqual([end.hook, end.problem, end.waitedFor[0]?.gate], ["node", null, "hook node"]);
  const [run] = host.runs;
  assert.deepEqual(run?.argv, ["drain", "web1"]);
  const { env = {}, input = "", timeoutMs } = run.options;
  const given = v.parse(finalizationSchema, JSON.parse(input));
  assert.deepEqual(given.hooks, [{ name: "node", stage: "before", problems: [] }]);
  assert.equal(timeoutMs, 60_000);
  const record = aRecord();
  assert.deepEqual(env, {
    DEPLOY_FINALIZE_ID: record.id,
    DEPLOY_FINALIZE_STATE: "waiting",
    DEPLOY_FINALIZE_ACTION: "switch",
    DEPLOY_FINALIZE_TARGET: host.folder.at("target"),
    DEPLOY_FINALIZE_PREVIOUS: record.previous,
    DEPLOY_FINALIZE_HOOK: "node",
    DEPLOY_FINALIZE_HOOK_STAGE: "before",
  });
});

test("hooks: onFailure hold tries again with pauses, until it succeeds", async () => {
  using host = new HookHost();
  host.ends = [NO, {}];
  const end = await host.perform(BEFORE);
  assert.ok(end.kind === "before-ended");
  assert.equal(end.problem, null);
  assert.equal(host.runs.length, 2);
  assert.deepEqual(host.announced, []);
});

test("hooks: onFailure hold gives up after waitFor.timeout, or goes on, as waitFor.onTimeout says", async () => {
  using host = new HookHost();
  host.ends = [NO];
  // The time is over with the second try, however slow this machine is.
  host.elapsedMs = () => (host.runs.length < 2 ? 0 : 1000);
  const end = await host.perform(BEFORE, { waitFor: { timeout: 1 } });
  assert.ok(end.kind === "before-failed");
  assert.equal(end.why, "timed out after 1 s: drain ended with exit code 1: no way");
  assert.equal(host.runs.length, 2);
  assert.deepEqual(
    host.announced.map(({ fields }) => [fields["DEPLOY_FINALIZE_EVENT"], fields["PRIORITY"]]),
    [["hook-failed", "4"]],
  );
  using proceeding = new HookHost();
  proceeding.ends = [NO];
  const waitFor = { timeout: 1, onTimeout: "proceed" } as const;
  const gone = await proceeding.perform(BEFORE, { waitFor });
  assert.ok(gone.kind === "before-ended");
  assert.match(gone.problem ?? "", /; continues without it, as configured$/);
});

test("hooks: onFailure abort ends it at once, and ignore acts with a line in the journal", async () => {
  using host = new HookHost();
  host.ends = [NO];
  const aborted = await host.perform(BEFORE, { hook: { onFailure: "abort" } });
  assert.ok(aborted.kind === "before-failed");
  assert.equal(aborted.why, "drain ended with exit code 1: no way");
  const ignored = await host.perform(BEFORE, { hook: { onFailure: "ignore" } });
  assert.ok(ignored.kind === "before-ended");
  assert.match(ignored.problem ?? "", /; ignored, as configured$/);
  assert.equal(host.runs.length, 2);
  assert.match(host.announced.at(-1)?.message ?? "", /^hook node: its before failed: drain ended/);
});

function hasEnded(process: string): boolean {
  try {
    // proc_pid_stat(5); nobody may have waited for it yet.
    return / \(sh\) Z /.test(readFileSync(`/proc/${process}/stat`, "utf8"));
  } catch {
    return true;
  }
}

test("hooks: a before that hangs is killed with all that it has started", async () => {
  using host = new HookHost();
  host.real = spawnWith({ PATH: process.env["PATH"] });
  const left = host.folder.at("left");
  const script = `(sleep 30; echo late >'${left}') & echo $! >'${left}.new'; mv '${left}.new' '${left}.pid'; wait`;
  // On a slow machine the shell needs longer until it has started something.
  for (let timeout = 1; !existsSync(`${left}.pid`); timeout *= 4) {
    const end = await host.perform(BEFORE, {
      hook: { before: ["sh", "-c", script], timeout, onFailure: "abort" },
    });
    assert.ok(end.kind === "before-failed");
    assert.ok(end.why.startsWith(`sh was killed by SIGKILL after ${timeout} s`), end.why);
  }
  const child = readFileSync(`${left}.pid`, "utf8").trim();
  // A killed process may take a moment to end.
  await until("what it started has ended", () => hasEnded(child));
});

test("hooks: a cancel ends a before that runs", async () => {
  using host = new HookHost();
  host.ends = [
    async ({ signal }) => {
      host.folder.write(`state/${aRecord().id}.cancel`, "ann\n");
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      return { exitCode: null, cause: "was killed by SIGKILL" };
    },
  ];
  const end = await host.perform(BEFORE);
  assert.equal(end.kind, "gates-interrupted");
});

test("hooks: a process that is stopped leaves its before to the next one", async () => {
  using host = new HookHost();
  host.ends = [
    async () => {
      host.stop.abort();
      return { exitCode: null, cause: "was killed by SIGKILL" };
    },
  ];
  assert.deepEqual(await host.perform(BEFORE), { kind: "suspended" });
});

test("hooks: after runs what the record says, and again if it fails", async () => {
  using host = new HookHost();
  host.ends = [NO, {}];
  const record = {
    state: "rolled-back",
    outcome: { ...ENDED, reason: "web is failed" },
  } as const;
  const end = await host.perform(AFTER, { record });
  assert.deepEqual(end, { kind: "after-ended", hook: "node", problem: null });
  const [run] = host.runs;
  assert.deepEqual(run?.argv, ["uncordon", "web1"]);
  const { env = {} } = run.options;
  assert.deepEqual(
    [env["DEPLOY_FINALIZE_HOOK_STAGE"], env["DEPLOY_FINALIZE_OUTCOME"]],
    ["after", "rolled-back"],
  );
});

const ENDED = { activationExitCode: null, activationTail: [] };

test("hooks: an after that fails is tried so often, and is then named", async () => {
  using host = new HookHost();
  host.ends = [NO];
  const end = await host.during({}, async (context, record) => {
    return await runAfter(
      context,
      record,
      "node",
      BACK_OFF.map(() => 0),
    );
  });
  assert.ok(end.kind === "after-ended");
  assert.equal(end.problem, "its after failed 7 times: uncordon ended with exit code 1: no way");
  assert.equal(host.runs.length, 7);
  assert.deepEqual(
    host.announced.map(({ fields }) => fields["DEPLOY_FINALIZE_HOOK_STAGE"]),
    ["after"],
  );
});

test("hooks: a hook without after is over at once", async () => {
  using host = new HookHost();
  const end = await host.perform(AFTER, { hook: { after: null } });
  assert.deepEqual(end, { kind: "after-ended", hook: "node", problem: null });
  assert.deepEqual(host.runs, []);
});

test("hooks: an after that hangs is tried for four minutes, or as long as its first try may last", async () => {
  for (const [timeout, given] of [
    [100, [100, 100, 40]],
    [600, [600]],
  ] as const) {
    using host = new HookHost();
    host.passes(0);
    host.ends = [
      async ({ timeoutMs = 0 }) => {
        host.passes(timeoutMs);
        return { exitCode: null, cause: "was killed by SIGKILL" };
      },
    ];
    const pauses = BACK_OFF.map(() => 0);
    const end = await host.during({ hook: { timeout } }, async (context, record) => {
      return await runAfter(context, record, "node", pauses);
    });
    assert.ok(end.kind === "after-ended");
    assert.match(end.problem ?? "", /^its after failed( 3 times)?: uncordon was killed/);
    assert.deepEqual(
      host.runs.map(({ options }) => (options.timeoutMs ?? 0) / 1000),
      given,
    );
  }
});

test("hooks: a rollback by hand goes on without a before that fails, after waitFor.rollbackTimeout", async () => {
  using host = new HookHost();
  host.passes(0);
  host.ends = [
    async ({ timeoutMs = 0 }) => {
      host.passes(timeoutMs);
      return { exitCode: null, cause: "was killed by SIGKILL" };
    },
  ];
  const end = await host.perform(BEFORE, {
    hook: { timeout: 60 },
    record: { rollbackOf: "20261122-212900-aaaa" },
    waitFor: { timeout: 200, rollbackTimeout: 100 },
  });
  assert.ok(end.kind === "before-ended");
  assert.equal(
    end.problem,
    "timed out after 100 s: drain was killed by SIGKILL; continues without it, because it rolls back",
  );
  assert.deepEqual(
    host.runs.map(({ options }) => options.timeoutMs),
    [60_000, 40_000],
  );
  assert.equal(host.announced.length, 1);
});
