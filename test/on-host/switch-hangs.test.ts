import assert from "node:assert/strict";
import { hostTest } from "../test-host/host-test.ts";
import type { Host } from "../test-host/host.ts";
import { deploy, ended, entered, PROGRAM, recordOf, systemSpec } from "./deploying.ts";

// A oneshot that never ends, because it waits for a server that does not answer.
const join = (run: string): Record<string, string> => ({
  "join.service": `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=${run}\n[Install]\nWantedBy=multi-user.target\n`,
});
const baseline = systemSpec({ units: join("/bin/true") });
const hanging = (config: object, more: Record<string, string> = {}) =>
  systemSpec({ label: "new", units: { ...join("/bin/sleep infinity"), ...more } }, config);

/** The journal entries of its event, of all its processes. */
async function entries(host: Host, id: string): Promise<string[]> {
  const matches = [`DEPLOY_FINALIZE_ID=${id}`, "DEPLOY_FINALIZE_EVENT=switch-late"];
  const { stdout } = await host.run(["journalctl", "--output=cat", ...matches]);
  return stdout.split("\n").filter((line) => line !== "");
}

hostTest("a switch that does not end says what it waits for", { baseline }, async (host) => {
  const report = {
    receivers: [
      { kind: "command", command: ["/bin/sh", "-c", "cat >> /run/told; echo >> /run/told"] },
    ],
  };
  const config = { verify: { settle: 0, switchWarnAfter: 12 }, report };
  const id = await deploy(host, await host.buildToplevel(hanging(config)), "--delay", "0");
  await entered(host, id, "switching");
  const [entry = ""] = await host.until("the journal has the warning", async () => {
    const found = await entries(host, id);
    return found.length > 0 ? found : undefined;
  });
  const jobs = /systemd waits for: join\.service start \(running\)/;
  assert.match(entry, /^the switch has not ended after 12 s: /);
  assert.match(entry, jobs);

  const { stdout } = await host.run([...PROGRAM, "status", id, "--json"]);
  const status: { waiting: { for: string; why: string }; summary: string } = JSON.parse(stdout);
  assert.equal(status.waiting.for, "switch");
  assert.match(status.waiting.why, jobs);
  assert.match(status.summary, jobs);

  for (const command of ["rollback", "cancel"]) {
    const refused = await host.run([...PROGRAM, command, id, "--yes"]);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, jobs);
    assert.match(refused.stderr, /systemctl stop UNIT/);
  }

  const told = await host.until("the receiver has the report", async () => {
    const { stdout: text } = await host.run(["cat", "/run/told"]);
    return text.includes("join.service") ? text : undefined;
  });
  const reports = told
    .trim()
    .split("\n")
    .map((line): { event: string; summary: string } => JSON.parse(line));
  const late = reports.filter(({ event }) => event === "switching");
  assert.equal(late.length, 1, told);
  assert.match(late[0]?.summary ?? "", jobs);

  await host.shell("systemctl stop join.service");
  const { state, outcome } = await ended(host, id);
  // The verification judges the system without that unit.
  assert.equal(state, "rolled-back", outcome?.reason);
  // On a busy host the switch of the rollback may be late too.
  assert.equal((await entries(host, id)).filter((text) => jobs.test(text)).length, 1);
});

hostTest(
  "a switch with a time limit is ended at it and rolled back",
  { baseline },
  async (host) => {
    const { current } = await host.facts();
    const config = { verify: { settle: 0 }, act: { switchTimeout: 15 } };
    const only =
      "[Service]\nType=oneshot\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";
    const target = await host.buildToplevel(hanging(config, { "only-new.service": only }));
    const id = await deploy(host, target, "--delay", "0");
    const record = await ended(host, id, 120_000);
    assert.equal(record.state, "rolled-back", record.outcome?.reason);
    assert.match(
      record.outcome?.reason ?? "",
      /^switch-to-configuration did not end within 15 s: systemd waits for: .*join\.service start \(running\)/,
    );
    const facts = await host.facts();
    assert.deepEqual(
      [facts.current, facts.profile, facts.bootDefault],
      [current, current, current],
    );
    const { stdout } = await host.run([
      "systemctl",
      "show",
      "--property=ActiveState,ExecStart",
      "join.service",
    ]);
    assert.match(stdout, /ActiveState=active/);
    assert.match(stdout, /\/bin\/true/);
    // Nothing of the switch is left.
    assert.equal(
      (await host.run(["pgrep", "--full", "bin/switch-to-configuration|switch/main.ts"])).exitCode,
      1,
    );
    const jobs = ["systemctl", "list-jobs", "--no-legend"];
    await host.until("no job is left", async () => (await host.ok(jobs)).trim() === "");
  },
);

hostTest(
  "a rollback that does not end either is ended too, and named",
  { baseline: systemSpec({ units: { "join.service": stubborn("1") } }) },
  async (host) => {
    const config = { verify: { settle: 0, switchWarnAfter: 4 }, act: { switchTimeout: 8 } };
    const units = { "join.service": stubborn("2") };
    const target = await host.buildToplevel(systemSpec({ label: "new", units }, config));
    const id = await deploy(host, target, "--delay", "0");
    // Both kinds of switch back have been ended, and the verification waits for the unit.
    const problems = async () => (await recordOf(host, id)).rollbackProblems;
    await host.until("the rollback has a problem", async () => (await problems()).length > 0, {
      deadlineMs: 120_000,
    });
    await host.shell("systemctl kill --signal=KILL join.service");
    const record = await ended(host, id);
    assert.equal(record.state, "failed", record.outcome?.reason);
    assert.match(
      record.outcome?.reason ?? "",
      /did not end within 8 s: .*; the rollback failed too: the switch to the previous system did not end within 8 s: systemd waits for: .*join\.service/,
    );
    assert.ok((await entries(host, id)).length >= 2);
  },
);

/** Does not stop either. */
function stubborn(version: string): string {
  const stop = "ExecStop=/bin/sleep infinity\nTimeoutStopSec=infinity";
  return `[Service]\nType=oneshot\nRemainAfterExit=yes\nEnvironment=V=${version}\nExecStart=/bin/true\n${stop}\n[Install]\nWantedBy=multi-user.target\n`;
}
