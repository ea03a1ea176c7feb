import assert from "node:assert/strict";
import { test } from "node:test";
import { TOPICS } from "../../src/view/runbook/topics.ts";
import { OperatedHost } from "./operating.ts";

test("help REASON: whether the host is well, what boots next, whether it can wait, commands", async () => {
  using host = new OperatedHost();
  for (const { name } of TOPICS) {
    const { exitCode, stdout } = await host.operate("help", name);
    assert.equal(exitCode, 0);
    assert.match(stdout, new RegExp(`^${name}: .*well\\?.*boot next\\?.*until morning\\?`, "s"));
  }
});

test("help takes the words that status shows, also after the options of a wrapper", async () => {
  using host = new OperatedHost();
  const reason = "timed out after 3600 s waiting for CI job: ci-runner.service runs a job";
  assert.match((await host.call("--config", "/x", "help", reason)).stdout, /^timed-out: /);
  assert.match((await host.call("help", ...reason.split(" "))).stdout, /^timed-out: /);
});

test("help for what nobody knows names what is known; help of a command stays", async () => {
  using host = new OperatedHost();
  const wrong = await host.operate("help", "rolled-bak");
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, /Did you mean rolled-back\?/);
  assert.match((await host.operate("help", "zzzzzzzzzzzzzz")).stderr, /Reasons: rollback-failed, /);
  assert.match((await host.operate("help", "rollback")).stdout, /Usage: deploy-finalize rollback/);
});

test("status of a failed one shows the first command, and where the rest is", async () => {
  using host = new OperatedHost();
  const outcome = { reason: "fell back: booted x", activationExitCode: null, activationTail: [] };
  host.save({ state: "failed", outcome });
  const { stdout } = await host.operate("status");
  assert.match(stdout.replaceAll(/\s+/g, " "), /First: journalctl -b -1 -p err\. Repair the host/);
  assert.match(stdout, /deploy-finalize help fell-back/);
});
