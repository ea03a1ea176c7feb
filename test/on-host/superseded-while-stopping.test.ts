import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { deploy, ended, entered, path, recordOf, systemSpec } from "./deploying.ts";

/** A runner that stops when the test lets it, and tells when it is to. */
const runner = (version: number): string => `[Service]
Environment=VERSION=${version}
ExecStart=/bin/sleep infinity
ExecStop=/bin/sh -c 'echo stop >> /run/stops; until test -e /run/let-go; do sleep 0.1; done'
`;
const CONFIG = {
  verify: { settle: 0 },
  waitFor: { runners: [{ unit: "slow-runner.service", detect: { kind: "processes" } }] },
};
const spec = (label: string, version: number) =>
  systemSpec({ label, units: { "slow-runner.service": runner(version) } }, CONFIG);

hostTest(
  "a newer deploy that comes while the runner stops: the older one does not switch",
  { baseline: spec("base", 1) },
  async (host) => {
    await host.ok(["systemctl", "start", "slow-runner.service"]);
    const [older, newer] = [
      await host.buildToplevel(spec("older", 2)),
      await host.buildToplevel(spec("newer", 3)),
    ];
    const first = await deploy(host, older, "--delay", "0");
    await host.until("the runner is being stopped", async () => {
      return (await host.run(["test", "-e", "/run/stops"])).exitCode === 0;
    });
    await entered(host, first, "switching");
    const second = await deploy(host, newer, "--delay", "0");
    await host.write("/run/let-go", "");
    const [one, two] = [await ended(host, first, 60_000), await ended(host, second, 60_000)];
    assert.deepEqual([one.state, two.state], ["superseded", "live"]);
    assert.match(one.outcome?.reason ?? "", new RegExp(`superseded by ${second}`));
    assert.equal(path(one), "scheduled waiting switching waiting superseded");
    assert.deepEqual((await recordOf(host, first)).outcome?.activationExitCode, null);
    assert.equal((await host.facts()).current, newer);
    await host.until("the runner works again", async () => {
      const { stdout } = await host.run(["systemctl", "is-active", "slow-runner.service"]);
      return stdout.trim() === "active";
    });
    const version = await host.ok([
      "systemctl",
      "show",
      "--property=Environment",
      "--value",
      "slow-runner.service",
    ]);
    assert.equal(version.trim(), "VERSION=3");
  },
);
