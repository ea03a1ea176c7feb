import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { deploy, ended, systemSpec } from "./deploying.ts";

// As Podman starts a container with a health check: a transient timer and service that bear the
// container's id, another one after each start; the first probe comes before the container is up.
const container = (id: string): string => `[Unit]
Description=Container of the shop
[Service]
ExecStartPre=/bin/rm -f /run/up
ExecStart=/bin/sh -c 'sleep 2; touch /run/up; exec sleep infinity'
ExecStartPost=/usr/bin/systemd-run --quiet --unit=${id} --on-active=1 --on-unit-inactive=1 --timer-property=AccuracySec=100ms /usr/bin/test -e /run/up
ExecStopPost=-/usr/bin/systemctl stop ${id}.timer
[Install]
WantedBy=multi-user.target
`;
// The probe fails for some seconds, and as much longer as the machine stands still.
const config = { verify: { settle: 15 } };

hostTest(
  "a probe in a transient unit that fails while its container comes up is not a failed deploy",
  {
    baseline: systemSpec(
      { units: { "podman-shop.service": container("04fcbf0f9d40-5f7d8dc") } },
      config,
    ),
  },
  async (host) => {
    const units = { "podman-shop.service": container("a71ea048cae7-19b7ec0") };
    const target = await host.buildToplevel(systemSpec({ label: "new", units }, config));
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "live", record.outcome?.reason);
  },
);
