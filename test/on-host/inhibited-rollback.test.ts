import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { ToplevelSpec } from "../test-host/host.ts";
import { assertRuns, call, deploy, ended, entered, systemSpec } from "./deploying.ts";

const baseline = systemSpec();

const unit = (command: string): string =>
  `[Service]\nExecStart=${command}\n[Install]\nWantedBy=multi-user.target\n`;

/** Boots and fails its verification, while a program blocks the shutdown. */
const BLOCKED: ToplevelSpec = {
  kernel: "6.12.9",
  units: {
    "web.service": unit("/bin/false"),
    // Started once it blocks the shutdown.
    "backup.service": unit(
      `/usr/bin/systemd-inhibit --what=shutdown --mode=block --who=borg --why=runs sleep infinity
ExecStartPost=/bin/sh -c 'until systemd-inhibit --list | grep --quiet borg; do sleep 0.1; done'`,
    ),
  },
};

hostTest(
  "a rollback by reboot waits for a program that blocks the shutdown",
  { baseline },
  async (host) => {
    const { current: before, bootId } = await host.facts();
    const target = await host.buildToplevel(systemSpec(BLOCKED));
    const id = await deploy(host, target, "--delay", "0");
    await entered(host, id, "rolling-back");
    const { bootId: second } = await host.facts();
    assert.notEqual(second, bootId);
    await host.until("it waits for the inhibitor", async () =>
      /borg/.test((await host.run(call(target, "status"))).stdout),
    );
    // The reboot may end this call.
    await host.run(["systemctl", "stop", "backup.service"]);
    const record = await ended(host, id);
    assert.equal(record.state, "rolled-back", record.outcome?.reason);
    await assertRuns(host, before);
    assert.doesNotMatch(await host.journal(`deploy-finalize-${id}.service`), /blocks the shutdown/);
  },
);

hostTest(
  "after waitFor.rollbackTimeout it reboots all the same, and says over whom",
  { baseline },
  async (host) => {
    const { current: before } = await host.facts();
    const config = { verify: { settle: 0 }, waitFor: { rollbackTimeout: 1 } };
    const target = await host.buildToplevel(systemSpec(BLOCKED, config));
    const id = await deploy(host, target, "--delay", "0");
    const record = await ended(host, id);
    assert.equal(record.state, "rolled-back", record.outcome?.reason);
    await assertRuns(host, before);
    await host.until("it has said so", async () =>
      /although a program blocks the shutdown, after 1 s: borg .*runs/.test(
        await host.journal(`deploy-finalize-${id}.service`),
      ),
    );
  },
);
