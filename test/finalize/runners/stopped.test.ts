import assert from "node:assert/strict";
import { test } from "node:test";
import { startAgain } from "../../../src/finalize/runners/stop.ts";
import { forgetStopped, noteStopped, notedRunners } from "../../../src/finalize/runners/stopped.ts";
import { EdgeHost } from "../../support/edge-host.ts";

const ID = "20261122-213000-k3f9";
const UNIT = "container@ci.service";

const TEMPLATE = { FragmentPath: "/etc/systemd/system/container@.service" };
const OWN = { FragmentPath: `/etc/systemd/system/${UNIT}` };
const DROP_IN = { ...TEMPLATE, DropInPaths: `/etc/systemd/system/${UNIT}.d/overrides.conf` };
const HELD = { ...TEMPLATE, DropInPaths: `/run/systemd/system/${UNIT}.d/deploy-finalize.conf` };

function starts(host: EdgeHost): string[] {
  return host.ran.flatMap(([, verb, ...rest]) => (verb === "start" ? rest.slice(2) : []));
}

const cases: readonly (readonly [string, object, object, string[]])[] = [
  ["only the target declared it", OWN, TEMPLATE, []],
  ["only the target declared it, by a drop-in", DROP_IN, HELD, []],
  ["both systems declare it", OWN, OWN, [UNIT]],
  ["both systems declare it, by a drop-in", DROP_IN, DROP_IN, [UNIT]],
  ["somebody made it by hand", TEMPLATE, HELD, [UNIT]],
  ["it was made by hand, and is declared now", TEMPLATE, OWN, [UNIT]],
];

for (const [how, before, now, expected] of cases) {
  test(`an instance of a template: ${how}`, async () => {
    using host = new EdgeHost();
    host.showUnits({ [UNIT]: { LoadState: "loaded", ...before } });
    await noteStopped(host, ID, [UNIT]);
    host.showUnits({ [UNIT]: { LoadState: "loaded", ...now } });
    // It is as it was before its first stop.
    await noteStopped(host, ID, [UNIT]);
    await startAgain(host, ID, [UNIT]);
    assert.deepEqual(starts(host), expected);
  });
}

test("an instance of which nothing was noted is started", async () => {
  using host = new EdgeHost();
  host.showUnits({ [UNIT]: { LoadState: "loaded", ...TEMPLATE } });
  await startAgain(host, ID, [UNIT]);
  assert.deepEqual(starts(host), [UNIT]);
});

test("the note grows, asks only of instances, and is forgotten at the end", async () => {
  using host = new EdgeHost();
  host.showUnits({ [UNIT]: TEMPLATE });
  await noteStopped(host, ID, ["a.service"]);
  assert.deepEqual(host.ran, []);
  await noteStopped(host, ID, ["a.service", UNIT]);
  assert.deepEqual(Object.fromEntries(notedRunners(host, ID)), {
    "a.service": "own",
    [UNIT]: "template",
  });
  forgetStopped(host, ID);
  assert.equal(notedRunners(host, ID).size, 0);
});

test("a note that cannot be written is no obstacle", async () => {
  using host = new EdgeHost();
  host.folder.write("run/deploy-finalize", "in the way");
  await noteStopped(host, ID, ["a.service"]);
  assert.match(host.said.join(), /cannot note that a\.service is stopped/);
});
