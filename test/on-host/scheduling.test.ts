import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { newestRecord, PROGRAM, STATE_DIR } from "./deploying.ts";

hostTest("called again and again, it leaves one timer, which runs the newest", async (host) => {
  const ids = new Set<string>();
  for (let time = 0; time < 3; time++) {
    await host.ok([...PROGRAM, "--delay", "3600"]);
    ids.add((await newestRecord(host)).id);
  }
  assert.equal(ids.size, 3, "ids are random");
  const timers = await host.shell("systemctl list-timers --no-legend 'deploy-finalize-2*' | wc -l");
  assert.equal(timers.trim(), "1");
  const { id } = await newestRecord(host);
  const service = await host.ok(["systemctl", "cat", `deploy-finalize-${id}.service`]);
  assert.ok(service.includes(`"${PROGRAM[1]}" "run" "${id}"`), service);
});

hostTest("it leaves nothing behind if it cannot arm", async (host) => {
  await host.shell("mkdir -p /root/bin && ln -s /bin/false /root/bin/systemd-run");
  const env = { PATH: "/root/bin:/usr/local/bin:/usr/bin:/bin" };
  const { exitCode, stderr } = await host.run([...PROGRAM], { env });
  assert.equal(exitCode, 1);
  assert.match(stderr, /^deploy-finalize: cannot arm .*: systemd-run ended with exit code 1$/m);
  const left = `find ${STATE_DIR} /nix/var/nix/gcroots/deploy-finalize -not -type d || true`;
  // The lock file stays: to remove it while another process waits for it would make two locks.
  assert.equal(await host.shell(left), `${STATE_DIR}/schedule.lock\n`);
});
