import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { AlertGateConfig } from "../../src/core/config/wait-for/gates.ts";
import { noAlerts } from "../../src/gates/alerts.ts";
import { type GateState, OPEN } from "../../src/gates/gate.ts";
import { certificateFor } from "../host/network/certificates.ts";
import { skipUnless, start, stop } from "../report/monitoring.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { Folder } from "../support/folder.ts";
import { freePorts } from "../support/free-ports.ts";
import { aRecord } from "../support/records.ts";
import { until } from "../test-host/until.ts";
import { alertGate } from "./configs.ts";

const RULES = {
  groups: [
    {
      name: "test",
      rules: [
        { alert: "HostDown", expr: "vector(1)" },
        { alert: "DiskFull", expr: "vector(1)", for: "1h" },
        { alert: "AllWell", expr: "vector(1) == 2" },
        { alert: "DeployFinalizeFailed", expr: "vector(1)" },
      ],
    },
  ],
};

test(
  "a real Prometheus says which alerts fire and which are pending",
  { skip: skipUnless("prometheus") },
  async (t) => {
    const folder = new Folder();
    const [port] = await freePorts(1);
    writeFileSync(folder.at("rules.yml"), JSON.stringify(RULES));
    writeFileSync(
      folder.at("prometheus.yml"),
      JSON.stringify({ global: { evaluation_interval: "1s" }, rule_files: ["rules.yml"] }),
    );
    const { key, cert } = certificateFor(folder, "prometheus");
    writeFileSync(
      folder.at("web.yml"),
      JSON.stringify({ tls_server_config: { cert_file: cert, key_file: key } }),
    );
    const prometheus = start(
      "prometheus",
      `--config.file=${folder.at("prometheus.yml")}`,
      `--storage.tsdb.path=${folder.at("data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.route-prefix=/metrics-of-all",
      `--web.config.file=${folder.at("web.yml")}`,
    );
    const host = new EdgeHost();
    t.after(async () => {
      await stop(prometheus);
      folder[Symbol.dispose]();
      host[Symbol.dispose]();
    });
    const url = `https://127.0.0.1:${port}/metrics-of-all/`;
    const lookAt = async (given: Partial<AlertGateConfig>): Promise<GateState> =>
      await noAlerts(alertGate({ url, caFile: cert, ...given }), null).look({
        host,
        record: aRecord(),
        config: DEFAULT_CONFIG,
      });
    const firing = await until("the rules are evaluated", async () => {
      const state = await lookAt({ match: ["*", "DeployFinalize*"] });
      return state.kind === "closed" && /DeployFinalize/.test(state.why) ? state : undefined;
    });
    assert.deepEqual(firing, { kind: "closed", why: "firing: DeployFinalizeFailed, HostDown" });
    const own = await lookAt({});
    assert.deepEqual(own, { kind: "closed", why: "firing: HostDown" });
    const pending = await lookAt({ pending: true });
    assert.deepEqual(pending, { kind: "closed", why: "firing: HostDown; pending: DiskFull" });
    assert.deepEqual(await lookAt({ ignore: ["Host*"] }), OPEN);
    assert.deepEqual(await lookAt({ match: ["AllWell"], pending: true }), OPEN);
    const elsewhere = await lookAt({ url: `https://127.0.0.1:${port}/other` });
    assert.match(elsewhere.why ?? "", /^127\.0\.0\.1:\d+ answered 404/);
    assert.match((await lookAt({ caFile: null })).why ?? "", /self-signed certificate/);
    await stop(prometheus);
    assert.match((await lookAt({})).why ?? "", /ECONNREFUSED/);
  },
);
