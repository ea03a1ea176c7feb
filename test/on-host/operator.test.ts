import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { historySchema, logSchema } from "../../src/json/history.ts";
import { statusSchema, type StatusJson } from "../../src/json/status.ts";
import { documents, waitingLoops } from "../docs/documents.ts";
import { hostTest } from "../test-host/host-test.ts";
import type { Ended, Host } from "../test-host/host.ts";
import {
  comesDue,
  deploy,
  deployScript,
  ended,
  entered,
  PROGRAM,
  systemSpec,
} from "./deploying.ts";
import { Operator } from "./ssh.ts";

const GATED = {
  verify: { settle: 0 },
  waitFor: { runners: [{ unit: "ci-runner.service", detect: { kind: "processes" } }] },
};

/** A job that goes on until the pipe is written to. */
const HOLD = "mkfifo /run/hold; read -r _ < /run/hold; rm /run/hold";

const FAILING = `[Service]
ExecStart=/bin/false
[Install]
WantedBy=multi-user.target
`;

const CONFIG = "/run/current-system/etc/deploy-finalize.json";

async function operate(host: Host, ...args: string[]): Promise<Ended> {
  return await host.run([...PROGRAM, ...args, "--config", CONFIG]);
}

async function statusNow(host: Host): Promise<StatusJson> {
  const { exitCode, stdout, stderr } = await operate(host, "status", "--json");
  assert.equal(exitCode, 0, stderr);
  return v.parse(statusSchema, JSON.parse(stdout));
}

async function screen(host: Host): Promise<string> {
  return (await operate(host, "status")).stdout;
}

hostTest(
  "status before, during and after a switch; wait and log follow it",
  { baseline: systemSpec({ runner: "1" }, GATED) },
  async (host) => {
    const before = await host.facts();
    const fresh = await statusNow(host);
    assert.deepEqual([fresh.finalization, fresh.host.current.toplevel], [null, before.current]);
    const target = await host.buildToplevel(systemSpec({ runner: "2" }, GATED));
    const job = await host.queueJob(`${deployScript(target)}\n${HOLD}`);
    const waiting = await host.until("it tells that it waits for the job", async () => {
      const now = await statusNow(host);
      return now.waiting === null ? undefined : now;
    });
    assert.equal(waiting.waiting?.for, "CI job");
    assert.deepEqual(waiting.driver, { kind: "process" });
    assert.match(
      await screen(host),
      /waiting for CI job \(.* so far\): ci-runner\.service runs a job/,
    );
    const wait = `exec ${PROGRAM.join(" ")} wait --config ${CONFIG} > /run/waited`;
    const waited = host.run(["sh", "-c", wait]);
    const followed = operate(host, "status", "--follow");
    await host.until("wait tells what it sees", async () => {
      return (await host.run(["test", "-s", "/run/waited"])).exitCode === 0;
    });
    await host.shell("echo > /run/hold");
    assert.equal((await host.jobEnded(job)).exitCode, 0);
    const { exitCode, stderr } = await waited;
    assert.equal(exitCode, 0, stderr);
    assert.match(
      await host.read("/run/waited"),
      /switching: services only\n.* verifying: .* live: /s,
    );
    assert.match((await followed).stdout, /live: the target is the running system\n$/);
    assert.equal((await statusNow(host)).finalization?.state, "live");
    assert.match(await screen(host), /^\+ live: switched to generation 2, /);
    await host.until("log tells of the end", async () =>
      /live: the target is the running system/.test((await operate(host, "log")).stdout),
    );
  },
);

hostTest(
  "wait in a job of the runner that is waited for refuses, and the deploy goes on",
  { baseline: systemSpec({ runner: "1" }, GATED) },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ runner: "2" }, GATED));
    const job = await host.queueJob(`${deployScript(target)}\n${PROGRAM.join(" ")} wait`);
    const { exitCode, output } = await host.jobEnded(job);
    assert.equal(exitCode, 1, output);
    assert.match(output, /a job on ci-runner\.service, and .* waits for its jobs/);
    assert.equal((await operate(host, "wait")).exitCode, 0);
  },
);

