import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { moveCalendar } from "./clock-steps.ts";
import {
  assertRuns,
  call,
  deploy,
  ended,
  newestRecord,
  path,
  PROGRAM,
  recordOf,
  schedule,
  systemSpec,
} from "./deploying.ts";

const NEW_KERNEL = { kernel: "6.12.9", label: "new" };

function policySpec(spec: ToplevelSpec, reboot: object, waitFor: object = {}): ToplevelSpec {
  return systemSpec(spec, { verify: { settle: 0 }, reboot, waitFor });
}

/** A window that opens once, so many seconds from now. */
function windowIn(seconds: number): { readonly start: string; readonly duration: string } {
  const at = new Date(Date.now() + seconds * 1000).toISOString();
  return { start: `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`, duration: "2min" };
}

const WINDOW_MS = 120_000;

interface Scheduled {
  readonly id: string;
  readonly opensMs: number;
}

/**
 * Schedules what the profile names, for a window that opens so many seconds after this call: a file of its
 * own has the window, because a system that has it would be built and deployed in that time.
 */
async function scheduleForWindow(
  host: Host,
  seconds: number,
  prepare: (opensMs: number) => Promise<string> = async () => "",
): Promise<Scheduled> {
  const window = windowIn(seconds);
  const opensMs = Date.parse(window.start.replace(" UTC", "Z").replace(" ", "T"));
  const config = { verify: { settle: 0 }, reboot: { window } };
  await host.write("/etc/window.json", JSON.stringify(config));
  const before = await prepare(opensMs);
  await host.shell(`${before}\n${PROGRAM.join(" ")} --config /etc/window.json --delay 0`);
  return { id: (await newestRecord(host)).id, opensMs };
}

/** One that does not open while a test runs. */
const NEXT_BUT_ONE_YEAR = new Date().getUTCFullYear() + 2;
const FAR_WINDOW = { start: `${NEXT_BUT_ONE_YEAR}-01-01 02:00 UTC`, duration: 3600 };

async function says(host: Host, id: string, words: string): Promise<void> {
  await host.until(`it says ${words}`, async () =>
    (await host.journal(`deploy-finalize-${id}.service`)).includes(words),
  );
}

/** Waits until it is put off: its process has ended, and its timer waits. */
async function putOff(host: Host, id: string): Promise<FinalizationRecord> {
  const states = async (): Promise<string> =>
    await host.shell(
      `systemctl show --property=ActiveState --value deploy-finalize-${id}.timer deploy-finalize-${id}.service`,
    );
  await host.until("its timer waits, and no process", async () => {
    const { deferredUntil } = await recordOf(host, id);
    return deferredUntil !== null && /^active\s+inactive\s*$/.test(await states());
  });
  return await recordOf(host, id);
}

hostTest(
  "a reboot waits for its window without a process, then comes by itself",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec(NEW_KERNEL));
    const before = await host.facts();
    await host.setProfile(target);
    const { id, opensMs } = await scheduleForWindow(host, 20);
    const record = await ended(host, id, 150_000);
    assert.equal(path(record), "scheduled waiting waiting rebooting verifying live");
    const [, , putOffAt, rebootingAt] = record.timeline;
    assert.match(putOffAt?.detail ?? "", /waits for the reboot window, which opens at 20/);
    const late = Date.parse(rebootingAt?.at ?? "") - opensMs;
    assert.ok(late >= 0 && late < WINDOW_MS, `${late} ms after the window opened`);
    // Two processes: one put it off, and the timer started the other one.
    const started = `Started deploy-finalize-${id}.service`;
    const starts = (await host.journal()).split("\n").filter((line) => line.includes(started));
    assert.ok(starts.length >= 2, starts.join("\n"));
    const after = await host.facts();
    assert.notEqual(after.bootId, before.bootId);
    assert.equal(after.booted, target);
  },
);

/** The first answer about the timer comes when the moment of `epochS` has passed. */
function lateAnswer(epochS: number): string {
  return `#!/bin/sh
case "$*" in
*=SubState*deploy-finalize-2*.timer)
  rm "$0"
  answer=$(/usr/bin/systemctl "$@")
  while [ "$(date +%s)" -le ${epochS} ]; do sleep 0.1; done
  echo "$answer"
  ;;
*)
  exec /usr/bin/systemctl "$@"
  ;;
esac
`;
}

