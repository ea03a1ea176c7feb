import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { explainSchema } from "../../src/json/explain.ts";
import { parseJson } from "../cli/operating.ts";
import { LockServer } from "../fleet/stand-in.ts";
import { hostTest } from "../test-host/host-test.ts";
import { call, PROGRAM, systemSpec } from "./deploying.ts";

// The root is on tmpfs, and nobody keeps the state folder.
const units = {
  "var-lib-deploy\\x2dfinalize.mount":
    "[Mount]\nWhat=tmpfs\nWhere=/var/lib/deploy-finalize\nType=tmpfs\nOptions=mode=700\n[Install]\nWantedBy=multi-user.target\n",
  "lock-proxy.socket":
    "[Socket]\nListenStream=127.0.0.1:3333\n[Install]\nWantedBy=sockets.target\n",
  "lock-proxy.service": "[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd /root/lock.sock\n",
};
const config = {
  verify: { settle: 0 },
  lock: { backend: "fleetlock", url: "http://127.0.0.1:3333", timeout: 10, retry: 0.2 },
};

hostTest(
  "a state folder that a reboot loses: said before and after, and the slot goes back",
  { baseline: systemSpec({ units }, config) },
  async (host) => {
    rmSync(host.path("/root/lock.sock"), { force: true });
    await using server = await new LockServer().listen(host.path("/root/lock.sock"));
    const { bootId } = await host.facts();
    const target = await host.buildToplevel(
      systemSpec({ label: "new", kernel: "6.12.9", units }, config),
    );
    await host.setProfile(target);
    await host.ok([`${target}/bin/switch-to-configuration`, "boot"]);
    const warning = /\/var\/lib\/deploy-finalize is on tmpfs and does not survive a reboot/;
    const explained = await host.ok(call(target, "explain"));
    assert.match(explained.replaceAll(/\s+/g, " "), warning);
    const json = await host.ok(call(target, "explain", "--json"));
    const { warnings } = parseJson(explainSchema, json);
    assert.ok(warnings.some(({ kind }) => kind === "state-on-tmpfs"));
    const scheduled = await host.run(call(target, "--delay", "0"));
    assert.equal(scheduled.exitCode, 0);
    assert.match(scheduled.stderr, warning);
    await host.rebooted(bootId);
    const journalSays = async (what: RegExp): Promise<boolean> =>
      what.test(await host.journal("deploy-finalize-resume.service"));
    await host.until(
      "the loss is in the journal",
      async () =>
        await journalSays(/has no record in \/var\/lib\/deploy-finalize, which is on tmpfs/),
    );
    await host.until("the slot is back", () => server.holders.size === 0);
    assert.equal(server.most, 1, "it was held for the reboot");
    assert.match(await host.ok([...PROGRAM, "status"]), /no finalization on this host yet/);
  },
);
