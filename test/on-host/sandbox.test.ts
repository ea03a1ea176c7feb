import assert from "node:assert/strict";
import { deliver } from "../../src/host/systemd/commands.ts";
import { sandboxed } from "../../src/host/network/sandbox.ts";
import { StandInServer } from "../report/server.ts";
import { COMMIT } from "../report/reports.ts";
import type { Host } from "../test-host/host.ts";
import { hostTest, realTest } from "../test-host/host-test.ts";
import { deploy, ended, STATE_DIR, systemSpec } from "./deploying.ts";
import { exposureOf } from "./exposure.ts";
import { Cable } from "./network.ts";

const PATH = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const OUTBOX = `${STATE_DIR}/outbox`;
/** A folder as nobody names one, for what systemd reads in an argument. */
const METRICS = '/var/lib/a "b" %c\\d';

/** Where a process of root may write on a host without a sandbox. */
const ELSEWHERE = [
  STATE_DIR,
  "/etc",
  "/root",
  "/home",
  "/run",
  "/run/systemd/system",
  "/run/user",
  "/tmp",
  "/var/tmp",
  "/var/lib",
  "/nix/store",
  "/nix/var/nix/profiles",
  "/nix/var/nix/gcroots",
  "/boot",
  "/dev/shm",
  "/opt",
  "/usr/local/bin",
  "/sys/fs/cgroup",
];

/** What gets a process of root out of a sandbox, or does as root what the sandbox may not. */
const WAYS_OUT = {
  "asks systemd over its socket": "systemctl --no-block start probe-target.service",
  "asks systemd over the bus":
    "SYSTEMCTL_FORCE_BUS=1 systemctl --no-block start probe-target.service",
  "sees the sockets of users": "test -e /run/user/probe",
  "starts a unit": "systemd-run --quiet true",
  "makes a file system writable": "mount -o remount,rw /",
  "makes a mount": "mount -t tmpfs none /mnt",
  "enters the namespace of PID 1": "nsenter --target 1 --mount true",
  "makes a namespace": "unshare --mount true",
  "makes a device": "mknod /tmp/null c 1 3",
  "kills another process": "kill -9 $(cat /run/victim)",
  "looks through the root of another process": "ls /proc/$(cat /run/victim)/root/",
  "reads the environment of another process": "cat /proc/$(cat /run/victim)/environ",
  "asks the Nix daemon": "nix-store --store daemon --gc",
  "changes a kernel parameter": "sysctl -w kernel.domainname=probe",
};

/** Runs a script as the delivery of reports runs, and returns what it prints. */
async function inSandbox(host: Host, script: string): Promise<string> {
  await host.write("/opt/probe.sh", script);
  const argv = deliver({
    unit: "probe",
    command: ["/bin/bash", "/opt/probe.sh"],
    path: PATH,
    sandbox: { writable: [OUTBOX, METRICS] },
  });
  // Waits for its end, and prints here.
  const [program = "", ...rest] = argv.filter((word) => !/no-block|Restart/.test(word));
  return await host.ok([program, "--pipe", "--wait", ...rest]);
}

