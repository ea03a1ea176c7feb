import assert from "node:assert/strict";
import { hostTest } from "./host-test.ts";

/** A service behind a socket. */
const spec = (version: string, extra = "") => ({
  units: {
    "echo.socket": `[Socket]\nListenStream=/run/echo-${version}\n\n[Install]\nWantedBy=sockets.target\n`,
    "echo.service": `[Service]\nEnvironment=V=${version}\nExecStart=/usr/bin/sleep infinity\n${extra}`,
    "sockets.target": "[Unit]\nDescription=Sockets\n",
  },
});

hostTest(
  "sockets are stopped and started with their service; without a socket the service itself",
  async (host) => {
    const go = async (toplevel: string) => {
      const argv = [`${toplevel}/bin/switch-to-configuration`, "switch"];
      const { exitCode, stderr } = await host.run(argv);
      assert.equal(exitCode, 0, stderr);
      return stderr;
    };
    const state = async (name: string) =>
      (await host.run(["systemctl", "is-active", name])).stdout.trim();
    await go(await host.buildToplevel(spec("1")));
    await host.ok(["systemctl", "start", "echo.socket", "echo.service"]);
    const second = await go(await host.buildToplevel(spec("2")));
    assert.match(second, /^stopping the following units: echo\.service, echo\.socket$/m);
    assert.match(second, /^starting the following units: echo\.socket$/m);
    assert.equal(await state("echo.socket"), "active");
    assert.equal(await state("echo.service"), "inactive", "its socket starts it");
    await host.ok(["systemctl", "start", "echo.service"]);
    const both = await go(await host.buildToplevel(spec("3", "X-NotSocketActivated=true\n")));
    assert.match(both, /^starting the following units: echo\.service, echo\.socket$/m);
    assert.equal(await state("echo.service"), "active");
  },
);

hostTest("another system.conf: systemd executes itself anew in the switch", async (host) => {
  const etc = { "systemd/system.conf": "[Manager]\nLogLevel=debug\n" };
  const target = await host.buildToplevel({ etc });
  const level = async () => (await host.ok(["systemctl", "log-level"])).trim();
  const program = `${target}/bin/switch-to-configuration`;
  assert.match((await host.run([program, "dry-activate"])).stderr, /^would restart systemd$/m);
  assert.equal(await level(), "info");
  const { exitCode, stderr } = await host.run([program, "switch"]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /^restarting systemd\.\.\.$/m);
  assert.equal(await level(), "debug");
  assert.doesNotMatch((await host.run([program, "switch"])).stderr, /restarting systemd/);
});

hostTest("what the activation leaves behind does not have the switch lock", async (host) => {
  const target = await host.buildToplevel({ failure: { leftProcess: true } });
  const program = `${target}/bin/switch-to-configuration`;
  await host.shell(`${program} switch >/dev/null 2>&1`);
  assert.equal((await host.run([program, "boot"])).exitCode, 0);
});
