import assert from "node:assert/strict";
import type { Host } from "../host/host.ts";
import { hostTest } from "../host/host-test.ts";
import { call, LAUNCH, newestRecord, recordOf, schedule, systemSpec } from "./deploying.ts";

/** Calls of `schedule` that come at the same time, or are cut off. */

const baseline = systemSpec();
const SCHEDULE = [...LAUNCH, "--delay", "3600"].join(" ");

/** Puts a systemd-run in front of the real one; returns the PATH with it. */
async function wrapSystemdRun(host: Host, script: string): Promise<string> {
  await host.shell(`mkdir -p /root/wrapped
    printf '#!/bin/sh\\n%s\\n' '${script}' > /root/wrapped/systemd-run
    chmod +x /root/wrapped/systemd-run`);
  return "PATH=/root/wrapped:$PATH";
}

const begun = (host: Host) => async () =>
  (await host.run(["test", "-e", "/run/arming"])).exitCode === 0;

hostTest(
  "of two that schedule at once neither fails, and the newest is armed",
  { baseline },
  async (host) => {
    const failed = await host.shell(`
    for i in $(seq 25); do
      ${SCHEDULE} >/dev/null 2>>/root/errors & first=$!
      ${SCHEDULE} >/dev/null 2>>/root/errors & second=$!
      wait $first || echo "first of pair $i"
      wait $second || echo "second of pair $i"
      newest=$(basename $(readlink /var/lib/deploy-finalize/current) .json)
      systemctl is-active --quiet deploy-finalize-$newest.timer || echo "pair $i: $newest is not armed"
    done; cat /root/errors`);
    assert.equal(failed, "");
  },
);

hostTest(
  "one that cannot arm leaves alone what was scheduled meanwhile",
  { baseline },
  async (host) => {
    const path = await wrapSystemdRun(host, "touch /run/arming; sleep 1; exit 7");
    const failing = host.shell(`${path} ${SCHEDULE} || echo "exit code $?"`);
    await host.until("the first one is arming", begun(host));
    await host.shell(SCHEDULE);
    const { id } = await newestRecord(host);
    assert.match(await failing, /exit code 1/);
    assert.equal((await newestRecord(host)).id, id);
    await host.ok(["systemctl", "is-active", `deploy-finalize-${id}.timer`]);
  },
);

for (const signal of ["INT", "TERM", "HUP"]) {
  hostTest(`SIG${signal} while it arms: armed, and it says so`, { baseline }, async (host) => {
    const path = await wrapSystemdRun(
      host,
      'touch /run/arming; sleep 0.5; exec /usr/bin/systemd-run "$@"',
    );
    const scheduled = host.shell(`set -m
      ${path} ${SCHEDULE} & echo $! > /run/pid; wait $! && echo "exit code 0"`);
    await host.until("it is arming", begun(host));
    await host.shell(`kill -${signal} $(cat /run/pid)`);
    assert.match(await scheduled, /exit code 0/);
    const { id } = await newestRecord(host);
    await host.ok(["systemctl", "is-active", `deploy-finalize-${id}.timer`]);
  });
}

hostTest("one whose timer was replaced has ended for all who ask", { baseline }, async (host) => {
  const target = await host.buildToplevel(baseline);
  const first = await schedule(host, target, "--delay", "3600");
  const waiting = host.run(call(target, "wait", first));
  const second = await schedule(host, target, "--delay", "3600");
  const waited = await waiting;
  assert.equal(waited.exitCode, 4);
  assert.match(waited.stdout, new RegExp(`superseded by ${second}`));
  assert.match(await host.ok(call(target, "status", first)), /superseded by/);
  assert.equal((await recordOf(host, first)).state, "scheduled");
});

hostTest(
  "without a PATH, or with an empty path, nothing is scheduled",
  { baseline },
  async (host) => {
    const target = await host.buildToplevel(baseline);
    const words = call(target, "schedule", "--delay", "3600");
    const without = await host.run(["env", "--unset=PATH", ...words]);
    assert.deepEqual([without.exitCode, /PATH is not set/.test(without.stderr)], [1, true]);
    for (const option of ["--state-dir", "--profile", "--config"]) {
      const empty = await host.run([...words, option, ""]);
      assert.deepEqual([empty.exitCode, /It is empty/.test(empty.stderr)], [2, true], option);
    }
    const none = await host.shell("ls /var/lib/deploy-finalize 2>/dev/null || echo none");
    assert.equal(none.trim(), "none");
  },
);

hostTest("what looks like a variable in a path is none to systemd", { baseline }, async (host) => {
  const target = await host.buildToplevel(baseline);
  const folder = "/root/a${PATH}b $HOME";
  await host.ok([...call(target, "schedule", "--delay", "0"), "--state-dir", folder]);
  const isLive = async () =>
    (await host.shell(`cat '${folder}'/current`)).includes('"state": "live"');
  await host.until("it is live", isLive);
});
