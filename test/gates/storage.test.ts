import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import type { Storage } from "../../src/core/config/wait-for/gates.ts";
import { type GateState, OPEN } from "../../src/gates/gate.ts";
import { quietStorage } from "../../src/gates/storage/storage.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";

async function lookAt(host: EdgeHost, ...kinds: Storage[]): Promise<GateState> {
  const gate = quietStorage(kinds, null);
  return await gate.look({ host, record: aRecord(), config: DEFAULT_CONFIG });
}

const closed = (why: string): GateState => ({ kind: "closed", why });

test("gate: storage: what the kernel does not have is not at work, and nothing is run", async () => {
  using host = new EdgeHost();
  assert.deepEqual(await lookAt(host, "md", "zfs", "btrfs"), OPEN);
  host.folder.write("sys/fs/btrfs/features/raid56", "1\n");
  host.folder.write("proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n");
  host.folder.write("sys/block/sda/size", "8\n");
  assert.deepEqual(await lookAt(host, "md", "zfs", "btrfs"), OPEN);
  assert.deepEqual(host.ran, []);
});

test("gate: storage: an array of md at work is waited for", async () => {
  using host = new EdgeHost();
  host.folder.write("sys/block/md1/md/sync_action", "idle\n");
  host.folder.write("sys/block/md2/md/sync_action", "frozen\n");
  host.folder.write("sys/block/md3/md/level", "raid0\n");
  assert.deepEqual(await lookAt(host, "md"), OPEN);
  for (const action of ["resync", "recover", "check", "repair", "reshape"]) {
    host.folder.write("sys/block/md0/md/sync_action", `${action}\n`);
    assert.deepEqual(await lookAt(host, "md"), closed(`md0: ${action}`));
  }
  host.folder.write("sys/block/md1/md/sync_action", "check\n");
  assert.deepEqual(await lookAt(host, "md"), closed("md0: reshape; md1: check"));
});

/** `zpool status` of a pool with one line about its scan. */
function pool(name: string, ...lines: string[]): string {
  return `  pool: ${name}
 state: ONLINE
${lines.map((line) => `${line}\n`).join("")}config:

\tNAME        STATE     READ WRITE CKSUM
\t${name}      ONLINE       0     0     0
\t  sda       ONLINE       0     0     0

errors: No known data errors
`;
}

const SINCE = "Sun Nov 22 21:30:00 2026";
for (const [what, output, expected] of [
  ["no pool", "no pools available\n", OPEN],
  ["never scrubbed", pool("tank"), OPEN],
  [
    "after a scrub and a resilver",
    pool("tank", `  scan: scrub repaired 0B in 04:05:06 with 0 errors on ${SINCE}`) +
      pool("home", `  scan: resilvered 1.2G in 00:01:02 with 0 errors on ${SINCE}`),
    OPEN,
  ],
  ["a scrub that was cancelled", pool("tank", `  scan: scrub canceled on ${SINCE}`), OPEN],
  [
    "a scrub that is paused",
    pool("tank", `  scan: scrub paused since ${SINCE}`, `\tscrub started on ${SINCE}`),
    OPEN,
  ],
  [
    "a scrub",
    pool("tank") +
      pool(
        "home",
        `  scan: scrub in progress since ${SINCE}`,
        "\t808G scanned at 909M/s, 735G issued at 827M/s, 10.2T total",
        "\t0B repaired, 7.01% done, 03:21:02 to go",
      ),
    closed("pool home: scrub"),
  ],
  [
    "a resilver, and a sequential one",
    pool("tank", `  scan: resilver in progress since ${SINCE}`) +
      pool("home", `  scan: resilver (draid1:4d:6c:0s-0) in progress since ${SINCE}`),
    closed("pool tank: resilver; pool home: resilver (draid1:4d:6c:0s-0)"),
  ],
  [
    "a scrub of errors, and a device that is removed",
    pool("tank", `  scan: error scrub in progress since ${SINCE}`) +
      pool("home", `remove: Evacuation of mirror-1 in progress since ${SINCE}`),
    closed("pool tank: error scrub; pool home: Evacuation of mirror-1"),
  ],
] as const) {
  test(`gate: storage: zfs: ${what}`, async () => {
    using host = new EdgeHost();
    host.folder.write("proc/spl/kstat/zfs/arcstats", "");
    host.answers["zpool status"] = { stdout: output };
    assert.deepEqual(await lookAt(host, "zfs"), expected);
  });
}

