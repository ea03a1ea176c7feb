import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { deliverAll, newMemory } from "../../../src/report/deliver.ts";
import type { RolloutsOf } from "../../../src/report/fleet/send-status.ts";
import { Outbox } from "../../../src/report/outbox.ts";
import { newOwedReport } from "../../../src/report/owed-report.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { COMMIT, lastEvent, receiver, scheduled } from "../reports.ts";
import { type Received, StandInServer } from "../server.ts";
import { aView, serverThatShows } from "./views.ts";

/** A host that owes the status of its group to a Gitea. */
class Sender extends EdgeHost {
  readonly outbox = new Outbox(this, this.folder.at("state"));

  constructor(server: StandInServer) {
    super();
    this.folder.write("state/.keep", "");
    const tokenFile = this.folder.write("token", "secret");
    const context = "deploy-finalize/group/web";
    const forge = { kind: "gitea", url: server.url, repository: "infra/hosts", tokenFile, context };
    const at = this.now().toISOString();
    const key = "20261122-213000-aaaa.1795426272500.scheduled.group";
    const owed = newOwedReport(receiver(forge), { ...lastEvent(scheduled()), key }, at);
    this.outbox.owe({ ...owed, rollout: { group: "web", seq: 7, name: COMMIT } });
    this.now = () => new Date(this.time + performance.now() - this.#begin);
  }
  readonly #begin = performance.now();

  async deliver(rolloutsOf?: RolloutsOf): Promise<void> {
    await deliverAll({
      ...(rolloutsOf !== undefined && { rolloutsOf }),
      host: this,
      outbox: this.outbox,
      config: { ...DEFAULT_CONFIG.report, retry: { first: 0.05, most: 0.1 }, timeout: 60 },
      random: () => 0,
      stop: new AbortController().signal,
      memory: newMemory(),
    });
  }
}

function told({ path, body }: Received): unknown {
  const { state, context, description }: Record<string, string> = JSON.parse(body);
  return [path.split("/").at(-1), context, state, description];
}

test("a forge is sent the status of the group as etcd has it, once etcd answers", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  let asks = 0;
  const look = serverThatShows(async () =>
    ++asks === 1 ? { kind: "unknown", why: "no route" } : aView([["live"], ["live", null]]),
  );
  const groups: string[] = [];
  await sender.deliver(async (group) => {
    groups.push(group);
    return look;
  });
  assert.deepEqual([...new Set(groups)], ["web"]);
  const context = "deploy-finalize/group/web";
  const description = "wave 2 of 2, 2 of 3 live";
  assert.deepEqual(server.received.map(told), [[COMMIT, context, "pending", description]]);
  assert.match(sender.said.join("\n"), /cannot deliver the status of group web yet: no route/);
  assert.match(sender.said.join("\n"), /gitea: delivered the status of group web/);
  assert.deepEqual(sender.outbox.owed(), []);
});

test("a host that takes part in no rollouts any more gives its status up", async () => {
  await using server = await StandInServer.listen();
  using sender = new Sender(server);
  await sender.deliver();
  assert.deepEqual(server.received, []);
  assert.deepEqual([...sender.outbox.count("given-up")], [["gitea", 1]]);
  assert.match(sender.said.join("\n"), /gave up on the status of group web .*does not take part/);
});
