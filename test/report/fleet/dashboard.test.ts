import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EdgeHost } from "../../support/edge-host.ts";
import { skipUnless } from "../monitoring.ts";

const dashboard = readFileSync(
  new URL("../../../contrib/grafana/deploy-finalize.json", import.meta.url),
  "utf8",
);

/** The queries of the dashboard, for all groups. */
const queries = [...dashboard.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(
  ([, json = ""]): string => String(JSON.parse(json)).replaceAll(/\$(instance|group)\b/g, ".*"),
);

/** The query that shows a metric in the table of rollouts. */
function queryOf(metric: string): string {
  const begin = `max by (group, rollout) (deploy_finalize_rollout_${metric}{`;
  const found = queries.filter((query) => query.startsWith(begin));
  assert.equal(found.length, 1, metric);
  return found[0] ?? "";
}

interface Seen {
  readonly instance: string;
  readonly rollout: string;
  readonly seen: number;
  /** Absent if the host has not counted. */
  readonly counted?: { readonly at: number; readonly live: number };
  readonly halted?: number;
}

function seriesOf({ instance, rollout, seen, counted, halted = 0 }: Seen): object[] {
  const one = (metric: string, more: string, value: number): object => ({
    series: `deploy_finalize_rollout_${metric}{instance="${instance}", job="node", group="web"${more}}`,
    values: `${value}x5`,
  });
  const of = `, rollout="${rollout}"`;
  return [
    one("info", of, 1),
    one("halted", of, halted),
    one("seen_timestamp_seconds", "", seen),
    ...(counted === undefined
      ? []
      : [
          one("counted_timestamp_seconds", of, counted.at),
          one("members", of, 5),
          one("waves", of, 2),
          one("waves_complete", of, 1),
          one("live", of, counted.live),
        ]),
  ];
}

const hosts: readonly Seen[] = [
  // It ended, and its operator halted the rollout later.
  { instance: "web1", rollout: "b", seen: 200, counted: { at: 60, live: 1 }, halted: 1 },
  { instance: "web2", rollout: "b", seen: 100, counted: { at: 100, live: 2 } },
  // It waits at its gate, and has looked last.
  { instance: "web3", rollout: "b", seen: 210, halted: 1 },
  // It was off since the rollout before.
  { instance: "web4", rollout: "a", seen: 30, counted: { at: 30, live: 5 } },
];

test(
  "dashboard: the numbers are those of the host that counted last in the rollout",
  {
    skip: skipUnless("promtool"),
  },
  () => {
    const expected = { halted: 1, members: 5, waves: 2, waves_complete: 1, live: 2 };
    const tests = Object.entries(expected).map(([metric, value]) => ({
      expr: queryOf(metric),
      eval_time: "4m",
      exp_samples: [{ labels: '{group="web", rollout="b"}', value }],
    }));
    const input = { interval: "1m", input_series: hosts.flatMap(seriesOf) };
    const text = JSON.stringify({ tests: [{ ...input, promql_expr_test: tests }] });
    using host = new EdgeHost();
    const file = host.folder.write("dashboard.test.yml", text);
    const said = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });
    assert.equal(said.status, 0, `${said.stdout}${said.stderr}`);
  },
);
