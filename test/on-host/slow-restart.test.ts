import assert from "node:assert/strict";
import { describe } from "node:test";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import { deploy, ended, systemSpec } from "./deploying.ts";

// The one restart comes in the second watch.
const config = { verify: { settle: 5 } };
const feed = (run: string): Record<string, string> => ({
  "feed.service": `[Service]\nExecStart=/bin/sh -c '${run}'\nRestart=on-failure\nRestartSec=8\n[Install]\nWantedBy=multi-user.target\n`,
});
/** Crashes at its first start in each boot, and runs from the second one on. */
const atFirst = feed(
  "test -e /run/tried || { touch /run/tried; sleep 1; exit 1; }; exec sleep infinity",
);
/** Has always crashed now and then. */
const nowAndThen = feed("test -e /run/tried || { touch /run/tried; exit 1; }; sleep 68; exit 1");

/** The unit has restarted once, and long enough ago that it is not lately (LATELY in units-before.ts). */
async function restartedLongAgo(host: Host, seconds = 61): Promise<void> {
  const properties = "--property=NRestarts,SubState,ActiveEnterTimestampMonotonic";
  const isSo = async (): Promise<boolean> => {
    const shown = await host.ok(["systemctl", "show", properties, "feed.service"]);
    const since = Number(/^ActiveEnterTimestampMonotonic=(\d+)$/m.exec(shown)?.[1]) / 1e6;
    const runs = /^NRestarts=1$/m.test(shown) && /^SubState=running$/m.test(shown);
    return runs && Number((await host.read("/proc/uptime")).split(" ")[0]) - since > seconds;
  };
  await host.until("feed.service runs again, for long", isSo, { deadlineMs: 120_000 });
}

// They mostly wait.
void describe("slow restarts", { concurrency: 3 }, () => {
  hostTest(
    "one crash, and the restart is yet to come: not `again and again`",
    { baseline: systemSpec({}, config) },
    async (host) => {
      const target = await host.buildToplevel(systemSpec({ label: "new", units: atFirst }, config));
      const record = await ended(host, await deploy(host, target, "--delay", "0"));
      assert.equal(record.state, "live", record.outcome?.reason);
    },
  );

  hostTest(
    "a unit that needs two starts in every boot does not keep a new kernel out",
    { baseline: systemSpec({ units: atFirst }, config) },
    async (host) => {
      const target = await host.buildToplevel(
        systemSpec({ label: "new", kernel: "6.12.9", units: atFirst }, config),
      );
      await restartedLongAgo(host);
      const record = await ended(host, await deploy(host, target, "--delay", "0"), 100_000);
      assert.equal(record.state, "live", record.outcome?.reason);
    },
  );

  hostTest(
    "a unit that has always crashed now and then, and does so while a deploy is verified that leaves it alone",
    { baseline: systemSpec({ units: nowAndThen }, config) },
    async (host) => {
      const spec = systemSpec({ label: "new", etc: { motd: "hello" }, units: nowAndThen }, config);
      const target = await host.buildToplevel(spec);
      await restartedLongAgo(host, 62.5);
      const record = await ended(host, await deploy(host, target, "--delay", "1"), 100_000);
      assert.equal(record.state, "live", record.outcome?.reason);
    },
  );
});
