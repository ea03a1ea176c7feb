import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { Self } from "../../../src/fleet/rollouts/rollout-server.ts";
import { randomFrom } from "../../support/random.ts";
import { until } from "../../test-host/until.ts";
import type { EtcdCluster } from "../etcd-cluster.ts";
import { etcdClusterTest } from "../etcd-test.ts";
import { finalization, selfOf, serverOf, view } from "./hosts.ts";

const WAVES = 3;
const IN_WAVE = 6;

/** The hosts by their own account, as they go through a rollout. */
class Fleet {
  readonly acted: Self[] = [];
  readonly ended = new Set<string>();
  /** Who acted before a lower wave had ended. */
  readonly early: string[] = [];
  readonly #cluster: EtcdCluster;
  readonly #random = randomFrom(7);
  readonly #failing: (self: Self) => boolean;
  readonly hosts: readonly Self[];

  constructor(cluster: EtcdCluster, rollout: number, failing: (self: Self) => boolean) {
    this.#cluster = cluster;
    this.#failing = failing;
    this.hosts = Array.from({ length: WAVES * IN_WAVE }, (_, index) =>
      selfOf(`h${index}`, index % WAVES, {
        rollout: `r${rollout}`,
        finalization: finalization(rollout),
        maxFailures: 2,
      }),
    );
  }

  /** A wave is waited for only once its hosts are known, so these come in the order of their waves. */
  async join(): Promise<void> {
    for (const self of this.hosts.toSorted((a, b) => a.wave - b.wave)) {
      await until("it has joined", async () => {
        const server = serverOf(this.#cluster.endpoints, { timeout: 5 }, self.host);
        return (await server.admit(self, 0)).kind !== "unknown";
      });
    }
  }

  /** Each host until its end; a host that is held by a halt until that is seen. */
  async run(isOver: () => boolean): Promise<void> {
    await Promise.all(this.hosts.map(async (self) => await this.#runOne(self, isOver)));
  }

  async #runOne(self: Self, isOver: () => boolean): Promise<void> {
    for (;;) {
      // A process that crashes leaves a new one, which knows nothing.
      const server = serverOf(this.#cluster.endpoints, { timeout: 1, retry: 0.1 }, self.host);
      const answer = await server.admit(self, 0);
      if (isOver()) return;
      if (answer.kind === "admitted" && this.#random() > 0.2) break;
      if (answer.kind !== "admitted") await server.change(AbortSignal.timeout(5000));
    }
    this.acted.push(self);
    const lower = this.hosts.filter(({ wave }) => wave < self.wave);
    if (!lower.every(({ id }) => this.ended.has(id))) this.early.push(self.host);
    await delay(this.#random() * 50);
    this.ended.add(self.id);
    const end = this.#failing(self)
      ? ({ kind: "failed", why: "broken" } as const)
      : ({ kind: "live" } as const);
    await until("its end is told", async () => {
      const server = serverOf(this.#cluster.endpoints, { timeout: 1 }, self.host);
      const told = await server.ends(self, end);
      return told.kind === "told" && this.#random() > 0.2;
    });
  }
}

/** What is done to the leader; each time to another one, if it changes. */
const TROUBLES: Record<string, (cluster: EtcdCluster, leader: number) => Promise<void>> = {
  "is killed and brought back": async (cluster, leader) => {
    await cluster.kill(leader);
    await cluster.leader(leader);
    cluster.bringBack(leader);
  },
  "is frozen, as by a partition, and thaws": async (cluster, leader) => {
    await cluster.freeze(leader);
    await cluster.leader(leader);
    cluster.thaw(leader);
  },
};

for (const [what, happens] of Object.entries(TROUBLES)) {
  etcdClusterTest(
    `a fleet rolls out while etcd's leader ${what}, again and again`,
    async (cluster) => {
      const good = new Fleet(cluster, 1, () => false);
      await good.join();
      const running = good.run(() => false);
      for (const count of [2, 8, 14]) {
        await until(`${count} hosts have ended`, () => good.ended.size >= count);
        await happens(cluster, await cluster.leader());
      }
      await running;
      assert.deepEqual(good.early, []);
      assert.equal(good.acted.length, WAVES * IN_WAVE);
      const server = serverOf(cluster.endpoints);
      const { waves } = await view(server);
      assert.ok(waves.every(({ members }) => members.every(({ done }) => done === "live")));

      const bad = new Fleet(cluster, 2, () => true);
      let isOver = false;
      const halting = bad.run(() => isOver);
      await happens(cluster, await cluster.leader());
      await until("it is halted", async () => {
        const look = await server.look();
        return look.kind === "known" && look.rollout?.seq === 2 && look.rollout.halt !== null;
      });
      isOver = true;
      await halting;
      // A host that was let in before the halt acts; the waves above never do.
      assert.ok(bad.acted.every(({ wave }) => wave === 0));
    },
  );
}
