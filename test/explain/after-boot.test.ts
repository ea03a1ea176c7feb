import assert from "node:assert/strict";
import { test } from "node:test";
import { type BootAhead, afterBootWarnings } from "../../src/explain/after-boot.ts";

const FINE: BootAhead = {
  action: "reboot",
  reboots: "possible",
  stateDir: "/var/lib/deploy-finalize",
  after: { withoutResumeUnit: [], memory: null },
  detour: null,
  passphrases: { target: [], previous: [] },
};
const lacks = (...withoutResumeUnit: BootAhead["after"]["withoutResumeUnit"]) => ({
  after: { withoutResumeUnit, memory: null },
});
const inMemory = { after: { withoutResumeUnit: [], memory: "tmpfs" } };
const onDetour = { detour: "Boot0003" };

const rows: Record<string, [Partial<BootAhead>, string, RegExp?]> = {
  "all is well": [{}, ""],
  "the target has no resume unit": [
    lacks("target"),
    "no-resume-unit",
    /the target has no deploy-finalize-resume\.service: after the reboot nothing .*no fallback/,
  ],
  "the current system has none": [
    lacks("previous"),
    "no-resume-unit",
    /the current system has no deploy-finalize-resume\.service: .*no fallback/,
  ],
  "both have none": [lacks("target", "previous"), "no-resume-unit,no-resume-unit"],
  "a switch to a target without one": [
    { action: "switch", ...lacks("target") },
    "no-resume-unit",
    /if the host restarts before the finalization has ended, nothing would finish it/,
  ],
  "a switch from a system without one": [{ action: "switch", ...lacks("previous") }, ""],
  "refused, whatever is missing": [{ action: "refuse", ...lacks("target", "previous") }, ""],
  "the target waits for a passphrase": [
    { passphrases: { target: ["root", "home"], previous: ["root"] } },
    "waits-for-passphrase",
    /waits until somebody types the passphrase of root, home: until then nothing .*verifies/,
  ],
  "a switch to a target that waits for a passphrase": [
    { action: "switch", passphrases: { target: ["root"], previous: ["root"] } },
    "",
  ],
  "only the current system waits for a passphrase": [
    { passphrases: { target: [], previous: ["root"] } },
    "waits-for-passphrase",
    /the current system waits until somebody types the passphrase of root: if the target is rolled back,/,
  ],
  "the firmware starts another boot entry next": [
    onDetour,
    "boot-next",
    /starts Boot0003 at the next boot \(BootNext\), which may .*efibootmgr --delete-bootnext/,
  ],
  "a switch, and the firmware starts another boot entry next": [
    { action: "switch", ...onDetour },
    "",
  ],
  "the state folder is in memory": [
    inMemory,
    "state-on-tmpfs",
    /\/var\/lib\/deploy-finalize is on tmpfs and does not survive a reboot: the reboot would lose/,
  ],
  "the state folder is in memory, and a reboot may come later": [
    { action: "switch", ...inMemory },
    "state-on-tmpfs",
    /a finalization that reboots would be lost/,
  ],
  "the state folder is in memory, and the host never reboots": [
    { action: "switch", reboots: "never", ...inMemory },
    "",
  ],
};

for (const [name, [changes, kinds, text = /./]] of Object.entries(rows)) {
  test(`boot ahead: ${name}`, () => {
    const warnings = afterBootWarnings({ ...FINE, ...changes });
    assert.equal(warnings.map(({ kind }) => kind).join(), kinds);
    for (const warning of warnings) assert.match(warning.text, text);
  });
}
