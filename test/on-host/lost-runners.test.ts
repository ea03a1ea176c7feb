import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import type { Host } from "../test-host/host.ts";
import { hostTest } from "../test-host/host-test.ts";
import { deploy, ended, STATE_DIR, systemSpec } from "./deploying.ts";
import { drainingSpec, isActive, RUNNER } from "./draining.ts";

/** Runners that an act has stopped, and who starts them again. */

async function works(host: Host, unit: string): Promise<void> {
  await host.until(`${unit} works`, async () => (await isActive(host, unit)) === "active");
}

hostTest(
  "killed in the switch, and then its record cannot be read: the runner works again",
  { baseline: drainingSpec({ runner: "1" }) },
  async (host) => {
    const target = await host.buildToplevel(drainingSpec({ runner: "2" }));
    await host.holdActivation();
    const id = await deploy(host, target, "--delay", "0");
    const held = host.path(`/run/deploy-finalize/held/${RUNNER}`);
    await host.until("the switch holds the runner", () => existsSync(held));
    await host.until("it is stopped", async () => (await isActive(host, RUNNER)) === "inactive");
    writeFileSync(host.path(`${STATE_DIR}/${id}.json`), "{");
    await host.ok(["systemctl", "kill", "--signal=KILL", `deploy-finalize-${id}.service`]);
    await host.letActivate();
    await works(host, RUNNER);
    assert.ok(!existsSync(held));
    // Only once the runner is started.
    const stopped = host.path(`/run/deploy-finalize/stopped/${id}`);
    await host.until("nothing says that it is stopped", () => !existsSync(stopped));
  },
);

const NEW = "pet@ci.service";
const BY_HAND = "pet@byhand.service";
const run = `[Service]
ExecStart=/bin/sleep infinity
Environment=DEPLOY_FINALIZE_STOP=drains
KillMode=mixed
TimeoutStopSec=2h
`;

hostTest(
  "after a rollback only those of a template run that the previous system has, or somebody made",
  { baseline: systemSpec({ units: { "pet@.service": run } }) },
  async (host) => {
    await host.ok(["systemctl", "start", BY_HAND]);
    const detect = { kind: "processes" };
    const runners = [NEW, BY_HAND].map((unit) => ({ unit, detect }));
    const check = { kind: "command", command: ["/bin/false"], deadline: 1 };
    const config = { waitFor: { runners }, verify: { settle: 0, checks: [check] } };
    const units = {
      // Another definition: the act stops what has it.
      "pet@.service": `[Unit]\nDescription=New\n${run}`,
      [NEW]: `${run}[Install]\nWantedBy=multi-user.target\n`,
    };
    const target = await host.buildToplevel(systemSpec({ label: "new", units }, config));
    const record = await ended(host, await deploy(host, target, "--delay", "0"));
    assert.equal(record.state, "rolled-back", record.outcome?.reason);
    assert.ok(record.stoppedRunners.includes(NEW), "it ran, and was stopped for the way back");
    await works(host, BY_HAND);
    const starts = await host.ok([
      "journalctl",
      "--output=cat",
      "--unit",
      NEW,
      "--grep",
      "^Started",
    ]);
    assert.equal(starts.trim().split("\n").length, 1, starts);
    assert.equal(await isActive(host, NEW), "inactive");
  },
);