hostTest(
  "a timer that elapses by both clocks before its process has ended starts the next one",
  { baseline: systemSpec() },
  async (host) => {
    await host.setProfile(await host.buildToplevel(systemSpec(NEW_KERNEL)));
    // As if the clock were set forward then.
    const environment = await moveCalendar(host, -4);
    // Soon enough that the late answer comes before systemctl counts as hung.
    const { id } = await scheduleForWindow(host, 25, async (opensMs) => {
      await host.write("/root/moved/systemctl", lateAnswer(opensMs / 1000 + 1));
      await host.ok(["chmod", "+x", "/root/moved/systemctl"]);
      return `export ${environment}`;
    });
    const record = await ended(host, id, 150_000);
    assert.equal(path(record), "scheduled waiting waiting rebooting verifying live");
    assert.equal((await host.run(["test", "-e", "/root/moved/systemctl"])).exitCode, 1);
  },
);

hostTest(
  "what was put off and then ends leaves no timer",
  { baseline: systemSpec() },
  async (host) => {
    const window = windowIn(45);
    const detect = { kind: "command", command: ["/usr/bin/test", "-e", "/run/job"] };
    const waitFor = { runners: [{ unit: "ci-runner.service", detect }], timeout: 4 };
    const target = await host.buildToplevel(policySpec(NEW_KERNEL, { window }, waitFor));
    const id = await deploy(host, target, "--delay", "0");
    await putOff(host, id);
    await host.write("/run/job", "");
    assert.equal((await ended(host, id, 150_000)).state, "failed");
    const timers = "systemctl list-units --all --plain --no-legend 'deploy-finalize-2*'";
    await host.until("no unit is left", async () => (await host.shell(timers)) === "");
  },
);

hostTest(
  "what is put off survives another reboot, and is put off again; cancelled, no timer stays",
  { baseline: systemSpec() },
  async (host) => {
    const window = FAR_WINDOW;
    const target = await host.buildToplevel(policySpec(NEW_KERNEL, { window }));
    const before = await host.facts();
    const id = await deploy(host, target, "--delay", "0");
    const { state, timeline } = await putOff(host, id);
    assert.equal(state, "waiting");
    assert.match(timeline.at(-1)?.detail ?? "", /waits for the reboot window, which opens at 20/);
    assert.match(await host.ok(call(target, "status", id)), /waiting for the reboot window, which/);
    // A switch of somebody else reloads systemd and starts the resume unit's command again.
    await host.ok(["systemctl", "daemon-reload"]);
    await host.ok(call(target, "resume"));
    await putOff(host, id);
    await host.ok([`${before.booted}/bin/switch-to-configuration`, "boot"]);
    await host.powerCut();
    await host.powerOn();
    assert.equal((await host.facts()).booted, before.booted);
    const record = await putOff(host, id);
    assert.equal(record.state, "waiting");
    assert.equal(record.deferredUntil, `${NEXT_BUT_ONE_YEAR}-01-01T02:00:00.000Z`);
    await host.ok(call(target, "cancel", id));
    assert.equal((await recordOf(host, id)).state, "cancelled");
    const timers = "systemctl list-units --plain --no-legend 'deploy-finalize-2*.timer'";
    assert.equal(await host.shell(timers), "");
  },
);

hostTest(
  "what can be switched does not wait for the window; the reboot does, and is superseded",
  { baseline: systemSpec() },
  async (host) => {
    const reboot = { window: FAR_WINDOW, whilePutOff: "switch" };
    const first = await host.buildToplevel(policySpec(NEW_KERNEL, reboot));
    const second = await host.buildToplevel(policySpec({ label: "services" }, reboot));
    const before = await host.facts();
    const partly = await ended(host, await deploy(host, first, "--delay", "0"));
    assert.equal(path(partly), "scheduled waiting waiting switching verifying live");
    assert.match(partly.outcome?.reason ?? "", /parts need a REBOOT, which follows: kernel,initrd/);
    await assertRuns(host, first);
    // It is scheduled after the end of the other has been recorded.
    const { id: firstId, previous } = await host.until("its reboot is scheduled", async () => {
      const newest = await newestRecord(host);
      return newest.rebootOf === partly.id ? newest : undefined;
    });
    assert.equal(previous, before.booted);
    await putOff(host, firstId);
    const record = await ended(host, await deploy(host, second, "--delay", "0"));
    assert.equal(path(record), "scheduled waiting switching verifying live");
    assert.equal((await ended(host, firstId)).state, "superseded");
  },
);

