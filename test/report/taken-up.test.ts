import assert from "node:assert/strict";
import { lstatSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config.ts";
import type { FinalizationRecord } from "../../src/core/record.ts";
import { Interpreter } from "../../src/host/effects.ts";
import { meansFor } from "../../src/host/means.ts";
import { RecordStore } from "../../src/host/store.ts";
import { tellAll } from "../../src/report/tell.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { ended, receiver, scheduled } from "./reports.ts";

const DELIVER = { command: ["/node", "/x.cjs", "deliver"], path: "/bin" };

/** A host with a gitea that is told, and the deliveries that were started. */
class Telling extends EdgeHost {
  readonly store = new RecordStore(this.folder.at("state"));

  constructor() {
    super();
    this.folder.write("state/.keep", "");
  }

  async tell(record: FinalizationRecord, occasion: "changed" | "taken-up" | "measured") {
    const gitea = receiver({ kind: "gitea", url: "https://x", repository: "a/b", tokenFile: "/x" });
    const report = { ...DEFAULT_CONFIG.report, receivers: [gitea] };
    const config = { ...DEFAULT_CONFIG, stateDir: this.store.folder, report };
    await tellAll(this, config, record, occasion, DELIVER);
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
  await host.tell(scheduled(), "changed");
  assert.equal(host.started(), 1);
  await host.tell(scheduled(), "taken-up");
  assert.equal(host.started(), 2);
});

test("at the end, before it lets go of its pins, it notes what could not be noted before", async () => {
  using host = new Telling();
  const record = ended("live");
  const pin = host.folder.link(`nix/var/nix/gcroots/deploy-finalize/${record.id}-target`, "/x");
  const inTheWay = `state/outbox/${record.id}.04.live.gitea.json.tmp`;
  host.folder.write(`${inTheWay}/x`, "");
  const told = async () => {
    assert.ok(lstatSync(pin).isSymbolicLink());
    await host.tell(record, "changed");
  };
  await told();
  host.folder.remove(inTheWay);
  const report = { changed: told, takenUp: told, measured: async () => {} };
  const { signal: stop } = new AbortController();
  const given = {
    host: Object.assign(host, { report }),
    store: host.store,
    config: DEFAULT_CONFIG,
  };
  const ports = new Interpreter(meansFor(record, { ...given, stop }));
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
  await tellAll(host, config, scheduled(), "changed", DELIVER);
  assert.match(host.said.join(), /cannot write the metrics/);
});
