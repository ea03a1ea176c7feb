import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { readOrRefuse } from "../../../src/finalize/finalize.ts";
import { holdRunners } from "../../../src/finalize/runners/hold.ts";
import { noteStopped } from "../../../src/finalize/runners/stopped.ts";
import { NEW as ID, OLD as OTHER, OverlappingHost } from "../newest/overlapping-host.ts";

const RUNNER = "a.service";

/** A finalization that was killed in its switch, with its runner held. */
async function killed(): Promise<OverlappingHost> {
  const host = new OverlappingHost();
  host.boots(100);
  host.scheduled(ID);
  await noteStopped(host, ID, [RUNNER]);
  holdRunners(host, [RUNNER]);
  return host;
}

function started(host: OverlappingHost): boolean {
  return host.ran.some((argv) => argv.join(" ") === `systemctl start --no-block -- ${RUNNER}`);
}

const unreadable: Record<string, (host: OverlappingHost) => void> = {
  "it is broken": (host) => {
    host.folder.write(`state/${ID}.json`, "{");
  },
  "a newer program wrote it": (host) => {
    host.folder.write(`state/${ID}.json`, JSON.stringify({ schemaVersion: 99, id: ID }));
  },
  "it was set aside by a process that was killed then": (host) => {
    host.store.quarantine(ID);
  },
};

for (const [how, damage] of Object.entries(unreadable)) {
  test(`a record cannot be read, because ${how}: its runner works again`, async () => {
    using host = await killed();
    damage(host);
    await assert.rejects(readOrRefuse(host, host.store, ID));
    assert.ok(started(host));
    assert.ok(!existsSync(host.folder.at(`run/deploy-finalize/held/${RUNNER}`)));
  });
}

test("a record that cannot be read: its process goes on, so its runner stays stopped", async () => {
  using host = await killed();
  host.folder.write(`state/${ID}.json`, "{");
  host.holdLock(ID);
  await assert.rejects(readOrRefuse(host, host.store, ID));
  assert.ok(!started(host));
});

test("another state folder, or another finalization: the runner stays stopped", async () => {
  using host = await killed();
  host.folder.remove(`state/${ID}.json`);
  await assert.rejects(readOrRefuse(host, host.store, ID));
  host.folder.write(`state/${OTHER}.json`, "{");
  await assert.rejects(readOrRefuse(host, host.store, OTHER));
  assert.ok(!started(host));
});
