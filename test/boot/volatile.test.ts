import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryUnder } from "../../src/boot/volatile.ts";
import { EdgeHost } from "../support/edge-host.ts";

/** Lines of mountinfo: folder, type, and options of the file system. */
const DISK = ["/", "ext4", "rw"] as const;
const TMPFS = ["/", "tmpfs", "rw,size=4096k"] as const;

interface Case {
  readonly mounts: readonly (readonly [folder: string, type: string, options: string])[];
  readonly memory: string | null;
}

function casesIn(root: string): Record<string, Case> {
  const disk = [`${root}/var/lib`, "ext4", "rw"] as const;
  const overlay = (upper: string) =>
    [`${root}/var`, "overlay", `rw,lowerdir=/lower,upperdir=${upper},workdir=/work`] as const;
  return {
    "a disk": { mounts: [DISK], memory: null },
    "a root in memory": { mounts: [TMPFS], memory: "tmpfs" },
    "a root in memory, and the folder on a disk": { mounts: [TMPFS, disk], memory: null },
    ramfs: { mounts: [["/", "ramfs", "rw"]], memory: "ramfs" },
    "the initramfs itself": { mounts: [["/", "rootfs", "rw"]], memory: "rootfs" },
    "an overlay above memory": {
      mounts: [TMPFS, overlay(`${root}/upper`)],
      memory: "overlay above tmpfs",
    },
    "an overlay that the initrd made": {
      mounts: [TMPFS, overlay(`/sysroot${root}/upper`)],
      memory: "overlay above tmpfs",
    },
    "an overlay above a disk": { mounts: [DISK, overlay(`${root}/upper`)], memory: null },
    "an overlay that writes to an unknown folder": {
      mounts: [TMPFS, overlay("/nowhere/upper")],
      memory: null,
    },
    "an overlay that cannot be written": {
      mounts: [TMPFS, [`${root}/var`, "overlay", "ro,lowerdir=/a:/b"]],
      memory: null,
    },
    "nothing that is known": { mounts: [], memory: null },
  };
}

for (const name of Object.keys(casesIn(""))) {
  test(`memory under the state folder: ${name}`, () => {
    using host = new EdgeHost();
    const { mounts = [], memory } = casesIn(host.folder.path)[name] ?? {};
    host.folder.write("upper/.keep", "");
    host.folder.write("var/lib/.keep", "");
    const lines = mounts.map(
      ([folder, type, options], index) =>
        `${index + 20} 1 0:${index + 30} / ${folder} rw,relatime - ${type} none ${options}\n`,
    );
    host.folder.write("proc/self/mountinfo", lines.join(""));
    const stateDir = host.folder.at("var/lib/deploy-finalize/not-made-yet");
    assert.equal(memoryUnder(host.paths, stateDir), memory);
  });
}

test("memory under the state folder: unknown without /proc", () => {
  using host = new EdgeHost();
  assert.equal(memoryUnder(host.paths, host.folder.at("var")), null);
});
