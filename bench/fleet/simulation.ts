import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { setTimeout as sleep } from "node:timers/promises";
import { EtcdSlots } from "../../src/fleet/etcd.ts";
import { etcdConfig } from "../../test/fleet/configs.ts";
import type { EtcdCluster } from "../../test/fleet/etcd-cluster.ts";
import { SimulatedHost } from "./host.ts";
import { randomFrom } from "../../test/support/random.ts";

export interface Fleet {
  readonly hosts: number;
  readonly slots: number;
  /** Seconds between two tries of a host. */
  readonly retry: number;
  readonly rebootMs: number;
  /** What a host does with its slot after a rollback. */
  readonly onRollback: "keep" | "give-back";
  /** Whether the new system breaks a host: then it rolls back. */
  readonly breaks: (id: string) => boolean;
  /** How probable a crash is at each point where one may come. */
  readonly crash: number;
  /** Makes the crashes the same in each run. */
  readonly seed: number;
}

export interface Drained {
  /** The most hosts that acted at once, by their own account. */
  readonly mostActing: number;
  /** The most slots that were taken at once, by etcd's account. */
  readonly mostHeld: number;
  /** The slots that are still taken at the end. */
  readonly left: number;
  readonly broken: number;
  readonly seconds: number;
  readonly crashes: number;
  readonly requests: number;
}

/** What happens to the cluster meanwhile; told how many hosts are done. */
export type Trouble = (cluster: EtcdCluster, done: () => number) => Promise<void>;

const LOOK_MS = 25;

/**
 * Lets a fleet reboot, each host once, with a real etcd and its troubles. It ends when every host is
 * done, or when hosts that rolled back keep all slots.
 */
export async function drain(
  cluster: EtcdCluster,
  fleet: Fleet,
  trouble: Trouble = async () => {},
): Promise<Drained> {
  const { slots, retry, hosts: count } = fleet;
  const lock = etcdConfig(cluster.endpoints, { slots, retry, timeout: 1 });
  const acting = new Set<string>();
  const most = { acting: 0, held: 0 };
  let done = 0;
  const random = randomFrom(fleet.seed);
  const onActing = (id: string, what: "begins" | "ends"): void => {
    if (what === "begins") acting.add(id);
    else acting.delete(id);
    most.acting = Math.max(most.acting, acting.size);
  };
  const over = new AbortController();
  const options = { ...fleet, lock, random, onActing, over: over.signal };
  const hosts = Array.from(
    { length: count },
    (_, index) => new SimulatedHost(`host-${index}`, options),
  );
  const broken = (): number => hosts.filter((host) => host.isBroken).length;
  const whenHostEnds = (): void => {
    done++;
    if (fleet.onRollback === "keep" && broken() >= slots) over.abort();
  };
  let requests = 0;
  const onRequest = (): void => void requests++;
  subscribe("http.client.request.start", onRequest);
  const begin = performance.now();
  const finished = new AbortController();
  const seen = { looks: 0 };
  const watching = watch(new EtcdSlots(lock, () => new Date(), 0), finished.signal, (held) => {
    seen.looks++;
    most.held = Math.max(most.held, held);
  });
  const troubled = trouble(cluster, () => done);
  await Promise.all(hosts.map(async (host) => await host.run().then(whenHostEnds)));
  const seconds = (performance.now() - begin) / 1000;
  finished.abort();
  await Promise.all([watching, troubled]);
  unsubscribe("http.client.request.start", onRequest);
  const crashes = hosts.reduce((sum, host) => sum + host.crashes, 0);
  const left = await heldNow(new EtcdSlots(lock, () => new Date(), 0));
  // The looks of the watcher are not the hosts'.
  const asked = requests - seen.looks;
  const { acting: mostActing, held: mostHeld } = most;
  return { mostActing, mostHeld, left, broken: broken(), seconds, crashes, requests: asked };
}

async function watch(
  slots: EtcdSlots,
  over: AbortSignal,
  onLook: (held: number) => void,
): Promise<void> {
  while (!over.aborted) {
    const occupancy = await slots.look();
    if (occupancy.kind === "known") onLook(occupancy.holders.length);
    await sleep(LOOK_MS, undefined, { signal: over }).catch(() => {});
  }
}

async function heldNow(slots: EtcdSlots): Promise<number> {
  for (;;) {
    const occupancy = await slots.look();
    if (occupancy.kind === "known") return occupancy.holders.length;
    await sleep(LOOK_MS);
  }
}

/** Waits until so many hosts are done. */
export async function whenDone(done: () => number, count: number): Promise<void> {
  while (done() < count) await sleep(10);
}