hostTest(
  "a window that systemd does not take is refused before anything is armed",
  { baseline: systemSpec() },
  async (host) => {
    for (const [start, said] of [
      ["Sat 25:00", /reboot\.window\.start \(Sat 25:00\) cannot be used: .*Failed to parse/],
      ["2020-01-01", /reboot\.window\.start \(2020-01-01\) never comes again/],
    ] as const) {
      const window = { start, duration: 3600 };
      const target = await host.buildToplevel(policySpec(NEW_KERNEL, { window }));
      await host.setProfile(target);
      const { exitCode, stderr } = await host.run(call(target));
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, said);
    }
    const units = "systemctl list-units --all --plain --no-legend 'deploy-finalize-2*'";
    assert.equal(await host.shell(units), "");
  },
);

hostTest(
  "a program that holds shutdowns back is waited for",
  { baseline: systemSpec() },
  async (host) => {
    const inhibit = "systemd-inhibit --what=shutdown --mode=block --who=borg --why=runs";
    await host.shell(`systemd-run --quiet --unit=backup ${inhibit} sleep infinity`);
    await host.until("it is held", async () =>
      (await host.shell("systemd-inhibit --list")).includes("borg"),
    );
    const target = await host.buildToplevel(policySpec(NEW_KERNEL, {}));
    const id = await deploy(host, target, "--delay", "0");
    await says(host, id, "waits for shutdown inhibitors: borg");
    assert.equal((await recordOf(host, id)).state, "waiting");
    await host.ok(["systemctl", "stop", "--no-block", "backup.service"]);
    assert.equal((await ended(host, id, 60_000)).state, "live");
    assert.equal((await host.facts()).booted, target);
  },
);

hostTest(
  "where reboots are not allowed, the services go live and the reboot is told as required; a later allowed run does it",
  { baseline: systemSpec({ runner: "1" }) },
  async (host) => {
    const before = await host.facts();
    const spec = policySpec({ ...NEW_KERNEL, runner: "2" }, { allow: false });
    const target = await host.buildToplevel(spec);
    const first = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(path(first), "scheduled waiting switching verifying live");
    assert.equal(first.rebootRequired, "kernel,initrd,kernel-modules changed");
    assert.match(first.outcome?.reason ?? "", /a reboot is required: kernel,initrd/);
    assert.match(await host.ok(call(target, "status")), /a reboot is required:\s+kernel/);
    const between = await host.facts();
    assert.equal(between.runnerDefinition, "2");
    assert.deepEqual([between.booted, between.current], [before.booted, target]);

    await host.write("/etc/allowed.json", JSON.stringify({ verify: { settle: 0 } }));
    const [program, script] = call(target);
    await host.ok([program ?? "", script ?? "", "--config", "/etc/allowed.json", "--delay", "0"]);
    const { id } = await newestRecord(host);
    const second = await ended(host, id, 60_000);
    assert.equal(path(second), "scheduled waiting rebooting verifying live");
    assert.equal(second.previous, before.booted, "what was booted is the way back");
    assert.equal(second.rebootRequired, null);
    assert.equal((await host.facts()).booted, target);
  },
);

hostTest(
  "a target that would wait for a passphrase is not rebooted into where that is required",
  { baseline: systemSpec() },
  async (host) => {
    const { booted } = await host.facts();
    const reboot = { unattended: "require", passphrases: ["root"] };
    const target = await host.buildToplevel(policySpec(NEW_KERNEL, reboot));
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(path(record), "scheduled waiting switching verifying live");
    assert.equal(record.rebootRequired, "kernel,initrd,kernel-modules changed");
    const facts = await host.facts();
    assert.deepEqual([facts.booted, facts.current], [booted, target]);
  },
);

hostTest(
  "where reboots are not allowed and the switch would be refused, nothing is changed",
  { baseline: systemSpec() },
  async (host) => {
    const before = await host.facts();
    const spec = policySpec({ label: "new", initInterfaceVersion: "2" }, { allow: false });
    const target = await host.buildToplevel(spec);
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "failed");
    assert.match(record.outcome?.reason ?? "", /a reboot is required .*not allowed/);
    const after = await host.facts();
    assert.deepEqual([after.current, after.bootId], [before.current, before.bootId]);
  },
);

