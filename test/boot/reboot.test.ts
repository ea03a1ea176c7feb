import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { restart, unloadKernel } from "../../src/boot/reboot.ts";
import { REBOOT_ENVIRONMENT } from "../../src/host/systemd/commands.ts";
import { EdgeHost } from "../support/edge-host.ts";

/** A host that can, with a toplevel. */
function prepared(): { host: EdgeHost; toplevel: string } {
  const host = new EdgeHost();
  const toplevel = host.folder.at("store/target");
  for (const [name, text] of [
    ["kernel", "k"],
    ["initrd", "i"],
    ["kernel-params", "quiet loglevel=4\n"],
  ] as const)
    host.folder.write(`store/target/${name}`, text);
  host.folder.write("sys/kernel/security/lockdown", "[none] integrity confidentiality\n");
  host.folder.write("proc/sys/kernel/kexec_load_disabled", "0\n");
  return { host, toplevel };
}

const REBOOT = ["systemctl", "reboot"];

test("kexec: loads what the boot loader would, then starts it", async () => {
  const { host, toplevel } = prepared();
  using _ = host;
  assert.equal(await restart(host, toplevel, { method: "kexec" }), null);
  assert.deepEqual(host.ran, [
    [
      "kexec",
      "--load",
      `${toplevel}/kernel`,
      `--initrd=${toplevel}/initrd`,
      `--command-line=quiet loglevel=4 init=${toplevel}/init`,
    ],
    ["systemctl", "kexec"],
  ]);
});

test("kexec: the program of the running system is taken, where it has one", async () => {
  const { host, toplevel } = prepared();
  using _ = host;
  host.folder.write("run/current-system/sw/bin/kexec", "");
  await restart(host, toplevel, { method: "kexec" });
  assert.equal(host.ran[0]?.[0], host.folder.at("run/current-system/sw/bin/kexec"));
});

test("kexec: the secrets of the initrd are added to a copy for root alone, which does not stay", async () => {
  const { host, toplevel } = prepared();
  using _ = host;
  const append = `${toplevel}/append-initrd-secrets`;
  host.folder.write("store/target/append-initrd-secrets", "");
  const copy = host.paths.kexecInitrd;
  host.answers[append] = () => {
    assert.deepEqual([readFileSync(copy, "utf8"), statSync(copy).mode & 0o777], ["i", 0o600]);
    return {};
  };
  assert.equal(await restart(host, toplevel, { method: "kexec" }), null);
  assert.deepEqual(host.ran[0], [append, copy]);
  assert.equal(host.ran[1]?.[3], `--initrd=${copy}`);
  assert.ok(!existsSync(copy));
});

for (const [what, prepare, why] of [
  [
    "the kernel is locked down",
    (host: EdgeHost) =>
      host.folder.write("sys/kernel/security/lockdown", "none [integrity] confidentiality\n"),
    /locked down/,
  ],
  [
    "loading is forbidden",
    (host: EdgeHost) => host.folder.write("proc/sys/kernel/kexec_load_disabled", "1\n"),
    /kexec_load_disabled/,
  ],
  [
    "there is no kexec",
    (host: EdgeHost) =>
      void (host.answers["kexec"] = { exitCode: null, cause: "could not be started" }),
    /kexec could not be started/,
  ],
  [
    "the secrets cannot be added",
    (host: EdgeHost) => {
      const name = "store/target/append-initrd-secrets";
      host.folder.write(name, "");
      host.answers[host.folder.at(name)] = { exitCode: 1, stderr: "no key" };
    },
    /no key/,
  ],
  [
    "systemd does not start it",
    (host: EdgeHost) => void (host.answers["systemctl kexec"] = { exitCode: 1, stderr: "no" }),
    /systemctl ended with exit code 1: no/,
  ],
] as const) {
  test(`kexec: where ${what}, the host reboots through the firmware and says so`, async () => {
    const { host, toplevel } = prepared();
    using _ = host;
    prepare(host);
    assert.equal(await restart(host, toplevel, { method: "kexec" }), null);
    assert.deepEqual(host.ran.at(-1), REBOOT);
    assert.match(host.said.join(), /^cannot use kexec \(.*\); reboots through the firmware$/);
    assert.match(host.said.join(), why);
  });
}

test("reboot: kexec is not asked for, and neither is it done, nor a soft-reboot, because of what is set up", async () => {
  const { host, toplevel } = prepared();
  using _ = host;
  assert.equal(await restart(host, toplevel, { method: "reboot" }), null);
  assert.deepEqual(host.ran, [REBOOT]);
  assert.deepEqual(REBOOT_ENVIRONMENT, {
    SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT: "1",
    SYSTEMCTL_SKIP_AUTO_KEXEC: "1",
  });
});

test("kexec: a kernel that systemd does not start does not stay loaded", async () => {
  const { host, toplevel } = prepared();
  using _ = host;
  host.folder.write("sys/kernel/kexec_loaded", "1\n");
  host.answers["systemctl kexec"] = { exitCode: 1, stderr: "no" };
  assert.equal(await restart(host, toplevel, { method: "kexec" }), null);
  assert.deepEqual(host.ran.slice(-2), [["kexec", "--unload"], REBOOT]);
  host.answers["kexec --unload"] = { exitCode: 1, stderr: "busy" };
  await unloadKernel(host);
  assert.match(host.said.join("\n"), /a later reboot may start the kernel that is loaded: .*busy/);
  host.folder.write("sys/kernel/kexec_loaded", "0\n");
  const before = host.ran.length;
  await unloadKernel(host);
  assert.equal(host.ran.length, before);
});

test("reboot: a refusal is told", async () => {
  const { host, toplevel } = prepared();
  using _ = host;
  host.answers["systemctl reboot"] = { exitCode: 1, stderr: "inhibited" };
  assert.match((await restart(host, toplevel, { method: "kexec" })) ?? "done", /^done$/);
  host.answers["systemctl kexec"] = { exitCode: 1 };
  assert.match((await restart(host, toplevel, { method: "kexec" })) ?? "", /inhibited/);
});

test("reboot: over a program that blocks the shutdown, past a logind that lets nobody override", async () => {
  for (const [refusal, last] of [
    [undefined, ["systemctl", "--check-inhibitors=no", "reboot"]],
    ["Access denied", [...PAST_LOGIND, "start", "reboot.target"]],
  ] as const) {
    const { host, toplevel } = prepared();
    using _ = host;
    if (refusal !== undefined) {
      host.answers["systemctl --check-inhibitors=no reboot"] = { exitCode: 1, stderr: refusal };
    }
    assert.equal(
      await restart(host, toplevel, { method: "reboot", inhibitors: "overridden" }),
      null,
    );
    assert.deepEqual(host.ran.at(-1), last);
    assert.equal(host.said.join().includes("Access denied"), refusal !== undefined);
  }
});

test("reboot: a program that blocks the shutdown is not passed by", async () => {
  const { host, toplevel } = prepared();
  using _ = host;
  host.answers["systemctl reboot"] = { exitCode: 1, stderr: "Operation inhibited" };
  assert.match((await restart(host, toplevel, { method: "reboot" })) ?? "", /Operation inhibited/);
  assert.ok(!host.ran.some((argv) => argv.includes("reboot.target")));
});

/** An orderly shutdown, which no later job replaces. */
const PAST_LOGIND = ["systemctl", "--no-block", "--job-mode=replace-irreversibly"];
