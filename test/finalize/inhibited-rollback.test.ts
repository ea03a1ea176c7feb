import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { Event } from "../../src/core/machine/types.ts";
import type { State } from "../../src/core/states.ts";
import { finalizationContext } from "../../src/finalize/context.ts";
import { Interpreter } from "../../src/finalize/interpreter.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { saveNewest } from "../support/store.ts";
import { aRecord, PREVIOUS } from "../support/records.ts";

const BACKUP = ["shutdown", "borg", "runs", "block", 0, 4711];
const REFUSED = { exitCode: 1, stderr: "Operation inhibited" };

/** A host with logind, on which a reboot is asked for. */
class InhibitedHost extends EdgeHost {
  readonly target = this.folder.at("target");
  readonly stop = new AbortController();
  readonly lost = new AbortController();
  /** How many requests respect the inhibitors, and how many do not. */
  readonly asked = { respected: 0, overridden: 0 };
  blocks: readonly unknown[] = [];
  scheduled: readonly [string, number] = ["", 0];
  /** Called before the answer to a request that respects the inhibitors. */
  beforeAnswer = (): void => {};

  constructor() {
    super();
    this.boots(20);
    this.folder.write("target/.keep", "");
    for (const link of ["run/current-system", "run/booted-system", "profile"]) {
      this.folder.link(link, this.target);
    }
    this.folder.write("proc/locks", "");
    this.folder.write("state/.keep", "");
    this.folder.write("run/systemd/sessions/.keep", "");
    this.folder.write("run/systemd/inhibit/.keep", "");
    this.answers["systemctl reboot"] = () => {
      this.beforeAnswer();
      this.asked.respected++;
      return this.#answered(this.blocks.length > 0);
    };
    this.answers["systemctl --check-inhibitors=no reboot"] = () => {
      this.asked.overridden++;
      return this.#answered(false);
    };
    const { spawn } = this;
    this.spawn = async (argv, options = {}) => {
      if (argv[0] === "flock") {
        options.onOutput?.("held\n", "stdout");
        await options.holdInput;
      }
      if (argv.includes("ListInhibitors")) return await this.#json(argv, [this.blocks]);
      if (!argv.includes("ScheduledShutdown")) return await spawn(argv, options);
      return await this.#json(argv, false, this.scheduled);
    };
  }

  /** The shutdown that was accepted ends the process. */
  #answered(isRefused: boolean) {
    if (isRefused) return REFUSED;
    this.stop.abort();
    return {};
  }

  async #json(argv: readonly string[], ...data: unknown[]) {
    const stdout = data.map((one) => `${JSON.stringify({ data: one })}\n`).join("");
    return { argv, exitCode: 0, cause: null, stdout, stderr: "" };
  }

  /** An inhibitor comes or goes; logind keeps a file for each. */
  setBlocks(...blocks: unknown[]): void {
    this.blocks = blocks;
    this.folder.write(`run/systemd/inhibit/${++this.#changes}`, "");
  }
  #changes = 0;

  async reboot(
    state: State,
    rollbackTimeout = 60,
    changes: Partial<FinalizationRecord> = {},
  ): Promise<Event | { kind: "suspended" }> {
    const store = new RecordStore(this.folder.at("state"));
    const waitFor = { ...DEFAULT_CONFIG.waitFor, rollbackTimeout };
    const config = { ...DEFAULT_CONFIG, waitFor };
    const profile = this.folder.at("profile");
    const { target } = this;
    const record = aRecord({ state, rebootAskedInBoot: "boot-1", profile, target, ...changes });
    saveNewest(store, record);
    const given = { host: this, store, config, stop: this.stop.signal, lost: this.lost.signal };
    const context = finalizationContext(record, given);
    const toplevel = state === "rolling-back" ? PREVIOUS : target;
    const effect = { kind: "reboot", toplevel } as const;
    try {
      return await new Interpreter(context).perform(effect, record);
    } finally {
      await context.turn.release();
    }
  }
}