hostTest(
  "a unit that must not be interrupted is waited for, where the act would stop it",
  { baseline: systemSpec() },
  async (host) => {
    const waitFor = { units: ["borg*.service"] };
    const services = await host.buildToplevel(policySpec({ label: "services" }, {}, waitFor));
    const kernel = await host.buildToplevel(policySpec(NEW_KERNEL, {}, waitFor));
    await host.shell("systemd-run --quiet --unit=borg --service-type=oneshot --no-block sleep inf");
    const switched = await ended(host, await deploy(host, services, "--delay", "0"));
    assert.equal(path(switched), "scheduled waiting switching verifying live");
    const id = await deploy(host, kernel, "--delay", "0");
    await says(host, id, "waits for units: borg.service is activating");
    await host.ok(["systemctl", "kill", "borg.service"]);
    assert.equal((await ended(host, id, 60_000)).state, "live");
  },
);

/** What a switch to another version of it restarts. */
function displayManager(version: string): ToplevelSpec {
  const service = `[Service]\nExecStart=/bin/sleep infinity\nEnvironment=VERSION=${version}\n`;
  return {
    units: { "display-manager.service": `${service}[Install]\nWantedBy=multi-user.target\n` },
  };
}

/** A switch that ends the session of somebody waits for these people, and for nobody else. */
async function switchUnderDesktop(host: Host): Promise<void> {
  const pam = ["--property=PAMName=login", "--uid=alice", "--setenv=XDG_SESSION_TYPE=wayland"];
  await host.ok(["systemd-run", "--quiet", "--unit=desktop", ...pam, "sleep", "infinity"]);
  await host.until("alice is logged in", async () => {
    const found = await host.run(["grep", "-rq", "^TYPE=wayland", "/run/systemd/sessions"]);
    return found.exitCode === 0;
  });
  const sessions = { grace: 2, message: null };
  const spec = systemSpec(displayManager("two"), { verify: { settle: 0 }, switch: { sessions } });
  const id = await schedule(host, await host.buildToplevel(spec), "--delay", "0");
  await says(host, id, "waits for logged-in users: alice is logged in, and the switch may end");
  assert.equal((await ended(host, id)).state, "live");
  await host.ok(["systemctl", "stop", "desktop.service"]);
}

hostTest(
  "whoever is logged in is told and given time; whoever runs a command is not waited for",
  { baseline: systemSpec(displayManager("one")) },
  async (host) => {
    await switchUnderDesktop(host);
    const sessions = { grace: 3, message: "Kernel update." };
    const spec = { ...displayManager("two"), ...NEW_KERNEL };
    const target = await host.buildToplevel(policySpec(spec, { sessions }));
    const before = await host.facts();
    // Units, so that neither holds the test up: a shutdown ends them.
    const ssh = (unit: string, ...rest: string[]): Promise<string> => {
      const output = `--property=StandardOutput=append:/var/log/${unit}`;
      return host.ok(["systemd-run", "--quiet", `--unit=${unit}`, output, "ssh", ...rest]);
    };
    const lasting = "echo in; exec sleep infinity";
    await ssh("command", "root@localhost", lasting);
    await ssh("person", "-tt", "root@localhost", lasting);
    await host.until("both are logged in", async () => {
      const said = await host.run(["cat", "/var/log/command", "/var/log/person"]);
      return said.stdout.match(/^in\r?$/gm)?.length === 2;
    });
    const id = await schedule(host, target, "--delay", "0");
    await says(host, id, "waits for logged-in users: root is logged in");
    await host.rebooted(before.bootId);
    assert.match(await host.read("/var/log/person"), /Kernel update\.[^]*deploy-finalize cancel/);
    const record = await ended(host, id, 60_000);
    assert.equal(record.state, "live");
    const waits = record.waitedFor.filter(({ gate }) => gate === "logged-in users");
    const grace = waits.reduce((sum, { seconds }) => sum + seconds, 0);
    assert.ok(grace >= sessions.grace, JSON.stringify(record.waitedFor));
  },
);

hostTest(
  "a host that cannot kexec reboots through the firmware, and says so",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(policySpec(NEW_KERNEL, { method: "kexec" }));
    const id = await deploy(host, target, "--delay", "0");
    const record = await ended(host, id, 60_000);
    assert.equal(path(record), "scheduled waiting rebooting verifying live");
    await says(host, id, "cannot use kexec (kexec could not be started");
    assert.equal((await host.facts()).booted, target);
  },
);
