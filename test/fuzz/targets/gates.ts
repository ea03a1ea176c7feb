import { toGateState as ofAlerts } from "../../../src/gates/alerts.ts";
import { toGateState as ofCommand } from "../../../src/gates/command.ts";
import type { GateState } from "../../../src/gates/gate.ts";
import { isScrubbing } from "../../../src/gates/storage/btrfs.ts";
import { poolsAtWork } from "../../../src/gates/storage/zfs.ts";
import { alertGate } from "../../gates/configs.ts";
import type { Target } from "../target.ts";
import { assertLine } from "../well-formed.ts";

const ALERTS = JSON.stringify({
  status: "success",
  data: {
    alerts: [
      { labels: { alertname: "HostDown", severity: "page" }, state: "firing", value: "1e+00" },
      { labels: { alertname: "DiskFull" }, state: "pending" },
    ],
  },
});
const POOLS = `  pool: tank
 state: ONLINE
  scan: scrub in progress since Sun Nov 22 21:30:00 2026
config:
  pool: home
  scan: resilvered 1.2G in 00:01:02 with 0 errors on Sun Nov 22 21:30:00 2026
`;
const CONFIG = alertGate({ url: "https://prometheus.example.org", pending: true });

/** A reason for each pool or alert, so that a long text may give a long one: it is cut where it is shown. */
function assertWhy(state: GateState): void {
  for (const why of (state.why ?? "").split("; ")) assertLine(why, 2000);
}

export const GATES: readonly Target[] = [
  {
    file: "gates/alerts.ts",
    name: "toGateState",
    samples: [ALERTS],
    parse: (text) => {
      for (const status of [200, 503]) assertWhy(ofAlerts(CONFIG, { host: "x", status, text }));
    },
  },
  {
    file: "gates/command.ts",
    name: "toGateState",
    samples: ["looks\nosd.3 is down\n\n", "\n \n"],
    parse: (text) => {
      for (const exitCode of [0, 1, 2, null]) {
        for (const said of [
          { stdout: text, stderr: "" },
          { stdout: "", stderr: text },
        ]) {
          assertWhy(ofCommand({ argv: ["/asks"], exitCode, cause: null, ...said }));
        }
      }
    },
  },
  {
    file: "gates/storage/zfs.ts",
    name: "poolsAtWork",
    samples: [POOLS, "no pools available\n"],
    parse: (text) => {
      assertWhy(poolsAtWork(text));
    },
  },
  {
    file: "gates/storage/btrfs.ts",
    name: "isScrubbing",
    samples: ["UUID:             0bd4\nStatus:           running\n", "\tno stats available\n"],
    mayThrow: /^btrfs scrub status does not tell a status/,
    parse: (text) => {
      isScrubbing(text);
    },
  },
];
