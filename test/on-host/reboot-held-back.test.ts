import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import { repository } from "../test-host/paths.ts";
import { LockServer } from "../fleet/stand-in.ts";
import { call, deploy, ended, recordOf, systemSpec } from "./deploying.ts";

// logind gives a delay inhibitor InhibitDelayMaxSec to end its work: 15 minutes and more on a node whose
// kubelet moves its pods away. The reboot is accepted and comes: PreparingForShutdown is true. To be
// quick, the limit of the program is 10 s here, and the inhibitor has 25 s.
const units = {
  "lock-proxy.socket":
    "[Socket]\nListenStream=127.0.0.1:3333\n[Install]\nWantedBy=sockets.target\n",
  "lock-proxy.service": "[Service]\nExecStart=/lib/systemd/systemd-socket-proxyd /root/lock.sock\n",
};
const config = {
  verify: { settle: 0 },
  lock: { backend: "fleetlock", url: "http://127.0.0.1:3333", timeout: 10, retry: 0.2 },
};

/** The program, less patient. */
function impatient(): string {
  const folder = mkdtempSync(join(tmpdir(), "impatient-"));
  cpSync(join(repository, "dist"), folder, { recursive: true });
  const program = join(folder, "deploy-finalize.cjs");
  const text = readFileSync(program, "utf8");
  const changed = text.replace("REBOOT_DEADLINE_MS = 6e5", "REBOOT_DEADLINE_MS = 1e4");
  assert.notEqual(changed, text, "the limit is somewhere else now");
  writeFileSync(program, changed);
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function delayShutdowns(host: Host, seconds: number): Promise<void> {
  await host.shell(`mkdir -p /etc/systemd/logind.conf.d
    printf '[Login]\\nInhibitDelayMaxSec=${seconds}\\n' > /etc/systemd/logind.conf.d/99-kubelet.conf
    systemctl restart systemd-logind
    systemd-run --quiet --unit=kubelet systemd-inhibit --what=shutdown --mode=delay --who=kubelet --why=drains sleep infinity
    until systemd-inhibit --list | grep kubelet > /dev/null; do sleep 0.1; done`);
}

const tool = impatient();
hostTest(
  "a reboot that is on its way is not refused, and keeps its slot",
  { tool, baseline: systemSpec({ units }, config) },
  async (host) => {
    rmSync(host.path("/root/lock.sock"), { force: true });
    await using server = await new LockServer().listen(host.path("/root/lock.sock"));
    await delayShutdowns(host, 25);
    const { bootId } = await host.facts();
    const target = await host.buildToplevel(
      systemSpec({ label: "new", kernel: "6.12.9", units }, config),
    );
    const id = await deploy(host, target, "--delay", "0");
    let heldUntilTheEnd = true;
    await host.until(
      "it has rebooted",
      async () => {
        const { state } = await recordOf(host, id);
        if (host.bootId() === bootId && state !== "scheduled" && state !== "waiting")
          heldUntilTheEnd &&= server.holders.size === 1;
        return host.bootId() !== undefined && host.bootId() !== bootId;
      },
      { deadlineMs: 120_000 },
    );
    const record = await ended(host, id);
    assert.equal(record.state, "live", record.outcome?.reason);
    assert.ok(heldUntilTheEnd, "the slot was given back before the reboot");
  },
);

// logind refuses its own request then.
hostTest(
  "a reboot that somebody else has asked for is as good as one's own",
  { baseline: systemSpec() },
  async (host) => {
    await delayShutdowns(host, 600);
    const { bootId } = await host.facts();
    const target = await host.buildToplevel(systemSpec({ label: "new", kernel: "6.12.9" }));
    await host.ok(["systemctl", "reboot"]);
    const id = await deploy(host, target, "--delay", "0");
    await host.until("its own request was refused", async () =>
      (await host.journal(`deploy-finalize-${id}.service`)).includes("under way already"),
    );
    await host.ok(["systemctl", "stop", "--no-block", "kubelet.service"]);
    await host.until(
      "it has rebooted",
      () => host.bootId() !== undefined && host.bootId() !== bootId,
      { deadlineMs: 120_000 },
    );
    const record = await ended(host, id);
    assert.equal(record.state, "live", record.outcome?.reason);
  },
);

hostTest(
  "a shutdown that somebody has scheduled is not deleted: the reboot waits for its end",
  { baseline: systemSpec() },
  async (host) => {
    const { bootId } = await host.facts();
    const target = await host.buildToplevel(systemSpec({ label: "new", kernel: "6.12.9" }));
    await host.ok(["shutdown", "--no-wall", "-P", "+600"]);
    const id = await deploy(host, target, "--delay", "0");
    const status = call(target, "status", id);
    await host.until("it waits for the shutdown", async () =>
      (await host.ok(status)).includes("a poweroff is scheduled for"),
    );
    assert.match(await host.read("/run/systemd/shutdown/scheduled"), /MODE=poweroff/);
    await host.ok(["shutdown", "--no-wall", "-c"]);
    await host.rebooted(bootId, { deadlineMs: 120_000 });
    const record = await ended(host, id, 120_000);
    assert.equal(record.state, "live", record.outcome?.reason);
  },
);
