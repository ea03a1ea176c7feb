import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { deploy, ended, systemSpec } from "./deploying.ts";

// In an unprivileged container without nesting logind ends with 226/NAMESPACE at each start; its folders in /run
// are made all the same, and are empty. Nobody can hold a shutdown back there, and `systemctl reboot` works.
const config = { verify: { settle: 0 }, waitFor: { timeout: 10 } };

hostTest(
  "a host whose logind cannot start reboots",
  { baseline: systemSpec({}, config) },
  async (host) => {
    const folder = "/etc/systemd/system.control/systemd-logind.service.d";
    await host.shell(
      `mkdir -p ${folder}; printf '[Service]\\nBindPaths=/no/such\\n' > ${folder}/namespace.conf`,
    );
    const { bootId } = await host.facts();
    await host.askForReboot();
    await host.rebooted(bootId);
    assert.match(
      await host.shell("systemctl show --property=ActiveState,ExecMainStatus systemd-logind"),
      /226/,
    );
    const target = await host.buildToplevel(systemSpec({ label: "new", kernel: "6.12.9" }, config));
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "live", record.outcome?.reason);
  },
);
