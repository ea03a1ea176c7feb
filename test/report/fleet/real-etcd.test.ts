import assert from "node:assert/strict";
import * as v from "valibot";
import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { fleetSchema } from "../../../src/core/config/fleet/fleet-config.ts";
import type { EtcdLockConfig } from "../../../src/core/config/lock-config.ts";
import type { RolloutSeen } from "../../../src/core/fleet/seen.ts";
import { rolloutServerFor } from "../../../src/fleet/rollouts/server-for.ts";
import type { RolloutServer, Self } from "../../../src/fleet/rollouts/rollout-server.ts";
import { seenAtEnd, seenAtGate, seenByOperator } from "../../../src/fleet/rollouts/seen.ts";
import { deliverAll, newMemory } from "../../../src/report/deliver.ts";
import { reportRollout } from "../../../src/report/fleet/report-rollout.ts";
import { rolloutsOf } from "../../../src/report/fleet/rollouts-of.ts";
import { Outbox } from "../../../src/report/outbox.ts";
import { RecordStore } from "../../../src/state-dir/store.ts";
import { etcdConfig } from "../../fleet/configs.ts";
import { etcdTest } from "../../fleet/etcd-test.ts";
import { EdgeHost } from "../../support/edge-host.ts";
import { COMMIT, receiver, scheduled } from "../reports.ts";
import { StandInServer } from "../server.ts";

const { proxy } = DEFAULT_CONFIG;

/** A host that takes part, and reports what it sees to a forge. */
class Member extends EdgeHost {
  readonly server: RolloutServer;
  readonly self: Self;
  readonly #lock: EtcdLockConfig;
  readonly #forge: StandInServer;
  readonly #stateDir = this.folder.at("state");

  constructor(lock: EtcdLockConfig, forge: StandInServer, host: string, wave: number) {
    super();
    this.folder.write("state/.keep", "");
    this.#lock = { ...lock, id: host };
    this.#forge = forge;
    this.server = rolloutServerFor(this.#lock, { group: null }, host, this.now, proxy);
    const finalization = scheduled().id;
    const limits = { maxFailures: 1, joinWithin: 3600, onMissing: "halt" } as const;
    this.self = {
      id: host,
      host,
      wave,
      rollout: COMMIT,
      finalization,
      generation: 2,
      ...limits,
    };
  }

  async asks(): Promise<string> {
    const admission = await this.server.admit(this.self, 0);
    await this.#reports(seenAtGate(this.#lock.group, this.self, admission));
    return admission.kind;
  }

  async ends(end: Parameters<RolloutServer["ends"]>[1]): Promise<void> {
    const told = await this.server.ends(this.self, end);
    await this.#reports(seenAtEnd(this.#lock.group, this.self, end.kind, told));
  }

  async resumes(): Promise<void> {
    const acted = await this.server.resume("anna");
    assert.ok(acted.kind === "done");
    await this.#reports(seenByOperator(this.#lock.group, acted.rollout));
  }

  async #reports(seen: RolloutSeen | null): Promise<void> {
    assert.ok(seen !== null);
    const tokenFile = this.folder.write("token", "secret");
    const { url } = this.#forge;
    const gitea = receiver({ kind: "gitea", url, repository: "infra/hosts", tokenFile });
    const report = { ...DEFAULT_CONFIG.report, receivers: [gitea] };
    const fleet = v.parse(fleetSchema, { wave: this.self.wave });
    const config = { ...DEFAULT_CONFIG, stateDir: this.#stateDir, report, lock: this.#lock, fleet };
    const record = scheduled({ host: this.self.host, rollout: COMMIT });
    new RecordStore(this.#stateDir).save(record);
    await reportRollout(this, config, record, seen, { command: ["/deploy-finalize"], path: "" });
    await deliverAll({
      host: this,
      outbox: new Outbox(this, this.#stateDir),
      config: report,
      rolloutsOf: rolloutsOf(this, config),
      random: () => 0,
      stop: new AbortController().signal,
      memory: newMemory(),
    });
    this.time += 1000;
  }
}

etcdTest("the status of a group follows its rollout in a real etcd", async ({ endpoints }) => {
  await using forge = await StandInServer.listen();
  const lock = etcdConfig(endpoints);
  using web1 = new Member(lock, forge, "web1", 0);
  using web2 = new Member(lock, forge, "web2", 1);
  const last = (): unknown => {
    const { state, context, description }: Record<string, string> = JSON.parse(
      forge.received.at(-1)?.body ?? "{}",
    );
    assert.equal(context, `deploy-finalize/group/${lock.group}`);
    return `${state}: ${description}`;
  };
  assert.equal(await web1.asks(), "admitted");
  assert.equal(last(), "pending: wave 1 of 1, 0 of 1 live");
  assert.equal(await web2.asks(), "held");
  assert.equal(forge.received.length, 1);
  await web1.ends({ kind: "live" });
  assert.equal(last(), "pending: wave 2 of 2, 1 of 2 live");
  assert.equal(await web2.asks(), "admitted");
  await web2.ends({ kind: "failed", why: "its checks failed" });
  assert.equal(last(), "failure: halted, wave 2 of 2, 1 of 2 live: web2 failed: its checks failed");
  await web2.resumes();
  assert.equal(last(), "failure: 1 of 2 live, failed: web2");
  await web2.ends({ kind: "live" });
  assert.equal(last(), "success: 2 of 2 live");
});
