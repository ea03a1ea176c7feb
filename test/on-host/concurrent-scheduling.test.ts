import assert from "node:assert/strict";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import { call, ended, newestRecord, PROGRAM, recordOf, schedule, systemSpec } from "./deploying.ts";

/** Calls of `schedule` that come at the same time, or are cut off. */

const baseline = systemSpec();
const SCHEDULE = [...PROGRAM, "--delay", "3600"].join(" ");

/** Puts a systemd-run in front of the real one; returns the PATH with it. */
async function wrapSystemdRun(host: Host, script: string): Promise<string> {
  await host.shell(`mkdir -p /root/wrapped
    printf '#!/bin/sh\\n%s\\n' '${script}' > /root/wrapped/systemd-run
    chmod +x /root/wrapped/systemd-run`);
  return "PATH=/root/wrapped:$PATH";
}

const begun = (host: Host) => async () =>
  (await host.run(["test", "-e", "/run/arming"])).exitCode === 0;

/** For a program in front of a real one: tells that it is called, and holds until the test lets it go on. */
const HOLD = "touch /run/arming; until test -e /run/go; do sleep 0.05; done";

async function letGo(host: Host): Promise<void> {
  await host.ok(["touch", "/run/go"]);
}

hostTest(
  "of two that schedule at once neither fails, and the newest is armed",
  { baseline },
  async (host) => {
    const failed = await host.shell(`
    for i in $(seq 8); do
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
  "a call that cannot arm leaves the finalization that waits as it is",
  { baseline },
  async (host) => {
    const gate = { waitFor: { units: ["gate.service"] } };
    await host.shell("systemd-run --quiet --unit=gate sleep infinity");
    const spec = systemSpec({ label: "waits" }, gate);
    const id = await schedule(host, await host.buildToplevel(spec), "--delay", "0");
    await host.until("it waits", async () => (await recordOf(host, id)).state === "waiting");
    const path = await wrapSystemdRun(host, "exit 7");
    const failed = await host.run(["sh", "-c", `${path} ${SCHEDULE}`]);
    assert.equal(failed.exitCode, 1, failed.stderr);
    assert.equal(await newest(host), id);
    await host.shell("systemctl stop gate");
    assert.equal((await ended(host, id)).state, "live");
  },
);

async function newest(host: Host): Promise<string> {
  const link = await host.ok(["readlink", "/var/lib/deploy-finalize/current"]);
  return link.trim().replace(/\.json$/, "");
}

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
    const path = await wrapSystemdRun(host, `${HOLD}; exec /usr/bin/systemd-run "$@"`);
    const scheduled = host.shell(`set -m
      ${path} sh -c 'echo $$ > /run/pid; exec ${SCHEDULE}' & wait $! && echo "exit code 0"`);
    await host.until("it is arming", begun(host));
    await host.shell(`kill -${signal} $(cat /run/pid)`);
    await letGo(host);
    assert.match(await scheduled, /exit code 0/);
    const { id } = await newestRecord(host);
    await host.ok(["systemctl", "is-active", `deploy-finalize-${id}.timer`]);
  });
}

function states(finalizations: readonly { readonly state: string }[]): string[] {
  return finalizations.map(({ state }) => state);
}

hostTest("one whose timer was replaced has ended for all who ask", { baseline }, async (host) => {
  const target = await host.buildToplevel(baseline);
  const first = await schedule(host, target, "--delay", "3600");
  const waiting = host.run(call(target, "wait", first));
  const second = await schedule(host, target, "--delay", "3600");
  const waited = await waiting;
  assert.equal(waited.exitCode, 4);
  assert.match(waited.stdout, new RegExp(`superseded by ${second}`));
  const status = JSON.parse(await host.ok(call(target, "status", first, "--json")));
  const { scheduledAt } = await recordOf(host, second);
  assert.deepEqual(
    [status.finalization.state, status.finalization.endedAt],
    ["superseded", scheduledAt],
  );
  const history = JSON.parse(await host.ok(call(target, "history", "--json")));
  assert.deepEqual(states(history.finalizations), ["scheduled", "superseded"]);
  for (const command of ["cancel", "rollback"]) {
    const told = await host.run(call(target, command, first, "--yes"));
    assert.deepEqual([told.exitCode, /superseded/.test(told.stderr)], [1, true], told.stderr);
  }
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

hostTest("what systemd would misread in a path is refused", { baseline }, async (host) => {
  const target = await host.buildToplevel(baseline);
  const words = call(target, "schedule", "--delay", "3600");
  for (const sign of ["$", ";"]) {
    const told = await host.run([...words, "--state-dir", `/root/a${sign}b`]);
    assert.deepEqual([told.exitCode, told.stderr.includes(`misread the ${sign} in`)], [2, true]);
  }
});

hostTest(
  "PID 1 executes itself anew: whoever is told that it failed has scheduled nothing",
  { baseline },
  async (host) => {
    const told = await host.shell(`
    (for i in $(seq 12); do systemctl daemon-reexec; done) &
    newest=none
    for i in $(seq 20); do
      before=$newest
      if ${SCHEDULE} >/dev/null 2>&1; then expected=armed; else expected=none; fi
      newest=$(basename "$(readlink /var/lib/deploy-finalize/current || echo none)" .json)
      if [ $expected = armed ] && ! [ -e /run/systemd/transient/deploy-finalize-$newest.timer ]; then echo "$i: $newest is not armed"; fi
      if [ $expected = none ] && [ $newest != $before ]; then echo "$i: $newest was scheduled"; fi
    done; wait`);
    assert.equal(told, "");
    // By its timer; or by its unit, if a call that failed had stopped the timer.
    const { id } = await newestRecord(host);
    const units = [`deploy-finalize-${id}.timer`, `deploy-finalize-${id}.service`];
    await host.until("the newest one is driven", async () =>
      /^active$/m.test((await host.run(["systemctl", "is-active", ...units])).stdout),
    );
  },
);

hostTest(
  "a profile that moves while it is scheduled: refused, the other deploy counts",
  { baseline },
  async (host) => {
    const [first, second] = [
      await host.buildToplevel(systemSpec({ label: "first" })),
      await host.buildToplevel(systemSpec({ label: "second" })),
    ];
    await host.setProfile(first);
    await host.shell(`mkdir -p /root/slow
    printf '#!/bin/sh\n${HOLD}; exec /usr/bin/systemd-analyze "$@"\n' > /root/slow/systemd-analyze
    chmod +x /root/slow/systemd-analyze
    echo '{"reboot":{"window":{"start":"Sat 02:00","duration":"1h"}},"rebootWhenChanged":["kernel","initrd"]}' > /root/config.json`);
    await host.shell("rm -f /run/arming");
    const early = host.run([
      "env",
      `PATH=/root/slow:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      ...PROGRAM,
      "--delay",
      "3600",
      "--config",
      "/root/config.json",
    ]);
    await host.until("the window is looked at", begun(host));
    await host.setProfile(second);
    await host.shell(SCHEDULE);
    await letGo(host);
    const told = await early;
    assert.deepEqual([told.exitCode, /by another deploy/.test(told.stderr)], [4, true]);
    assert.equal((await newestRecord(host)).target, second);
  },
);
