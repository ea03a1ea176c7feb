import assert from "node:assert/strict";
import { lstatSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { Interpreter } from "../../src/finalize/interpreter.ts";
import { finalizationContext } from "../../src/finalize/context.ts";
import { RecordStore } from "../../src/state-dir/store.ts";
import { ensureDelivery, reportState } from "../../src/report/start-delivery.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { ended, receiver, scheduled } from "../report/reports.ts";

/** No lock is lost. */
const NEVER = new AbortController().signal;

const DELIVER = { command: ["/node", "/x.cjs", "deliver"], path: "/bin" };

/** A host with a gitea that is told, and the deliveries that were started. */
class Telling extends EdgeHost {
  readonly store = new RecordStore(this.folder.at("state"));

  constructor() {
    super();
    this.folder.write("state/.keep", "");
  }

  get config() {
    const gitea = receiver({ kind: "gitea", url: "https://x", repository: "a/b", tokenFile: "/x" });
    const report = { ...DEFAULT_CONFIG.report, receivers: [gitea] };
    return { ...DEFAULT_CONFIG, stateDir: this.store.folder, report };
  }

  async tell(record: FinalizationRecord, occasion: "changed" | "taken-up" | "measured") {
    return await reportState(this, this.config, record, occasion, DELIVER);
  }

  started(): number {
    return this.ran.filter((argv) => argv.includes("deliver")).length;
  }

  outbox(): string[] {
    return readdirSync(this.folder.at("state/outbox")).toSorted();
  }
}

test("killed after the record was saved: who takes it up notes and delivers all", async () => {
  using host = new Telling();
  await host.tell(ended("live"), "taken-up");
  const { id } = scheduled();
  const names = [`${id}.00.scheduled.gitea.json`, `${id}.04.live.gitea.json`];
  assert.deepEqual(host.outbox(), names);
  assert.equal(host.started(), 1);
});

test("killed before the delivery was started: who takes it up starts it", async () => {
  using host = new Telling();
  host.answers["systemd-run"] = { exitCode: null, cause: "was killed" };
  await host.tell(scheduled(), "changed");
  const before = host.started();
  await host.tell(scheduled(), "changed");
  assert.equal(host.started(), before);
  await host.tell(scheduled(), "taken-up");
  assert.ok(host.started() > before);
});

test("at the end a delivery that could not be started is tried again; one that is there is left alone", async () => {
  for (const [active, expected] of [
    ["inactive", 5],
    ["active", 4],
  ] as const) {
    using host = new Telling();
    // Refused twice while systemd answers, with a sandbox and without.
    host.answers["systemd-run"] = () => (host.started() > 4 ? {} : { exitCode: 1, stderr: "no" });
    await host.tell(ended("live"), "changed");
    assert.equal(host.started(), 4);
    host.answers["systemctl show --timestamp=unix --property=ActiveState,Job"] = () => ({
      stdout: host.started() > 4 ? "ActiveState=active\nJob=\n" : `ActiveState=${active}\nJob=\n`,
    });
    await ensureDelivery(host, host.config, DELIVER, AbortSignal.timeout(60_000));
    assert.equal(host.started(), expected);
  }
});

test("before basic.target, as in emergency mode, it only notes what the next boot delivers", async () => {
  using host = new Telling();
  host.showUnits({ "basic.target": { ActiveState: "inactive" } });
  await host.tell(ended("live"), "taken-up");
  assert.notDeepEqual(host.outbox(), []);
  assert.equal(host.started(), 0);
});

const nothing = async (): Promise<void> => {};

test("at the end, before it lets go of its pins, it notes what could not be noted before", async () => {
  using host = new Telling();
  const record = ended("live");
  const pin = host.folder.link(`nix/var/nix/gcroots/deploy-finalize/${record.id}-target`, "/x");
  const inTheWay = "state/outbox";
  host.folder.write(inTheWay, "a file");
  let tries = 0;
  const told = async () => {
    assert.ok(lstatSync(pin).isSymbolicLink());
    // It goes after the first try of the end, as when a process has file descriptors again.
    if (++tries === 3) host.folder.remove(inTheWay);
    return await host.tell(record, "changed");
  };
  assert.equal(await told(), "missing");
  const report = {
    changed: told,
    takenUp: nothing,
    settled: nothing,
    measured: nothing,
    rollout: nothing,
    late: nothing,
  };
  const { signal: stop } = new AbortController();
  const given = {
    host: Object.assign(host, { report }),
    store: host.store,
    config: DEFAULT_CONFIG,
  };
  const ports = new Interpreter(finalizationContext(record, { ...given, stop, lost: NEVER }));
  await ports.perform({ kind: "finish" }, record);
  assert.ok(host.outbox().includes(`${record.id}.04.live.gitea.json`));
  assert.equal(lstatSync(pin, { throwIfNoEntry: false }), undefined);
});

test("new metrics alone note nothing and start nothing", async () => {
  using host = new Telling();
  await host.tell(scheduled(), "measured");
  assert.equal(host.started(), 0);
  assert.throws(() => host.outbox(), /ENOENT/);
});

test("metrics that cannot be written do not keep the report back", async () => {
  using host = new Telling();
  host.folder.write("state/current", "no link");
  const metricsFile = "/proc/absent/x.prom";
  const report = { ...DEFAULT_CONFIG.report, metricsFile };
  const config = { ...DEFAULT_CONFIG, stateDir: host.store.folder, report };
  await reportState(host, config, scheduled(), "changed", DELIVER);
  assert.match(host.said.join(), /cannot write the metrics/);
});
