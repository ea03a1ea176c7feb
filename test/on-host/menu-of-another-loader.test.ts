import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import { call, deploy, ended, systemSpec } from "./deploying.ts";

// A host that has moved from GRUB to Limine, rEFInd, extlinux or the loader of another distribution still has the
// grub.cfg of before. The installer does not write it, and nothing boots by it.
const left = (toplevel: string): string => `set default="0"
if [ "\${next_entry}" ]; then
  set default="\${next_entry}"
  set next_entry=
  save_env next_entry
fi
menuentry "NixOS" --class nixos {
  linux /kernels/kernel init=${toplevel}/init
  initrd /kernels/initrd
}
`;

// On a machine that GRUB has started, the test host looks as if GRUB has started it too.
hostTest(
  "a grub.cfg that the installer does not write: it keeps no new kernel out, or explain says so",
  { baseline: systemSpec() },
  async (host) => {
    const old = await host.buildToplevel(systemSpec({ label: "old" }));
    await host.shell(
      "mkdir -p /boot/grub /boot/limine; echo 'timeout: 5' > /boot/limine/limine.conf",
    );
    await host.write("/boot/grub/grub.cfg", left(old));
    const target = await host.buildToplevel(systemSpec({ label: "new", kernel: "6.12.9" }));
    await host.setProfile(target);
    const explained = await host.ok(call(target, "explain"));
    const record = await ended(host, await deploy(host, target, "--delay", "0"), 120_000);
    if (record.state === "live") return;
    assert.match(explained, /grub\.cfg/, "explain has no word of it");
    assert.match(record.outcome?.reason ?? "", /grub\.cfg/, "nor is it said what to do");
  },
);

// The menu of the old loader still names the system that runs: only its own installer writes it.
hostTest(
  "a deploy that moves from GRUB to another loader, and holds, is live",
  { baseline: systemSpec() },
  async (host) => {
    const { current } = await host.facts();
    await host.shell(
      "mkdir -p /boot/grub /boot/limine; echo 'timeout: 5' > /boot/limine/limine.conf",
    );
    await host.write("/boot/grub/grub.cfg", left(current));
    const target = await host.buildToplevel(systemSpec({ label: "new", etc: { motd: "Limine" } }));
    const record = await ended(host, await deploy(host, target, "--delay", "0"), 120_000);
    assert.equal(record.state, "live", record.outcome?.reason);
  },
);
