import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { bootThrough, hasBootedSince } from "../../src/gates/host/boot.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";

/** How far the boot has come, and how old it is. */
async function lookAt(
  systemState: string,
  targets: Readonly<Record<string, string>>,
  age: number,
  bootTimeout: number | null = 600,
): Promise<string> {
  using host = new EdgeHost();
  const units = Object.entries(targets).map(([name, active]) => [name, { ActiveState: active }]);
  host.showUnits(Object.fromEntries(units));
  host.folder.write("proc/uptime", `${age}.00 1.00\n`);
  host.answers["systemctl show --property=SystemState,"] = {
    stdout: `SystemState=${systemState}\nUserspaceTimestampMonotonic=0\n`,
  };
  const config = { ...DEFAULT_CONFIG, verify: { ...DEFAULT_CONFIG.verify, bootTimeout } };
  const { kind, why } = await bootThrough.look({ host, record: aRecord(), config });
  return why === undefined ? kind : `${kind}: ${why}`;
}

test("the gate of the boot is open when the boot has got through", async () => {
  assert.equal(await lookAt("running", { "default.target": "active" }, 5), "open");
});

test("the gate of the boot is closed while the boot is on its way", async () => {
  assert.equal(await lookAt("starting", {}, 5), "closed: the boot has not got through");
  assert.equal(
    await lookAt("starting", {}, 9999, null),
    "closed: the boot has not got through",
    "without a limit",
  );
});

test("the gate of the boot opens at the time limit: a deploy may repair what hangs", async () => {
  assert.equal(await lookAt("starting", {}, 600), "open");
});

test("the gate of the boot is closed in emergency mode, however long it lasts", async () => {
  const emergency = { "emergency.target": "active" };
  assert.equal(
    await lookAt("maintenance", emergency, 9999),
    "closed: the host is in emergency mode",
  );
});

test("the gate of the boot is closed while the host goes down", async () => {
  assert.equal(await lookAt("stopping", {}, 9999), "closed: the host is going down");
});

test("the boot is a gate of what was scheduled before it", () => {
  using host = new EdgeHost();
  assert.equal(hasBootedSince({ host, record: aRecord() }), false, "nobody knows the boot");
  host.folder.write("proc/sys/kernel/random/boot_id", "boot-1\n");
  assert.equal(hasBootedSince({ host, record: aRecord({ bootId: "boot-1" }) }), false);
  assert.equal(hasBootedSince({ host, record: aRecord({ bootId: "boot-0" }) }), true);
});
