import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { holdRunners } from "../../../src/finalize/runners/hold.ts";
import { startAgain } from "../../../src/finalize/runners/stop.ts";
import { EdgeHost } from "../../support/edge-host.ts";

const ID = "20261122-213000-k3f9";
const UNIT = "gitea-runner-my\\x2dhost.service";
const CONDITION = `run/systemd/system/${UNIT}.d/deploy-finalize.conf`;

function held(host: EdgeHost): string {
  const condition = readFileSync(host.folder.at(CONDITION), "utf8");
  return /^\[Unit\]\nConditionPathExists=!(.+)\n$/.exec(condition)?.[1] ?? "";
}

test("a runner that is held starts only after it is released", async () => {
  using host = new EdgeHost();
  host.showUnits({ [UNIT]: { LoadState: "loaded" } });
  holdRunners(host, [UNIT]);
  assert.ok(existsSync(held(host)));
  host.answers["systemctl start"] = () => ({ exitCode: existsSync(held(host)) ? 1 : 0 });
  assert.deepEqual(await startAgain(host, ID, [UNIT]), []);
  assert.deepEqual(host.said, []);
});

test("the condition stays as it is, so systemd need not read it again", async () => {
  using host = new EdgeHost();
  const written: number[] = [];
  for (let round = 0; round < 2; round++) {
    holdRunners(host, [UNIT]);
    written.push(statSync(host.folder.at(CONDITION)).ino);
    await startAgain(host, ID, [UNIT]);
  }
  assert.equal(written[0], written[1]);
});

test("a runner that cannot be held is no obstacle", async () => {
  using host = new EdgeHost();
  host.folder.write("run/deploy-finalize", "a file in the way");
  holdRunners(host, [UNIT]);
  assert.match(host.said.join(), /may start before the switch has ended/);
  await startAgain(host, ID, [UNIT]);
  assert.match(host.said.at(-1) ?? "", /is kept from starting/);
});
