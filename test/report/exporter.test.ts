import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { counted, metricsText, NO_TOTALS } from "../../src/report/metrics-text.ts";
import { freePorts } from "../support/free-ports.ts";
import { until } from "../test-host/until.ts";
import { read, skipUnless, start, stop } from "./monitoring.ts";
import { ended } from "./reports.ts";

const EXPORTER = "prometheus-node-exporter";

const skip = skipUnless(EXPORTER, "prometheus");

/** The samples of a text of metrics, whatever the order of their labels is. */
function samples(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("deploy_finalize_"))
    .map((line) => {
      const name = line.split(/[{ ]/, 1)[0];
      const labels = line.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? [];
      return `${name} ${labels.toSorted().join(",")} ${Number(line.split(" ").at(-1))}`;
    })
    .toSorted();
}

test(
  "a real node_exporter exports each sample, and a real Prometheus has it",
  { skip },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "deploy-finalize-exporter-"));
    const [exporterPort, prometheusPort] = await freePorts(2);
    const written = metricsText({
      newest: ended("rolled-back"),
      waitingFor: 'CI job "deploy" \\ of a runner',
      totals: counted(NO_TOTALS, ended("rolled-back")),
      rebootRequired: true,
      lock: "held",
      reportsOwed: new Map([["gitea", 2]]),
      reportsGivenUp: new Map([["gitea", 1]]),
    });
    writeFileSync(join(folder, "deploy-finalize.prom"), written);
    writeFileSync(
      join(folder, "prometheus.yml"),
      JSON.stringify({
        global: { scrape_interval: "1s" },
        scrape_configs: [
          { job_name: "node", static_configs: [{ targets: [`127.0.0.1:${exporterPort}`] }] },
        ],
      }),
    );
    const programs = [
      start(
        EXPORTER,
        "--collector.disable-defaults",
        "--collector.textfile",
        `--collector.textfile.directory=${folder}`,
        `--web.listen-address=127.0.0.1:${exporterPort}`,
      ),
      start(
        "prometheus",
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${prometheusPort}`,
      ),
    ];
    t.after(async () => {
      await Promise.all(programs.map(stop));
      rmSync(folder, { recursive: true });
    });

    const exported = await until("node_exporter answers", async () => {
      return await read(`http://127.0.0.1:${exporterPort}/metrics`);
    });
    assert.match(exported, /^node_textfile_scrape_error 0$/m);
    assert.deepEqual(samples(exported), samples(written));

    const query = encodeURIComponent('deploy_finalize_last_outcome{outcome="rolled-back"} == 1');
    const answer = await until("Prometheus has scraped", async () => {
      const text = await read(`http://127.0.0.1:${prometheusPort}/api/v1/query?query=${query}`);
      return text?.includes('"metric"') === true ? text : undefined;
    });
    assert.match(answer, /"outcome":"rolled-back"/);
  },
);