for (const [what, end, why] of [
  ["a tool that fails", { exitCode: 1, stderr: "no" }, "zfs: zpool ended with exit code 1: no"],
  [
    "a tool that is missing although the kernel has ZFS",
    { exitCode: null, cause: "could not be started: zpool is not in PATH" },
    "zfs: zpool could not be started: zpool is not in PATH",
  ],
  ["an answer that names no pool", { stdout: "?" }, "zfs: zpool status does not name a pool: ?"],
] as const) {
  test(`gate: storage: zfs: ${what} is unknown, and waits`, async () => {
    using host = new EdgeHost();
    host.folder.write("proc/spl/kstat/zfs/arcstats", "");
    host.answers["zpool status"] = end;
    assert.deepEqual(await lookAt(host, "zfs"), { kind: "unknown", why });
    assert.equal(quietStorage(["zfs"], null).whenUnknown, "wait");
  });
}

const ID = "0bd4a1f6-5a51-4d42-8b0e-4d0f0d8a0a11";
const MOUNTS = `22 1 0:25 /root / rw shared:1 - btrfs /dev/sda2 rw,subvol=/root
23 22 0:25 /nix /nix rw shared:2 - btrfs /dev/sda2 rw,subvol=/nix
24 22 0:31 / /my\\040data rw shared:3 - btrfs /dev/sdb rw
25 22 8:1 / /boot rw - vfat /dev/sda1 rw
`;

function scrub(status: string): string {
  return `UUID:             ${ID}
Scrub started:    ${SINCE}
Status:           ${status}
Duration:         0:00:05
Total to scrub:   10.00GiB
Error summary:    no errors found
`;
}

test("gate: storage: btrfs: each file system is asked once for its scrub", async () => {
  using host = new EdgeHost();
  host.folder.write("proc/self/mountinfo", MOUNTS);
  const none = `UUID:             ${ID}\n\tno stats available\nTotal to scrub:   10.00GiB\n`;
  for (const idle of [none, scrub("finished"), scrub("aborted"), scrub("interrupted")]) {
    host.answers["btrfs scrub status"] = { stdout: idle };
    assert.deepEqual(await lookAt(host, "btrfs"), OPEN);
  }
  assert.deepEqual(host.ran.slice(0, 2), [
    ["btrfs", "scrub", "status", "/nix"],
    ["btrfs", "scrub", "status", "/my data"],
  ]);
  assert.equal(host.ran.length, 8);
  host.answers["btrfs scrub status /my data"] = { stdout: scrub("running") };
  assert.deepEqual(await lookAt(host, "btrfs"), closed("btrfs at /my data: scrub"));
});

test("gate: storage: btrfs: a balance and a change of devices are waited for", async () => {
  using host = new EdgeHost();
  host.folder.write(`sys/fs/btrfs/${ID}/label`, "\n");
  for (const idle of ["none", "balance paused"]) {
    host.folder.write(`sys/fs/btrfs/${ID}/exclusive_operation`, `${idle}\n`);
    assert.deepEqual(await lookAt(host, "btrfs"), OPEN);
  }
  for (const operation of ["balance", "device remove", "device replace", "resize"]) {
    host.folder.write(`sys/fs/btrfs/${ID}/exclusive_operation`, `${operation}\n`);
    assert.deepEqual(await lookAt(host, "btrfs"), closed(`btrfs ${ID}: ${operation}`));
  }
  host.folder.write(`sys/fs/btrfs/${ID}/label`, "data\n");
  assert.deepEqual(await lookAt(host, "btrfs"), closed("btrfs data: resize"));
});

test("gate: storage: btrfs: a tool that fails, or that does not tell, is unknown", async () => {
  using host = new EdgeHost();
  host.folder.write("proc/self/mountinfo", MOUNTS);
  for (const end of [{ exitCode: 1, stderr: "ERROR: x" }, { stdout: "what?\n" }]) {
    host.answers["btrfs scrub status"] = end;
    const state = await lookAt(host, "btrfs");
    assert.equal(state.kind, "unknown");
    assert.match(state.why ?? "", /^btrfs: btrfs scrub status does not tell|^btrfs: btrfs ended/);
  }
});

test("gate: storage: work that is seen counts, whatever else is unknown", async () => {
  using host = new EdgeHost();
  host.folder.write("proc/spl/kstat/zfs/arcstats", "");
  host.answers["zpool status"] = { exitCode: 1, stderr: "no" };
  host.folder.write("sys/block/md0/md/sync_action", "check\n");
  assert.deepEqual(await lookAt(host, "md", "zfs", "btrfs"), closed("md0: check"));
});
