import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { hostTest } from "../test-host/host-test.ts";
import { deploy, ended, path, STATE_DIR, systemSpec } from "./deploying.ts";

/** Outlasts a reboot. */
const LOG = "/var/lib/hooks.log";

/** Notes each run, with what it gets. */
function noting(more = "true"): string[] {
  const words = '"$DEPLOY_FINALIZE_HOOK $DEPLOY_FINALIZE_HOOK_STAGE $DEPLOY_FINALIZE_STATE';
  const given = '$(grep -c "\\"id\\":\\"$DEPLOY_FINALIZE_ID\\"")"';
  return ["/bin/sh", "-c", `echo ${words} ${given} >>${LOG}; ${more}`];
}

const WORKER = "[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";

hostTest(
  "a reboot and a rollback: each hook that began ends once, after the rollback",
  { baseline: systemSpec({ units: { "worker.service": WORKER } }) },
  async (host) => {
    const units = { "worker.service": WORKER };
    const hooks = [
      { name: "node", before: noting(), after: noting(), actions: ["reboot"] },
      { name: "mark", after: noting() },
      { name: "switches", before: noting("false"), actions: ["switch"] },
    ];
    const check = { kind: "command", command: ["/bin/false"], deadline: 1 };
    const bad = { hooks, verify: { settle: 0, checks: [check] } };
    const target = await host.buildToplevel(systemSpec({ kernel: "6.12.9", units }, bad));
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "rolled-back", record.outcome?.reason);
    const log = (): string[] => readFileSync(host.path(LOG), "utf8").trim().split("\n");
    await host.until("the hooks have ended", () => log().length === 3);
    assert.deepEqual(log(), [
      "node before waiting 1",
      "node after rolled-back 1",
      "mark after rolled-back 1",
    ]);
    // A switch, whose hook stops a unit.
    const stops = ["systemctl", "stop", "worker.service"];
    const worker = { name: "worker", before: stops, after: noting() };
    const good = { hooks: [worker], verify: { settle: 0 } };
    const next = await host.buildToplevel(systemSpec({ label: "good", units }, good));
    const live = await ended(host, await deploy(host, next, "--delay", "0"));
    assert.equal(path(live), "scheduled waiting switching verifying live");
    await host.until("the hook has ended", () => log().at(-1) === "worker after live 1");
    const left = async (): Promise<boolean> => {
      const text = readFileSync(host.path(`${STATE_DIR}/${live.id}.json`), "utf8");
      return text.includes('"stage":"over"') || /"stage": "over"/.test(text);
    };
    await host.until("its record says so", left);
  },
);
