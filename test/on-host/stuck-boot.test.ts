import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import {
  assertRuns,
  deploy,
  ended,
  entered,
  holdLock,
  PROGRAM,
  resumeUnits,
  schedule,
  systemSpec,
} from "./deploying.ts";

type Units = NonNullable<ToplevelSpec["units"]>;

/** Seconds instead of minutes. */
const STUCK = resumeUnits(5);
const config = (bootTimeout: number) => ({ verify: { settle: 0, bootTimeout } });

const HANGS: Units = {
  "join.service":
    "[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n",
};
const EMERGENCY: Units = {
  "srv.mount": "[Mount]\nWhat=/dev/no-such\nWhere=/srv\nType=ext4\n",
  "local-fs.target":
    "[Unit]\nDefaultDependencies=no\nConflicts=shutdown.target\nRequires=srv.mount\nAfter=srv.mount\n" +
    "OnFailure=emergency.target\nOnFailureJobMode=replace-irreversibly\n",
};

const spec = (units: Units, seconds: number, more: ToplevelSpec = {}): ToplevelSpec =>
  systemSpec({ ...more, units: { ...STUCK, ...units } }, config(seconds));
const NEW = { label: "new", kernel: "6.12.9" };

/** Deploys a target that needs a reboot; resolves when the host has left the boot of now. */
async function rebootInto(host: Host, units: Units, seconds: number): Promise<string> {
  const before = host.bootId();
  const target = await host.buildToplevel(spec(units, seconds, NEW));
  const id = await deploy(host, target, "--delay", "0");
  await host.until("it reboots", () => host.bootId() !== undefined && host.bootId() !== before);
  return id;
}

const LONG = 120_000;

hostTest(
  "a boot that hangs in a oneshot without a time limit: the host goes back",
  { baseline: spec({}, 25) },
  async (host) => {
    // The boot of the previous system has the same limit.
    const id = await rebootInto(host, HANGS, 25);
    const record = await ended(host, id, LONG);
    assert.equal(record.state, "rolled-back");
    assert.match(
      record.outcome?.reason ?? "",
      /^boot: the boot did not get through within 25 s: systemd waits for: .*join\.service start/,
    );
    await host.until("it is up", async () => (await host.facts()).booted === record.previous);
    await assertRuns(host, record.previous);
  },
);

hostTest(
  "a boot that ends in emergency mode: the host goes back at once",
  { baseline: spec({}, 3600) },
  async (host) => {
    const id = await rebootInto(host, EMERGENCY, 3600);
    const record = await ended(host, id, LONG);
    assert.equal(record.state, "rolled-back");
    assert.match(
      record.outcome?.reason ?? "",
      /^boot: the boot ended in emergency mode; failed units: .*srv\.mount/,
    );
    await assertRuns(host, record.previous);
  },
);

hostTest(
  "a boot that is slow but gets through in time: live",
  { baseline: spec({}, 60) },
  async (host) => {
    const slow = HANGS["join.service"]?.replace("infinity", "12") ?? "";
    const id = await rebootInto(host, { "join.service": slow }, 60);
    const record = await ended(host, id, LONG);
    assert.equal(record.state, "live");
    const boot = record.checks.find(({ kind }) => kind === "boot");
    assert.equal(boot?.detail, "the boot got through");
    await assertRuns(host, record.target);
  },
);

/** Hangs in every boot while the file exists. */
const HANGS_IF_TOLD: Units = {
  "join.service":
    "[Service]\nType=oneshot\nExecStart=/bin/sh -c 'test ! -e /var/hangs || exec sleep infinity'\n" +
    "[Install]\nWantedBy=multi-user.target\n",
};

hostTest(
  "the previous system hangs too: one reboot back, and failed with both reasons",
  { baseline: spec(HANGS_IF_TOLD, 10) },
  async (host) => {
    await host.write("/var/hangs", "");
    const id = await rebootInto(host, HANGS_IF_TOLD, 10);
    const record = await ended(host, id, LONG);
    assert.equal(record.state, "failed");
    const tooLate = "boot: the boot did not get through within 10 s: systemd waits for: .*";
    assert.match(
      record.outcome?.reason ?? "",
      new RegExp(`^${tooLate}; the rollback failed too: ${tooLate}`),
    );
    const { bootId, ...facts } = await host.facts();
    assert.notEqual(bootId, record.rebootBackAskedInBoot);
    assert.equal(facts.booted, record.previous);
    await assertRuns(host, record.previous);
  },
);

