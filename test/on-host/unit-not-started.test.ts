import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import { deploy, ended, systemSpec } from "./deploying.ts";

// A unit that ran before and that the target wants does not run afterwards, and is not `failed` either.
const shop = (version: string, more = "", run = "ExecStart=/bin/sleep infinity"): string =>
  `[Unit]\nDescription=Shop\n${more}\n[Service]\n${run}\nEnvironment=V=${version}\n[Install]\nWantedBy=multi-user.target\n`;
const config = { verify: { settle: 1 } };
// systemd 252 starts a unit that a target wants although its Requisite= does not even exist.
const absent = { "absent.service": "[Service]\nExecStart=/bin/sleep infinity\n" };
const baseline = systemSpec({ units: { "shop.service": shop("1"), ...absent } }, config);

const targets: readonly (readonly [what: string, unit: string])[] = [
  ["cannot be loaded", shop("2", "", "ExecStart=")],
  ["has an assertion that does not hold", shop("2", "AssertPathExists=/srv/shop")],
  ["needs a unit that does not run", shop("2", "Requisite=absent.service\nAfter=absent.service")],
];

async function runs(host: Host): Promise<boolean> {
  return (await host.run(["systemctl", "is-active", "--quiet", "shop.service"])).exitCode === 0;
}

for (const [what, unit] of targets) {
  for (const kernel of ["6.12.3", "6.12.9"]) {
    hostTest(`a unit that ${what}, kernel ${kernel}: not live`, { baseline }, async (host) => {
      const spec = { label: "new", kernel, units: { "shop.service": unit, ...absent } };
      const id = await deploy(
        host,
        await host.buildToplevel(systemSpec(spec, config)),
        "--delay",
        "0",
      );
      const { state } = await ended(host, id, 60_000);
      assert.deepEqual([state, await runs(host)], ["rolled-back", true]);
    });
  }
}

hostTest("a switch that dies half-way, with exit code 1: not live", { baseline }, async (host) => {
  const spec = systemSpec({ label: "new", units: { "shop.service": shop("2") } }, config);
  // Stops and activates, then the message bus does not answer: what was to be started is left in its list.
  const script = `#!/bin/sh
[ "$1" = switch ] && [ ! -e /run/second ] || exec "$0".real "$@"
touch /run/second
mkdir -p /run/nixos; exec 9>> /run/nixos/switch-to-configuration.lock; flock -xn 9 || exit 11
echo shop.service > /run/nixos/start-list
systemctl stop shop.service
TOPLEVEL/activate; systemctl daemon-reload
echo 'Error: no reply from the message bus' >&2
exit 1`;
  const target = await altered(host, await host.buildToplevel(spec), script);
  const { state } = await ended(host, await deploy(host, target, "--delay", "0"));
  // Live only once the rest was done, as by a second run; else back.
  assert.ok(["live", "rolled-back"].includes(state), state);
  assert.ok(await runs(host), "the shop runs");
});

/** A toplevel like another one, with a switch-to-configuration of its own. */
async function altered(host: Host, from: string, script: string): Promise<string> {
  await host.write(
    "/root/altered.nix",
    `{ from, script }: derivation { name = "nixos-system-altered"; system = builtins.currentSystem; inherit script;
      builder = "/bin/sh"; PATH = "/usr/bin:/bin"; src = builtins.storePath from; args = [ "-euc" ''
        cp -r $src $out; chmod -R u+w $out; cd $out/bin
        sed -i "s|$src|$out|g" $out/activate switch-to-configuration
        mv switch-to-configuration switch-to-configuration.real
        printf '%s\\n' "$script" | sed "s|TOPLEVEL|$out|" > switch-to-configuration; chmod +x switch-to-configuration
      '' ]; }`,
  );
  const argv = ["nix-build", "--no-out-link", "/root/altered.nix", "--argstr", "from", from];
  return (await host.ok([...argv, "--argstr", "script", script])).trim();
}
