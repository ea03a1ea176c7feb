import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { call, deploy, ended, path, recordOf, systemSpec } from "./deploying.ts";

const MAY_REBOOT = `#!/bin/sh
echo "asked for $DEPLOY_FINALIZE_ACTION of $DEPLOY_FINALIZE_ID" >> /root/asked
echo "osd.3 is down"
exit "$(cat /root/code)"
`;

hostTest(
  "a reboot waits for a check of RAID, then for a command of the operator",
  { baseline: systemSpec() },
  async (host) => {
    await host.write("/root/may-reboot", MAY_REBOOT);
    await host.write("/root/code", "1\n");
    await host.write("/root/block/md0/md/sync_action", "check\n");
    await host.shell("chmod +x /root/may-reboot; mount --bind /root/block /sys/block");
    const config = {
      verify: { settle: 0 },
      waitFor: {
        storage: ["md"],
        commands: [{ name: "cluster", command: ["/root/may-reboot"], before: "reboot" }],
      },
    };
    const target = await host.buildToplevel(systemSpec({ kernel: "6.12.9", label: "new" }, config));
    const id = await deploy(host, target, "--delay", "0");
    const shows = async (words: string): Promise<void> => {
      await host.until(`status shows ${words}`, async () =>
        (await host.ok(call(target, "status", id))).includes(words),
      );
    };
    await shows("md0: check");
    const explained = await host.ok(call(target, "explain"));
    assert.match(explained, /storage +.*md0: check/);
    assert.match(explained, /command cluster +.*osd\.3 is down/);
    await host.write("/root/block/md0/md/sync_action", "idle\n");
    await shows("osd.3 is down");
    assert.equal((await recordOf(host, id)).state, "waiting");
    await host.write("/root/code", "0\n");
    const record = await ended(host, id);
    assert.equal(path(record), "scheduled waiting rebooting verifying live");
    assert.deepEqual(
      record.waitedFor.map(({ gate }) => gate).filter((gate) => gate !== "switch lock"),
      ["storage", "command cluster"],
    );
    const asked = await host.shell("cat /root/asked");
    assert.match(asked, new RegExp(`^asked for reboot of ${id}$`, "m"));
  },
);