hostTest(
  "wait in the session that scheduled refuses; over SSH it works from another one",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    const script = `${deployScript(target)}\n${PROGRAM.join(" ")} wait`;
    const own = await host.run(["ssh", "root@localhost", "bash", "-s"], { stdin: script });
    assert.equal(own.exitCode, 1, own.stderr);
    assert.match(own.stderr, /this is login session \w+, which scheduled/);
    const other = ["ssh", "root@localhost", ...PROGRAM, "wait"];
    assert.equal((await host.run(other)).exitCode, 0);
  },
);

/** The loop as docs/ci.md has it; this host has no program in its profile. */
function documentedLoop(): string {
  const [first] = waitingLoops(documents().filter(({ path }) => path === "docs/ci.md"));
  assert.ok(first !== undefined, "docs/ci.md has the loop");
  return first.loop
    .replace("/nix/var/nix/profiles/system/sw/bin/", "")
    .replace("sleep 5", "sleep 0.1");
}

/** Looks again and again, as far as there is a host to look at, until it is live. */
const LOOKS = `while :; do
  if now=$(ssh root@web1 deploy-finalize status --json); then printf '%s\\n' "$now" >> "$SEEN"; fi
  case $now in *'"state":"live","since"'*) exit 0 ;; esac
done`;

const COMMAND = `#!/bin/sh\nexec ${PROGRAM.join(" ")} "$@" --config ${CONFIG}\n`;

hostTest(
  "the documented loop over SSH ends 0 after a reboot; status and log tell of both boots",
  { baseline: systemSpec() },
  async (host) => {
    using operator = new Operator(host);
    const before = await host.facts();
    await host.write("/usr/local/bin/deploy-finalize", COMMAND);
    await host.shell("chmod +x /usr/local/bin/deploy-finalize");
    const target = await host.buildToplevel(systemSpec({ kernel: "6.12.9" }));
    const seenFile = join(operator.folder, "seen");
    writeFileSync(seenFile, "");
    const looks = operator.run(LOOKS, { SEEN: seenFile });
    const id = await deploy(host, target, "--delay", "1h");
    assert.match(await screen(host), /scheduled: reboot into generation 2 /);
    const followed = operator.run(documentedLoop(), { id });
    const timerSeen = () => readFileSync(seenFile, "utf8").includes('"driver":{"kind":"timer"');
    await host.until("somebody has seen its timer", timerSeen);
    await comesDue(host, id);
    const { exitCode, stdout, stderr } = await followed;
    assert.equal(exitCode, 0, `${stdout}${stderr}`);
    assert.match(stdout, /live: the target is the running system\n$/);
    assert.equal(stdout.match(/ live: /g)?.length, 1);
    await looks;
    const seen = readFileSync(seenFile, "utf8").trimEnd().split("\n");
    const drivers = seen.map((line) => v.parse(statusSchema, JSON.parse(line)).driver?.kind);
    assert.ok(drivers.includes("timer"), drivers.join(" "));
    assert.ok(!drivers.includes("nobody") && !drivers.includes("unknown"), drivers.join(" "));
    assert.notEqual((await host.facts()).bootId, before.bootId);
    assert.match(await screen(host), /^\+ live: rebooted into generation 2, /);
    await host.until("log tells of both boots", async () => {
      const log = (await operate(host, "log", "--json")).stdout.trimEnd().split("\n");
      const entries = log.map((line) => v.parse(logSchema, JSON.parse(line)));
      const messages = entries.map(({ message }) => message).join("\n");
      return /waiting: .*rebooting: .*verifying: .*live: /s.test(messages);
    });
  },
);

