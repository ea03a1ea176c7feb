import assert from "node:assert/strict";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { EXIT } from "../../src/core/outcome.ts";
import type { Self } from "../../src/fleet/rollouts/rollout-server.ts";
import { rolloutServerFor } from "../../src/fleet/rollouts/server-for.ts";
import { Outbox } from "../../src/report/outbox.ts";
import { etcdConfig } from "../fleet/configs.ts";
import { etcdTest } from "../fleet/etcd-test.ts";
import { COMMIT } from "../report/reports.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { LockedHost } from "./locked-host.ts";

const NOW = new Date("2026-11-22T21:27:00Z");
const FORGE = { kind: "gitea", url: "https://git", repository: "a/b", tokenFile: "/x" };

etcdTest("fleet: the status of the group follows what an operator does", async ({ endpoints }) => {
  const lock = etcdConfig(endpoints);
  const report = { receivers: [FORGE] };
  using host = new LockedHost(lock, { fleet: { wave: 0 }, report });
  host.save({ rollout: COMMIT, revision: COMMIT });
  const server = rolloutServerFor(lock, { group: null }, "id", () => NOW, DEFAULT_CONFIG.proxy);
  const self: Self = {
    id: "id",
    host: "web2",
    wave: 0,
    rollout: COMMIT,
    finalization: "20261122-213000-bbbb",
    generation: 42,
    maxFailures: 1,
    joinWithin: 3600,
    onMissing: "halt",
  };
  assert.equal((await server.admit(self, 0)).kind, "admitted");
  using edge = new EdgeHost();
  const owed = (): string[] =>
    new Outbox(edge, host.store.folder).owed().map(({ event, rollout }) => {
      assert.deepEqual(rollout, { group: lock.group, seq: 1, name: COMMIT });
      return event.event;
    });
  const elsewhere = await host.operate("fleet", "halt", "--yes", "--group", "other");
  assert.equal(elsewhere.exitCode, EXIT.failed);
  assert.deepEqual(owed(), []);
  assert.equal((await host.operate("fleet", "halt", "--yes")).exitCode, EXIT.done);
  assert.deepEqual(owed(), ["failed"]);
  assert.equal((await host.operate("fleet", "resume", "--yes")).exitCode, EXIT.done);
  assert.deepEqual(owed().toSorted(), ["failed", "scheduled"]);
});
