import assert from "node:assert/strict";
import { playCell } from "../chaos/cell.ts";
import { FAULTS } from "../chaos/faults.ts";
import { MOMENTS, systemOf } from "../chaos/moments.ts";
import { hostTest } from "../test-host/host-test.ts";
import { STATE_DIR } from "./deploying.ts";

// Two cells of the matrix; `make chaos-matrix` plays them all.
const CELLS = [
  ["SIGTERM to all", "switching"],
  ["SIGHUP to all", "rebooting"],
] as const;

hostTest(
  "a fault in a state: the record agrees with the host, and nothing is left",
  { baseline: systemOf("1"), disks: [STATE_DIR] },
  async (host) => {
    for (const [index, [what, when]] of CELLS.entries()) {
      const fault = FAULTS.find(({ name }) => name === what);
      const moment = MOMENTS.find(({ name }) => name === when);
      assert.ok(fault !== undefined && moment !== undefined);
      const { end, violations } = await playCell(host, moment, fault, String(10 + index));
      assert.deepEqual(violations, []);
      assert.equal(end, moment.end, `${what} × ${when}`);
    }
  },
);
