import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Host, ToplevelSpec } from "../test-host/host.ts";
import { repository } from "../test-host/paths.ts";
import { specJson } from "../test-host/toplevel.ts";
import { PROGRAM, systemSpec } from "../on-host/deploying.ts";

/** As the NixOS module makes it on a host with a runner, but for the runner's kind. */
const config = {
  waitFor: { runners: [{ unit: "ci-runner.service", detect: { kind: "processes" } }] },
  verify: { checks: [{ kind: "unit", unit: "web.service" }] },
};

/** A system of web1. Those of two releases differ in services only, unless the kernel is another. */
function system(release: string, kernel: string): ToplevelSpec {
  const web = `[Unit]
Description=Stand-in for a web server

[Service]
Environment=RELEASE=${release}
ExecStart=sleep infinity

[Install]
WantedBy=multi-user.target
`;
  const spec = { label: `25.11.${release}`, kernel, runner: release };
  return systemSpec({ ...spec, units: { "web.service": web } }, config);
}

/** What web1 boots first. */
export const baseline = system("1", "6.12.3");

const wrapper = `#!/bin/sh
exec ${PROGRAM.join(" ")} --config /etc/deploy-finalize.json "$@"
`;

/** Gives web1 its name and its commands, and deploys a new system as boot default. */
export async function furnish(host: Host): Promise<void> {
  await host.write("/etc/hostname", "web1\n");
  await host.ok(["hostname", "web1"]);
  await host.write("/opt/try/system.json", specJson(system("@RELEASE@", "@KERNEL@")));
  await host.write("/opt/try/shell", readGuest("shell"));
  await host.write(
    "/opt/try/completion",
    readRepository("contrib/completions/deploy-finalize.bash"),
  );
  await command(host, "deploy-finalize", wrapper);
  await command(host, "new-deploy", readGuest("new-deploy"));
  await host.ok(["new-deploy"]);
}

async function command(host: Host, name: string, text: string): Promise<void> {
  const path = join("/usr/local/bin", name);
  await host.write(path, text);
  await host.ok(["chmod", "755", path]);
}

function readGuest(name: string): string {
  return readRepository(join("test/newcomer/guest", name));
}

function readRepository(path: string): string {
  return readFileSync(join(repository, path), "utf8");
}