hostTest(
  "a process in the sandbox of a delivery: what it can write and reach",
  {},
  async (host) => {
    const quoted = METRICS.replaceAll('"', '\\"').replaceAll("\\d", "\\\\d");
    await host.shell(
      `mkdir -m 700 -p ${OUTBOX} "${quoted}" /run/secrets; echo old > /run/secrets/token
     chown 1000 /run/secrets/token; chmod 400 /run/secrets/token
     systemd-run --quiet --unit=victim sleep infinity
     systemctl show -P MainPID victim.service > /run/victim`,
    );
    await host.write(
      "/run/systemd/system/probe-target.service",
      "[Service]\nType=oneshot\nExecStart=touch /run/got-out\n",
    );
    await host.ok(["systemctl", "daemon-reload"]);
    const writes = [...ELSEWHERE, OUTBOX, METRICS].map((folder) => {
      const words = folder.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
      return `if echo x 2>/dev/null > "${words}/probe"; then echo "wrote ${words}"; fi`;
    });
    const outs = Object.entries(WAYS_OUT).map(
      ([what, command]) =>
        `if timeout 10 sh -c ${JSON.stringify(command).replaceAll("$", "\\$")} >/dev/null 2>&1; then echo "${what}"; fi`,
    );
    const reads = "cat /run/secrets/token; getent hosts localhost > /dev/null && echo resolved";
    await host.shell("mkdir -p /run/user/probe");
    const said = await inSandbox(host, [...writes, ...outs, reads].join("\n"));
    assert.deepEqual(said.trim().split("\n"), [
      `wrote ${OUTBOX}`,
      `wrote ${METRICS}`,
      "old",
      "resolved",
    ]);
    assert.equal((await host.run(["test", "-e", "/run/got-out"])).exitCode, 1);
    // The same is possible without the sandbox: the test can fail.
    const free = await host.shell(
      [...writes, "systemctl start probe-target.service", "test -e /run/got-out"].join("\n"),
    );
    assert.ok(free.split("\n").filter((line) => line.startsWith("wrote ")).length > 15, free);
  },
);

/** As programs for secrets do: a mount for each generation of them, and a link to the newest one. */
function mountSecret(generation: number, token: string): string {
  const folder = `/run/secrets.d/${generation}`;
  return `mkdir -p ${folder}; mount -t tmpfs -o mode=751 none ${folder}
    (umask 077; echo ${token} > ${folder}/token)
    ln -sfn ${folder} /run/secrets`;
}

hostTest(
  "a token that is rotated after the delivery has begun is the one that counts",
  { baseline: systemSpec() },
  async (host) => {
    await using forge = await StandInServer.listen("0.0.0.0");
    await using cable = new Cable(host);
    await cable.plug();
    const given = (): string[] => forge.received.map(({ headers }) => headers.authorization ?? "");
    forge.answers = [
      ({ headers }) => ({ status: headers.authorization?.includes("new") === true ? 201 : 500 }),
    ];
    await host.shell(mountSecret(1, "old-token"));
    const receiver = {
      kind: "gitea",
      url: `http://${cable.here}:${forge.port}`,
      repository: "infra/hosts",
      tokenFile: "/run/secrets/token",
    };
    const report = { receivers: [receiver], retry: { first: 0.1, most: 0.5 } };
    const target = await host.buildToplevel(
      systemSpec({ label: "new" }, { verify: { settle: 0 }, report }),
    );
    const id = await deploy(host, target, "--delay", "0", "--revision", COMMIT);
    await ended(host, id);
    await host.until("it was tried with the old token", () => given().length > 0);
    const [unit = ""] = (
      await host.ok([
        "systemctl",
        "list-units",
        "--plain",
        "--no-legend",
        "deploy-finalize-deliver-*",
      ])
    ).split(" ");
    const before = await host.ok(["systemctl", "show", "-P", "MainPID", unit]);
    assert.match(before, /^[1-9]/);
    await host.shell(`${mountSecret(2, "new-token")}; umount /run/secrets.d/1`);
    await host.until("all is delivered", async () => {
      const left = await host.shell(`ls ${OUTBOX}`);
      return left.split("\n").every((name) => name === "" || name.endsWith(".done"));
    });
    assert.ok(given().some((header) => header.includes("old-token")));
  },
);

function unitWith(properties: readonly string[]): string {
  return ["[Service]", "ExecStart=/bin/true", ...properties, ""].join("\n");
}

realTest("the exposure of a delivery, as systemd rates it", async () => {
  const words = sandboxed({ writable: [OUTBOX] }).map((word) => word.replace("--property=", ""));
  const [sandbox, none] = [await exposureOf(unitWith(words)), await exposureOf(unitWith([]))];
  console.log(`exposure of a delivery: ${sandbox}, without a sandbox: ${none}`);
  assert.ok(sandbox <= 2.5, String(sandbox));
  assert.ok(none >= 9, String(none));
});
