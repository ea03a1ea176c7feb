import assert from "node:assert/strict";
import { test } from "node:test";
import { type Circumstances, warnOfPutOff, warningsOf } from "../../src/explain/warnings.ts";
import { end } from "../../src/core/record/record.ts";
import { aRecord, PREVIOUS, TARGET } from "../support/records.ts";

const NOW = new Date("2026-11-22T21:31:00Z");
const MIB = 1024 ** 2;

const FINE: Circumstances = {
  decision: { action: "switch", reason: "services only", changed: [] },
  target: TARGET,
  specialisation: null,
  runsSpecialisation: false,
  current: { toplevel: PREVIOUS, generation: 1 },
  generation: 2,
  newestGeneration: 2,
  reboot: "allowed",
  whyForbidden: "reboot.allow",
  records: [],
  bootFileSystems: [{ folder: "/boot", freeBytes: 100 * MIB }],
  bootBytes: 40 * MIB,
};
const REBOOT = { action: "reboot", reason: "kernel changed", changed: ["kernel"] } as const;
const verifying = aRecord({ state: "verifying" });
const rolledBack = end({ ...verifying, state: "rolling-back" }, "rolled-back", NOW, {
  reason: "web.service failed",
});

const rows: Record<string, [Partial<Circumstances>, string, RegExp?]> = {
  "all is well": [{}, ""],
  "reboots are not allowed, and it would": [
    { decision: REBOOT, reboot: "forbidden" },
    "reboot-forbidden",
    /reboot\.allow/,
  ],
  "reboots are not allowed, and it would not": [{ reboot: "forbidden" }, ""],
  "reboots are not allowed, and only a boot changes it all": [
    { decision: { action: "switch", reason: "kernel changed, but…", changed: ["kernel"] } },
    "reboot-left",
  ],
  "nothing to do": [{ current: { toplevel: TARGET, generation: 2 } }, "nothing-to-do"],
  "current already, but not booted": [
    { current: { toplevel: TARGET, generation: 2 }, decision: REBOOT },
    "",
  ],
  "the running system has no generation": [
    { current: { toplevel: PREVIOUS, generation: null } },
    "no-previous-generation",
  ],
  "the running system is unknown": [
    { current: { toplevel: null, generation: null } },
    "no-way-back",
  ],
  "another one waits": [
    { records: [aRecord({ state: "waiting" })] },
    "unfinished",
    /is waiting: a new one would supersede it/,
  ],
  "another one acts": [{ records: [verifying] }, "unfinished", /would wait for it/],
  "the target was rolled back": [
    { records: [rolledBack] },
    "went-wrong-before",
    /was rolled back before: web\.service failed \(20261122-213000-aaaa\)/,
  ],
  "the target was rolled back, and live since": [
    { records: [end(verifying, "live", NOW, { reason: "live" }), rolledBack] },
    "",
  ],
  "another target failed": [{ records: [{ ...rolledBack, target: "/nix/store/other" }] }, ""],
  "an older generation": [
    { newestGeneration: 5 },
    "older-generation",
    /generation 2.*newest \(5\)/,
  ],
  "a full boot partition": [
    { bootFileSystems: [{ folder: "/efi", freeBytes: 39 * MIB }] },
    "boot-full",
    /\/efi has 39\.0 MiB left; .* take 40\.0 MiB\. .*configurationLimit.*nix-collect-garbage/,
  ],
};

for (const [name, [changes, kind, text = /./]] of Object.entries(rows)) {
  test(`warnings: ${name}`, () => {
    const warnings = warningsOf({ ...FINE, ...changes });
    assert.equal(warnings.map((warning) => warning.kind).join(), kind);
    for (const warning of warnings) assert.match(warning.text, text);
  });
}

test("warnings: what is of the past says when it was", () => {
  const [warning] = warningsOf({ ...FINE, records: [rolledBack] });
  assert.equal(warning?.at, NOW.toISOString());
});

test("a specialisation that the target does not have is a warning", () => {
  const specialisation = { name: "night", toplevel: null };
  assert.deepEqual(
    warningsOf({ ...FINE, specialisation }).map(({ kind }) => kind),
    ["no-specialisation"],
  );
});

test("a running specialisation comes back with its generation", () => {
  const current = { toplevel: "/nix/store/special", generation: null };
  const seen = { ...FINE, current };
  const kinds = (runsSpecialisation: boolean) =>
    warningsOf({ ...seen, runsSpecialisation }).map(({ kind }) => kind);
  assert.deepEqual([kinds(true), kinds(false)], [[], ["no-previous-generation"]]);
});

type PutOff = Parameters<typeof warnOfPutOff>;

function putOff(
  whilePutOff: PutOff[0],
  seen: PutOff[1],
  gates: PutOff[2],
  switchWindow: PutOff[3] = "open",
): string {
  const warnings = warnOfPutOff(whilePutOff, seen, gates, switchWindow);
  return warnings.map(({ kind, text }) => `${kind}: ${text}`).join();
}

test("warnings: what a closed reboot window holds up, and what it does not", () => {
  const current = { toplevel: PREVIOUS, generation: 1 };
  const seen = { decision: REBOOT, target: TARGET, current };
  const window = { name: "reboot window", why: "", opensAt: null } as const;
  const gates = [{ ...window, state: "closed" } as const];
  assert.match(putOff("wait", seen, gates), /^put-off: .*the whole deploy with it, services too/);
  assert.match(putOff("switch", seen, gates), /^switches-first: .*switches to the target now, and/);
  assert.match(
    putOff("switch", seen, gates, "closed"),
    /^put-off: all of it is put off until its window opens, or the window for switches/,
  );
  const refused = { ...REBOOT, changed: [] };
  assert.match(putOff("switch", { ...seen, decision: refused }, gates), /^put-off: /);
  const switched = { ...seen, current: { toplevel: TARGET, generation: 2 } };
  assert.equal(putOff("switch", switched, gates), "");
  assert.equal(putOff("switch", seen, [{ ...window, state: "open" }]), "");
});
