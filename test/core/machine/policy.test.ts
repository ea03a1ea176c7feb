import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { policyOf } from "../../../src/core/machine/policy.ts";
import type { Policy } from "../../../src/core/machine/types.ts";

const KEYS = { unattended: "require", passphrases: ["root"] } as const;

const rows: [what: string, reboot: object, is: Policy["reboot"], back: Policy["rebootBack"]][] = [
  ["as it is by default", {}, "allowed", "allowed"],
  ["a target that waits for a passphrase", KEYS, "forbidden", "allowed"],
  ["one that may", { ...KEYS, unattended: "warn" }, "allowed", "allowed"],
  ["where reboots are not allowed", { ...KEYS, allow: false }, "forbidden", "forbidden"],
];
for (const [what, changes, reboot, rebootBack] of rows) {
  test(`policy: the reboot and the reboot back: ${what}`, () => {
    const config = { ...DEFAULT_CONFIG, reboot: { ...DEFAULT_CONFIG.reboot, ...changes } };
    const policy = policyOf(config);
    assert.deepEqual([policy.reboot, policy.rebootBack], [reboot, rebootBack]);
  });
}
