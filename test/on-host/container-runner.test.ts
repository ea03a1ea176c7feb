import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { call, deploy, ended, recordOf, systemSpec } from "./deploying.ts";

/** A job on a runner in a container: the switch that would restart the container waits for it. */

const CONTAINER = "container@ci.service";
const RUNNER = "gitea-runner-a.service";

/**
 * The control groups of a container of systemd-nspawn, without one: a container in the container that
 * a test host is would need rights that it does not have.
 */
const PROGRAM = `group=$(sed -n s/^0:://p /proc/self/cgroup)
for root in /sys/fs/cgroup/unified /sys/fs/cgroup; do [ ! -d "$root$group" ] || break; done
inside=$root$group/payload/system.slice/${RUNNER}
mkdir --parents "$inside"
(
  echo 0 >"$inside/cgroup.procs"
  exec bash -c 'while read -r _ </run/begin; do sleep infinity & : >/run/job-runs; read -r _ </run/end; kill $!; wait; done'
) &
exec sleep infinity`;

const spec = (version: string) =>
  systemSpec(
    {
      label: version,
      etc: { "container.sh": PROGRAM },
      units: {
        [CONTAINER]: `[Service]
Environment=VERSION=${version}
Delegate=yes
KillMode=mixed
ExecStartPre=-/usr/bin/env mkfifo /run/begin /run/end
ExecStart=/usr/bin/env bash /etc/container.sh
[Install]
WantedBy=multi-user.target
`,
      },
    },
    {
      verify: { settle: 0 },
      waitFor: { runners: [{ unit: CONTAINER, preset: "nixos-container" }] },
    },
  );

hostTest(
  "a job in a container: the switch that would restart it waits, and then restarts it",
  { baseline: spec("1") },
  async (host) => {
    const target = await host.buildToplevel(spec("2"));
    await host.ok(["systemctl", "start", CONTAINER]);
    await host.until("the runner waits for a job", async () => {
      return (await host.run(["test", "-p", "/run/begin"])).exitCode === 0;
    });
    await host.shell("echo >/run/begin");
    await host.until("the job runs", async () => {
      return (await host.run(["test", "-e", "/run/job-runs"])).exitCode === 0;
    });
    const id = await deploy(host, target);
    const status = call(target, "status", id, "--json");
    const why = `${CONTAINER} has ${RUNNER}, which runs a job`;
    await host.until("it waits for the job", async () => (await host.ok(status)).includes(why));
    assert.equal((await recordOf(host, id)).state, "waiting");
    await host.shell("echo >/run/end");
    const record = await ended(host, id);
    assert.equal(record.state, "live", JSON.stringify(record.outcome));
    assert.deepEqual(record.stoppedRunners, [CONTAINER]);
    const shown = ["systemctl", "show", "--property=Environment,ActiveState", CONTAINER];
    assert.deepEqual((await host.ok(shown)).trim().split("\n").toSorted(), [
      "ActiveState=active",
      "Environment=VERSION=2",
    ]);
  },
);