hostTest(
  "a boot that nobody asked for hangs: what waited acts all the same",
  { baseline: spec(HANGS_IF_TOLD, 25) },
  async (host) => {
    await host.write("/var/hangs", "");
    // Long enough for a process that comes late to find the time not over.
    const target = await host.buildToplevel(spec({}, 25, { label: "new" }));
    // Until the boot: it is held to the end of the shutdown.
    await holdLock(host, "/run/nixos/switch-to-configuration.lock");
    const id = await schedule(host, target, "--delay", "0");
    const before = host.bootId();
    await host.run(["systemctl", "reboot"]);
    await host.until("it reboots", () => host.bootId() !== undefined && host.bootId() !== before);
    const record = await ended(host, id, LONG);
    assert.equal(record.state, "live");
    assert.ok(record.waitedFor.some(({ gate }) => gate === "boot"));
    assert.equal((await host.facts()).current, target);
  },
);

hostTest(
  "a rollback that is asked for in a boot that hangs, while no process runs: the host reboots back",
  { baseline: spec({}, 3600) },
  async (host) => {
    const id = await rebootInto(host, HANGS, 3600);
    await entered(host, id, "verifying");
    await host.ok(["systemctl", "stop", `deploy-finalize-${id}.service`]);
    // The reboot ends the call.
    await host.run([...PROGRAM, "rollback", "--yes"]);
    const record = await ended(host, id, LONG);
    assert.equal(record.state, "rolled-back", record.outcome?.reason);
    assert.match(record.outcome?.reason ?? "", /^rollback requested by/);
    assert.notEqual(record.rebootBackAskedInBoot, null);
    await assertRuns(host, record.previous);
  },
);

/** A line of a script that sends a signal, once in a boot. */
const dies = (signal: string, who: string): string =>
  `test -e /run/${signal} || { touch /run/${signal}; kill -${signal} ${who}; }`;

hostTest(
  "resume is killed by SIGKILL, then by SIGTERM: systemd starts it again, and the finalization ends",
  {
    baseline: systemSpec({
      units: resumeUnits(3600, ["/bin/sh", "/var/resume.sh"].join(" ")),
    }),
  },
  async (host) => {
    const call = [...PROGRAM, "resume", "--config", "/etc/deploy-finalize.json"].join(" ");
    // The first program that resume starts ends it, when it listens to signals.
    const wrapped = `#!/bin/sh\n${dies("TERM", "$PPID")}\nexec /usr/bin/systemctl "$@"\n`;
    await host.write("/var/wrapped/systemctl", wrapped);
    await host.ok(["chmod", "+x", "/var/wrapped/systemctl"]);
    const script = `${dies("KILL", "$$")}\nPATH=/var/wrapped:$PATH exec ${call}\n`;
    await host.write("/var/resume.sh", script);
    const before = host.bootId();
    const units = resumeUnits(3600, "/bin/sh /var/resume.sh");
    const target = await host.buildToplevel(systemSpec({ ...NEW, units }));
    const id = await deploy(host, target, "--delay", "0");
    await host.until("it reboots", () => host.bootId() !== undefined && host.bootId() !== before);
    const record = await ended(host, id, LONG);
    assert.equal(record.state, "live");
    const journal = await host.journal("deploy-finalize-resume");
    assert.match(journal, /code=killed, status=9\/KILL[^]*code=exited, status=75/);
  },
);

hostTest(
  "somebody enters rescue mode: what is scheduled stays armed",
  { baseline: systemSpec() },
  async (host) => {
    const target = await host.buildToplevel(systemSpec({ label: "new" }));
    const id = await schedule(host, target, "--delay", "3600");
    const unit = ["systemctl", "is-active", `deploy-finalize-${id}.timer`];
    await host.ok(["systemctl", "isolate", "--no-block", "rescue.target"]);
    await host.until("it is in rescue mode", async () => {
      return (await host.run(["systemctl", "is-active", "multi-user.target"])).exitCode !== 0;
    });
    assert.equal((await host.run(unit)).stdout, "active\n");
  },
);
