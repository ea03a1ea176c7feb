import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { assertRuns, deploy, ended, PROGRAM, STATE_DIR, systemSpec } from "./deploying.ts";

const EARLY = "DefaultDependencies=no\nConflicts=shutdown.target\nBefore=shutdown.target";
const BLESSED = "/var/blessed";

/** The module's unit, and systemd's as its generator adds it if the loader counts the boot. */
const UNITS: ToplevelSpec["units"] = {
  "deploy-finalize-boot-complete.service": `[Unit]
${EARLY} boot-complete.target
After=local-fs.target
[Service]
Type=oneshot
RemainAfterExit=true
TimeoutStartSec=infinity
Restart=on-failure
RestartSec=1
RestartPreventExitStatus=1
ExecStart=${PROGRAM.join(" ")} boot-complete --state-dir ${STATE_DIR}
`,
  "boot-complete.target.d/verified.conf":
    "[Unit]\nRequires=deploy-finalize-boot-complete.service\n",
  // Notes which system is called good, and what its newest finalization is at that moment.
  "systemd-bless-boot.service": `[Unit]
${EARLY}
Requires=boot-complete.target
After=local-fs.target boot-complete.target
[Service]
Type=oneshot
RemainAfterExit=true
ExecStart=/bin/sh -c 'readlink -f /run/booted-system >>${BLESSED}; \
sed -n "s/^  .state.: .\\([a-z-]*\\).*/\\1/p" ${STATE_DIR}/current >>${BLESSED}'
[Install]
WantedBy=basic.target
`,
};

const spec = (more: ToplevelSpec = {}, verify: object = {}): ToplevelSpec =>
  systemSpec({ ...more, units: { ...UNITS, ...more.units } }, { verify: { settle: 0, ...verify } });

const NEW = { label: "new", kernel: "6.12.9" };

/** The lines that the units of all boots have written. */
async function blessed(host: Host): Promise<string[]> {
  return (await host.ok(["cat", BLESSED])).trim().split("\n");
}

hostTest(
  "a counted boot is good once the target is verified",
  { baseline: spec() },
  async (host) => {
    const { booted } = await host.facts();
    await host.until("the first boot is good", async () => (await blessed(host)).length === 1);
    const target = await host.buildToplevel(spec(NEW));
    const id = await deploy(host, target, "--delay", "0");
    const record = await ended(host, id, 180_000);
    assert.equal(record.state, "live", record.outcome?.reason);
    await host.until("the second boot is good", async () => (await blessed(host)).length === 3);
    assert.deepEqual(await blessed(host), [booted, target, "live"]);
    await assertRuns(host, target);
  },
);

/** Nothing listens there. */
const CHECK = { kind: "tcp", host: "127.0.0.1", port: 9, deadline: 1, interval: 1 };

hostTest("a counted boot is not good if a check fails", { baseline: spec() }, async (host) => {
  const target = await host.buildToplevel(spec(NEW, { checks: [CHECK] }));
  const id = await deploy(host, target, "--delay", "0");
  const record = await ended(host, id, 240_000);
  assert.equal(record.state, "rolled-back", record.outcome?.reason);
  await assertRuns(host, record.previous);
  await host.until("the boot of the previous system is good", async () =>
    (await blessed(host)).includes("rolled-back"),
  );
  assert.ok(!(await blessed(host)).includes(target), "the target was called good");
});
