import assert from "node:assert/strict";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import { idsOf } from "./chaos.ts";
import { ended, newestRecord, PROGRAM, schedule, STATE_DIR, systemSpec } from "./deploying.ts";

/** A call of `schedule` that fails leaves the finalization before it as it is: driven, and the newest. */

const PINS = "/nix/var/nix/gcroots/deploy-finalize";
const WRAPPED = "/root/wrapped/systemd-run";

const readOnly = (folder: string): string =>
  `mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder}`;

interface Fault {
  readonly step: string;
  /** Run before the call. */
  readonly before: string;
  readonly after: string;
}

const wrapped = (step: string, script: string): Fault => ({
  step,
  before: `printf '#!/bin/sh\\n%s\\n' '${script}' > ${WRAPPED}; chmod +x ${WRAPPED}`,
  after: `rm ${WRAPPED}`,
});

const FAULTS: readonly Fault[] = [
  { step: "pin, EROFS", before: readOnly(PINS), after: `umount ${PINS}` },
  { step: "save, EROFS", before: readOnly(STATE_DIR), after: `umount ${STATE_DIR}` },
  {
    step: "save, ENOSPC",
    before: `dd if=/dev/zero of=${STATE_DIR}/ballast bs=4k 2>/dev/null || true`,
    after: `rm ${STATE_DIR}/ballast`,
  },
  {
    step: "save, no inode left",
    before: `i=0; while : > ${STATE_DIR}/ballast.$((i += 1)); do :; done 2>/dev/null || true`,
    after: `rm ${STATE_DIR}/ballast.*`,
  },
  wrapped("arm, systemd-run fails", "exit 7"),
  wrapped("arm, systemd-run is killed", "kill -9 $$"),
  wrapped(
    "arm, half-way",
    // Twice, because one refusal is not believed.
    `[ ! -e /run/twice ] || exec /usr/bin/systemd-run "$@"
      mv /run/once /run/twice || touch /run/once
      systemctl stop "deploy-finalize-*.timer"; exit 7`,
  ),
];

async function drives(host: Host, id: string): Promise<string> {
  const units = [`deploy-finalize-${id}.timer`, `deploy-finalize-${id}.service`];
  return (await host.run(["systemctl", "is-active", ...units])).stdout.replaceAll("\n", " ");
}

async function found(host: Host): Promise<Record<string, unknown>> {
  const pins = await host.shell(`ls ${PINS}`);
  const links = await host.shell(`ls ${STATE_DIR} | grep "^current[.]" || true`);
  return { ids: await idsOf(host), pins, links, newest: (await newestRecord(host)).id };
}

const CALL = `PATH=/root/wrapped:$PATH ${PROGRAM.join(" ")} --delay`;

hostTest(
  "whatever step of schedule fails, the finalization before it is driven",
  { baseline: systemSpec() },
  async (host) => {
    await host.shell(`mkdir -p /root/wrapped ${STATE_DIR}
      mount -t tmpfs -o mode=700,size=256k,nr_inodes=40 tmpfs ${STATE_DIR}`);
    const target = await host.buildToplevel(systemSpec({ label: "waits" }));
    const id = await schedule(host, target, "--delay", "3600");
    const before = await found(host);
    for (const { step, before: prepare, after } of FAULTS) {
      await host.shell(prepare);
      const failed = await host.run(["sh", "-c", `${CALL} 3600`]);
      await host.shell(after);
      assert.equal(failed.exitCode, 1, `${step}: ${failed.stderr}`);
      assert.deepEqual({ step, ...(await found(host)) }, { step, ...before });
      const driver = await drives(host, id);
      assert.match(driver, /\bactive\b|activating/, `${step}: ${driver}`);
    }
  },
);

hostTest(
  "what fails after the timer is armed is made up for by its unit",
  { baseline: systemSpec() },
  async (host) => {
    await host.shell(`mkdir -p /root/wrapped ${STATE_DIR}`);
    const target = await host.buildToplevel(systemSpec({ label: "armed" }));
    const older = await schedule(host, target, "--delay", "3600");
    const { before, after } = wrapped("", `/usr/bin/systemd-run "$@" && ${readOnly(STATE_DIR)}`);
    await host.shell(before);
    const called = await host.run(["sh", "-c", `${CALL} 1 --json`]);
    assert.equal(called.exitCode, 0, called.stderr);
    assert.match(called.stderr, /is armed, and its unit will finish its scheduling/);
    assert.equal((await newestRecord(host)).id, older);
    // Lazily, because the unit may have begun, and have a file there open.
    await host.shell(`${after}; umount --lazy ${STATE_DIR}`);
    const { id } = JSON.parse(called.stdout);
    // The pauses between its tries grow up to a minute.
    assert.equal((await ended(host, id, 150_000)).state, "live");
    assert.deepEqual(
      [(await newestRecord(host)).id, (await ended(host, older)).state],
      [id, "superseded"],
    );
  },
);
