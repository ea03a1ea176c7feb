import assert from "node:assert/strict";
import { test } from "node:test";
import { checkBootActivation, judgeActivation } from "../../src/checks/boot-activation.ts";
import type { BootActivation } from "../../src/host/systemd/boot-activation.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { aRecord } from "../support/records.ts";

const known = (...failedSnippets: string[]): BootActivation => ({ kind: "known", failedSnippets });
const LOST: BootActivation = { kind: "unknown", why: "the log is lost" };

const verdicts: [string, BootActivation, BootActivation, string][] = [
  ["nothing failed", known(), known(), "passed: every activation snippet succeeded at boot"],
  [
    "a snippet failed",
    known("secrets"),
    known(),
    "failed: activation snippet secrets failed at boot",
  ],
  [
    "two failed, and one did before",
    known("etc", "secrets"),
    known("etc"),
    "failed: activation snippet secrets failed at boot",
  ],
  [
    "a snippet failed as it did before",
    known("etc"),
    known("etc", "users"),
    "passed: activation snippet etc failed at boot, as at the boot before",
  ],
  [
    "the log of the boot before is lost",
    known("etc"),
    LOST,
    "passed: activation snippet etc failed at boot; whether that is new is unknown: at the boot before, the log is lost",
  ],
  ["the log of this boot is lost", LOST, known(), "passed: unknown: the log is lost"],
];

for (const [what, now, before, expected] of verdicts) {
  test(`activation at boot: ${what}`, () => {
    const { result, detail } = judgeActivation(now, before);
    assert.equal(`${result}: ${detail}`, expected);
  });
}

// The boots as the record and the kernel name them, and as journalctl is asked for them.
const [BEFORE, NOW] = ["11111111-aaaa-0000", "22222222-aaaa-0000"];
const journalOf = (bootId: string): string =>
  `journalctl --quiet --boot=${bootId.replaceAll("-", "")} `;

const ROOT = { _UID: "0", _TRANSPORT: "stdout" };
const KERNEL = { _TRANSPORT: "kernel" };
const USER = { _UID: "1000", _TRANSPORT: "stdout" };
const BEGIN = "running activation script...";
const failed = (name: string): string => `Activation script snippet '${name}' failed (1)`;

function journal(who: object, ...messages: string[]): { stdout: string } {
  return {
    stdout: messages.map((MESSAGE) => `${JSON.stringify({ MESSAGE, ...who })}\n`).join(""),
  };
}

function rebootedHost(): EdgeHost {
  const host = new EdgeHost();
  host.folder.write("proc/sys/kernel/random/boot_id", `${NOW}\n`);
  host.answers[journalOf(BEFORE)] = journal(ROOT, BEGIN);
  host.answers[journalOf(NOW)] = journal(ROOT, BEGIN);
  return host;
}

const rebooted = aRecord({ state: "verifying", bootId: BEFORE, rebootAskedInBoot: BEFORE });

async function outcomeOn(host: EdgeHost, record = rebooted): Promise<string> {
  const results = await checkBootActivation(host, record);
  return results.map(({ result, detail }) => `${result}: ${detail}`).join();
}

for (const [stage1, who] of [
  ["systemd in stage 1", ROOT],
  ["the scripts of stage 2", KERNEL],
] as const) {
  test(`activation at boot: a snippet that failed, with ${stage1}`, async () => {
    using host = rebootedHost();
    assert.equal(await outcomeOn(host), "passed: every activation snippet succeeded at boot");
    assert.deepEqual([host.said, host.ran.length], [[], 1]);
    host.answers[journalOf(NOW)] = journal(who, BEGIN, failed("agenix"), "setting up /etc...");
    assert.equal(await outcomeOn(host), "failed: activation snippet agenix failed at boot");
    assert.deepEqual(host.said, ["activation at boot: activation snippet agenix failed at boot"]);
    host.answers[journalOf(BEFORE)] = journal(who, BEGIN, failed("agenix"));
    assert.match(await outcomeOn(host), /^passed: .* as at the boot before$/);
  });
}

test("activation at boot: what other users write to the journal does not count", async () => {
  using host = rebootedHost();
  host.answers[journalOf(NOW)] = {
    stdout: journal(ROOT, BEGIN).stdout + journal(USER, failed("made-up")).stdout,
  };
  assert.match(await outcomeOn(host), /^passed: every/);
  host.answers[journalOf(NOW)] = journal(USER, BEGIN);
  assert.equal(await outcomeOn(host), "passed: unknown: the journal has no log of the activation");
});

test("activation at boot: where the kernel's log cannot be written, a file has it", async () => {
  using host = rebootedHost();
  host.answers[journalOf(NOW)] = { stdout: "" };
  host.folder.write("run/log/stage-2-init.log", `${BEGIN}\n${failed("secrets")}\n`);
  assert.equal(await outcomeOn(host), "failed: activation snippet secrets failed at boot");
  host.answers[journalOf(BEFORE)] = { exitCode: 1, stderr: "No journal boot entry found" };
  assert.match(await outcomeOn(host), /^passed: .* is unknown: .*No journal boot entry found$/);
});

test("activation at boot: looked at only after a boot that brought up the system", async () => {
  using host = rebootedHost();
  const none = [
    { ...rebooted, rebootAskedInBoot: null, switchedInBoot: NOW },
    { ...rebooted, rebootAskedInBoot: null, bootId: NOW },
    { ...rebooted, rebootAskedInBoot: NOW },
    { ...rebooted, state: "rolling-back" as const },
  ];
  for (const record of none) assert.equal(await outcomeOn(host, record), "");
  assert.deepEqual(host.ran, []);
  const back = { ...rebooted, state: "rolling-back" as const, rebootBackAskedInBoot: BEFORE };
  assert.match(await outcomeOn(host, back), /^passed: every/);
  const nobodyAsked = { ...rebooted, rebootAskedInBoot: null };
  assert.match(await outcomeOn(host, nobodyAsked), /^passed: every/);
});
