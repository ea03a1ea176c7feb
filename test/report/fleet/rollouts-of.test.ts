import assert from "node:assert/strict";
import { test } from "node:test";
import * as v from "valibot";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { fleetSchema } from "../../../src/core/config/fleet/fleet-config.ts";
import { rolloutsOf } from "../../../src/report/fleet/rollouts-of.ts";
import { etcdConfig } from "../../fleet/configs.ts";
import { EdgeHost } from "../../support/edge-host.ts";

test("the rollouts of a group are those of the present configuration", async () => {
  using host = new EdgeHost();
  host.folder.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
  const lock = etcdConfig(["http://127.0.0.1:9"]);
  const fleet = v.parse(fleetSchema, { wave: 1 });
  const isKnown = async (group: string, changes: object): Promise<boolean> =>
    (await rolloutsOf(host, { ...DEFAULT_CONFIG, lock, fleet, ...changes })(group)) !== null;
  assert.equal(await isKnown(lock.group, {}), true);
  assert.equal(await isKnown("other", {}), false);
  assert.equal(await isKnown("other", { fleet: { ...fleet, group: "other" } }), true);
  assert.equal(await isKnown(lock.group, { fleet: null }), false);
  assert.equal(await isKnown(lock.group, { lock: null }), false);
});
