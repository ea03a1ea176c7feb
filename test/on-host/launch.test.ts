import assert from "node:assert/strict";
import { hostTest } from "../host/host-test.ts";
import { LAUNCH, newestRecord, PROGRAM, STATE_DIR } from "./deploying.ts";

hostTest("launched quickly, it schedules what the program alone would", async (host) => {
  const schedule = ["--delay", "3600"];
  const ids = new Set<string>();
  for (let time = 0; time < 3; time++) {
    await host.ok([...LAUNCH, ...schedule]);
    ids.add((await newestRecord(host)).id);
  }
  assert.equal(ids.size, 3, "random, also where Node's own random numbers are not");
  const timers = await host.shell("systemctl list-timers --no-legend 'deploy-finalize-*' | wc -l");
  assert.equal(timers.trim(), "1");
  const { id } = await newestRecord(host);
  const service = await host.ok(["systemctl", "cat", `deploy-finalize-${id}.service`]);
  assert.ok(service.includes(`"${PROGRAM[1]}" "run" "${id}"`), service);
  const argv = async (program: readonly string[]): Promise<string> => {
    const text = await host.ok([...program, "--dry-run", ...schedule]);
    return text.replaceAll(/\d{8}-\d{6}-[0-9a-z]{4}|--on-calendar=[^']*/g, "…");
  };
  assert.equal(await argv(LAUNCH), await argv(PROGRAM));
});

hostTest("launched quickly, it leaves nothing behind where it cannot arm", async (host) => {
  await host.shell("mkdir -p /root/bin && ln -s /bin/false /root/bin/systemd-run");
  const env = { PATH: "/root/bin:/usr/local/bin:/usr/bin:/bin" };
  const { exitCode, stderr } = await host.run([...LAUNCH], { env });
  assert.equal(exitCode, 1);
  assert.match(stderr, /^deploy-finalize: cannot arm .*: systemd-run ended with exit code 1$/m);
  assert.equal(
    await host.shell(`ls ${STATE_DIR} /nix/var/nix/gcroots/deploy-finalize || true`),
    "",
  );
});