test("a program that blocks the shutdown right when a rollback reboots is waited for", async () => {
  using host = new InhibitedHost();
  let comes = 1;
  host.beforeAnswer = () => {
    if (comes-- > 0) host.setBlocks(BACKUP);
  };
  const { spawn } = host;
  let looks = 0;
  host.spawn = async (argv, options) => {
    // It goes when it has been seen twice: after the refusal, and while it is waited for.
    if (argv.includes("ListInhibitors") && host.blocks.length > 0 && ++looks === 2) {
      setImmediate(() => {
        host.setBlocks();
      });
    }
    return await spawn(argv, options);
  };
  assert.deepEqual(await host.reboot("rolling-back"), { kind: "suspended" });
  // What is refused is asked for once more at once: see `insist`.
  assert.deepEqual(host.asked, { respected: 3, overridden: 0 });
  assert.deepEqual(host.announced, []);
});

test("a program that stays is overridden when the time is over, also one that comes and goes", async () => {
  using host = new InhibitedHost();
  host.setBlocks(BACKUP);
  assert.deepEqual(await host.reboot("rolling-back", 0), { kind: "suspended" });
  assert.deepEqual(host.asked, { respected: 0, overridden: 1 });
  assert.match(host.announced.map(({ message }) => message).join(), /although .*0 s: borg/);
  using restless = new InhibitedHost();
  const { spawn } = restless;
  restless.beforeAnswer = () => {
    restless.setBlocks(BACKUP);
  };
  let isSeen = false;
  restless.spawn = async (argv, options) => {
    const end = await spawn(argv, options);
    // Each time it is seen once, and is gone at the next look.
    if (argv.includes("ListInhibitors")) {
      isSeen = restless.blocks.length > 0;
      if (isSeen) restless.setBlocks();
    }
    return end;
  };
  assert.deepEqual(await restless.reboot("rolling-back", 2), { kind: "suspended" });
  assert.equal(restless.asked.overridden, 1);
  assert.match(restless.announced.map(({ message }) => message).join(), /although .*2 s: borg/);
});

test("a rollback does not wait for a shutdown that somebody has scheduled, and names it", async () => {
  using host = new InhibitedHost();
  host.scheduled = ["poweroff", Date.parse("2026-11-23T02:00:00Z") * 1000];
  assert.deepEqual(await host.reboot("rolling-back"), { kind: "suspended" });
  assert.deepEqual(host.asked, { respected: 1, overridden: 0 });
  const said = host.said.join("\n");
  assert.match(said, /cancels a shutdown: poweroff is scheduled for 2026-11-23T02:00:00Z/);
  assert.deepEqual(host.announced, []);
});

test("a stop while a rollback waits for a program asks for no reboot", async () => {
  using host = new InhibitedHost();
  host.setBlocks(BACKUP);
  const { spawn } = host;
  host.spawn = async (argv, options) => {
    if (argv.includes("ListInhibitors")) host.stop.abort();
    return await spawn(argv, options);
  };
  assert.deepEqual(await host.reboot("rolling-back"), { kind: "suspended" });
  assert.deepEqual(host.asked, { respected: 0, overridden: 0 });
});

test("a reboot into the target that a program blocks at the last moment waits for its gates again", async () => {
  using host = new InhibitedHost();
  host.beforeAnswer = () => {
    host.setBlocks(BACKUP);
  };
  const why = "borg (process 4711): runs";
  assert.deepEqual(await host.reboot("rebooting"), { kind: "held-up", why });
  assert.deepEqual(host.asked, { respected: 2, overridden: 0 });
});

test("without its lock a finalization does not act", async () => {
  using host = new InhibitedHost();
  host.lost.abort(new Error("the lock was lost"));
  await assert.rejects(host.reboot("rolling-back"), /the lock was lost/);
  assert.deepEqual(host.asked, { respected: 0, overridden: 0 });
});

test("now: past a program that blocks the shutdown, if that is named", async () => {
  using host = new InhibitedHost();
  host.setBlocks(BACKUP);
  const since = { at: "2026-11-22T21:31:00.000Z", bootId: "boot-1", uptime: 1 };
  const hurried = { by: "ann", past: ["shutdown inhibitors"], since };
  await host.reboot("rebooting", 60, { hurried });
  assert.deepEqual(host.asked, { respected: 0, overridden: 1 });
});
