import { readdirSync } from "node:fs";
import { hostTest } from "../test-host/host-test.ts";
import { deploy, ended, systemSpec } from "./deploying.ts";

// node_exporter goes on reading what lies in its folder: the last state of before stays true for ever, and
// beside the new file each series is there twice, with another value.
const FOLDER = "/var/lib/metrics";
const verify = { settle: 0 };
const first = { verify, report: { metricsFile: `${FOLDER}/deploy_finalize.prom` } };

for (const [what, second, left] of [
  [
    "has another name now",
    { verify, report: { metricsFile: `${FOLDER}/finalize.prom` } },
    ["finalize.prom"],
  ],
  ["is not wanted any more", { verify }, []],
] as const) {
  hostTest(
    `a metrics file that ${what} goes`,
    { baseline: systemSpec({}, first) },
    async (host) => {
      await host.shell(`mkdir -p ${FOLDER}`);
      for (const [label, config] of [
        ["one", first],
        ["two", second],
      ] as const) {
        const target = await host.buildToplevel(systemSpec({ label }, config));
        await ended(host, await deploy(host, target, "--delay", "0"));
      }
      const names = () => readdirSync(host.path(FOLDER)).toSorted();
      await host.until("only what is configured is there", () => names().join() === left.join(), {
        evidence: () => names().join(" "),
      });
    },
  );
}