hostTest(
  "a rollback: status names the check and the way back, wait ends 3",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(
      systemSpec({ label: "new", units: { "web.service": FAILING } }),
    );
    const id = await deploy(host, target, "--delay", "0");
    assert.equal((await operate(host, "wait", id)).exitCode, 3);
    const text = await screen(host);
    assert.match(text, /^< rolled back to generation 1, .*web\.service failed/);
    assert.match(text, /checks: 0 passed, 1 failed/);
    const { finalization, host: seen } = await statusNow(host);
    assert.equal(finalization?.outcome?.exitCode, 3);
    assert.deepEqual(seen.current, seen.profile);
  },
);

hostTest(
  "a failure: status shows what the activation said last, wait ends 1, history lists all",
  { baseline: systemSpec() },
  async (host) => {
    const config = { verify: { settle: 0 }, rollback: { enable: false } };
    const target = await host.buildToplevel(
      systemSpec({ label: "new", failure: { activation: "stand-in" } }, config),
    );
    const id = await deploy(host, target, "--delay", "0");
    assert.equal((await operate(host, "wait", id)).exitCode, 1);
    const text = await screen(host);
    assert.match(text, /^x failed, .*exit code 2/);
    assert.match(text, /last lines of switch-to-configuration, exit code 2\n {2}\S/);
    const { stdout } = await operate(host, "history", "--json");
    const { finalizations } = v.parse(historySchema, JSON.parse(stdout));
    assert.deepEqual(
      finalizations.map((one) => [one.id, one.state]),
      [[id, "failed"]],
    );
  },
);

hostTest(
  "one whose timer is gone: status says that nobody drives it, and resume takes it up",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    const id = await deploy(host, target, "--delay", "1h");
    assert.deepEqual((await statusNow(host)).driver, { kind: "timer" });
    await host.ok(["systemctl", "stop", `deploy-finalize-${id}.timer`]);
    assert.deepEqual((await statusNow(host)).driver, { kind: "nobody" });
    assert.match(await screen(host), /stuck.*deploy-finalize resume/s);
    await operate(host, "resume");
    await entered(host, id, "waiting");
    await host.until("it tells that it waits for its time", async () =>
      /waiting for delay \(/.test(await screen(host)),
    );
    await operate(host, "cancel");
    assert.equal((await ended(host, id)).state, "cancelled");
    assert.equal((await operate(host, "wait")).exitCode, 4);
  },
);

hostTest(
  "another user sees the host, and which finalization waits, and is told what he may not see",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    const id = await deploy(host, target, "--delay", "1h");
    const as = ["runuser", "--user", "nobody", "--", ...PROGRAM];
    const { exitCode, stdout } = await host.run([...as, "status"]);
    assert.equal(exitCode, 1);
    assert.match(stdout, /only root may read \/var\/lib\/deploy-finalize/);
    assert.match(stdout, new RegExp(`deploy-finalize-${id}\\.timer`));
    assert.match(stdout, /profile +generation 2/);
    for (const command of ["wait", "history", "log"]) {
      const refused = await host.run([...as, command]);
      assert.equal(refused.exitCode, 1);
      assert.match(refused.stderr, /only root may read .*Run it with sudo/);
    }
  },
);

hostTest(
  "log on a terminal goes through journalctl's pager",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    await ended(host, await deploy(host, target, "--delay", "0"));
    await host.write("/root/pager", "#!/bin/sh\nexec sed 's/^/paged: /'\n");
    const log = `chmod +x /root/pager; script -qec '${PROGRAM.join(" ")} log' /dev/null`;
    const env = { SYSTEMD_PAGER: "/root/pager", SYSTEMD_PAGERSECURE: "0", TERM: "xterm" };
    await host.until("it is paged to its end", async () =>
      /paged: .*live: the target is the running system/.test(await host.shell(log, { env })),
    );
  },
);

hostTest(
  "log --follow ends well when its reader has gone",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    await ended(host, await deploy(host, target, "--delay", "0"));
    const call = `timeout 100 ${PROGRAM.join(" ")} log --follow`;
    const ends = await host.run(["bash", "-c", `${call} | head -n 1; exit \${PIPESTATUS[0]}`]);
    assert.deepEqual([ends.exitCode, ends.stderr], [0, ""]);
  },
);
