import assert from "node:assert/strict";
import { test } from "node:test";
import { checkBoot } from "../../src/checks/boot.ts";
import { type FinalizationRecord, hasBooted } from "../../src/core/record/record.ts";
import { lookAtBoot } from "../../src/host/systemd/boot-stage.ts";
import type { WaitingNote } from "../../src/state-dir/waiting-note.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";

const NEVER_ENDS = new AbortController().signal;

interface Boot {
  readonly systemState?: string;
  readonly defaultTarget?: string;
  readonly emergency?: string;
  readonly emergencySince?: number;
  /** Seconds since systemd began. */
  readonly age?: number;
}

const BEGAN = 7;

/** A host in its second boot. */
function bootedHost(boot: Boot = {}): EdgeHost {
  const host = new EdgeHost();
  host.folder.write("proc/sys/kernel/random/boot_id", "boot-2\n");
  host.folder.write("proc/uptime", `${BEGAN + (boot.age ?? 0)}.00 1.00\n`);
  host.showUnits({
    "default.target": { ActiveState: boot.defaultTarget ?? "inactive" },
    "emergency.target": {
      ActiveState: boot.emergency ?? "inactive",
      ActiveEnterTimestampMonotonic: String(boot.emergencySince ?? 0),
    },
  });
  host.answers["systemctl show --property=SystemState,"] = {
    stdout: `SystemState=${boot.systemState ?? "starting"}\nUserspaceTimestampMonotonic=${BEGAN * 1e6}\n`,
  };
  return host;
}

async function verdict(
  host: EdgeHost,
  limit: number | null,
  changes: Partial<FinalizationRecord> = {},
): Promise<string[]> {
  const record = aRecord({ state: "verifying", rebootAskedInBoot: "boot-1", ...changes });
  const checks = await checkBoot(host, record, limit, NEVER_ENDS);
  return checks.map(({ kind, result, detail }) => `${kind} ${result}: ${detail}`);
}

test("a boot that got through passes", async () => {
  using host = bootedHost({ systemState: "running", defaultTarget: "active" });
  assert.deepEqual(await verdict(host, 60), ["boot passed: the boot got through"]);
});

test("a boot that took too long fails, and the jobs are named", async () => {
  using host = bootedHost({ age: 60 });
  host.answers["systemctl list-jobs"] = {
    stdout: "1 join.service start running\n2 multi-user.target start waiting\n",
  };
  assert.deepEqual(await verdict(host, 60), [
    "boot failed: the boot did not get through within 1 min: systemd waits for: " +
      "join.service start (running), multi-user.target start (waiting)",
  ]);
});

test("a boot that ended in emergency mode fails at once, and the failed units are named", async () => {
  using host = bootedHost({ systemState: "maintenance", emergency: "active" });
  host.answers["systemctl list-units"] = { stdout: "● srv.mount loaded failed failed /srv\n" };
  assert.deepEqual(await verdict(host, null), [
    "boot failed: the boot ended in emergency mode; failed units: srv.mount",
  ]);
});

test("a boot that is on its way is waited for, and the wait is told", async () => {
  using host = bootedHost({ age: 20 });
  const told: (WaitingNote | null)[] = [];
  const end = new AbortController();
  const record = aRecord({ state: "verifying", rebootAskedInBoot: "boot-1" });
  await checkBoot(host, record, 60, end.signal, (note) => {
    told.push(note);
    end.abort();
  });
  const [note, last] = told;
  assert.equal(note?.for, "boot");
  assert.equal(note.why, "the boot has not got through: systemd waits for no job");
  assert.equal(note.until, new Date(host.time + 40_000).toISOString());
  assert.equal(last, null);
});

test("systemd does not answer: the boot is not taken for a good one", async () => {
  using host = bootedHost();
  const end = new AbortController();
  end.abort();
  host.answers["systemctl show --property=SystemState,"] = { exitCode: 1, stderr: "no bus" };
  const record = aRecord({ state: "verifying", rebootAskedInBoot: "boot-1" });
  const [check] = await checkBoot(host, record, 60, end.signal);
  assert.match(check?.detail ?? "", /^the boot cannot be looked at: .*no bus/);
});

const whose: readonly (readonly [string, Partial<FinalizationRecord>, "judged" | "left"])[] = [
  ["a boot that it asked for", { rebootAskedInBoot: "boot-1" }, "judged"],
  ["a boot that nobody asked for", { rebootAskedInBoot: null }, "judged"],
  [
    "a boot that cut its switch off",
    { rebootAskedInBoot: null, switchedInBoot: "boot-1" },
    "judged",
  ],
  ["the boot of its switch", { rebootAskedInBoot: null, switchedInBoot: "boot-2" }, "left"],
  [
    "the boot of its switch, after a reboot that was held up",
    { rebootAskedInBoot: "boot-1", switchedInBoot: "boot-2" },
    "left",
  ],
  ["the boot that scheduled it", { rebootAskedInBoot: null, bootId: "boot-2" }, "left"],
  [
    "its own reboot back",
    { state: "rolling-back", rebootBackAskedInBoot: "boot-1", bootId: "boot-2" },
    "judged",
  ],
  ["a boot, before a switch back", { state: "rolling-back" }, "judged"],
];

test("the verification of a switch back judges no boot: it was the target's", () => {
  const record = aRecord({ state: "rolling-back", rebootAskedInBoot: "boot-1" });
  assert.equal(hasBooted(record, "boot-2"), false);
});

for (const [what, changes, expected] of whose) {
  test(`whose boot is judged: ${what}`, async () => {
    using host = bootedHost({ systemState: "running" });
    assert.equal((await verdict(host, 60, changes)).length, expected === "judged" ? 1 : 0);
  });
}

test("emergency mode of the initrd is none of the system", async () => {
  using host = bootedHost({ emergencySince: BEGAN * 1e6 - 1 });
  assert.equal((await lookAtBoot(host)).emergency.entered, "never");
  using own = bootedHost({ emergencySince: BEGAN * 1e6 + 1 });
  assert.equal((await lookAtBoot(own)).emergency.entered, "in-this-boot");
});
