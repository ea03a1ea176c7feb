import { DEFAULT_CONFIG } from "../../../src/core/config/defaults.ts";
import { rolloutServerFor } from "../../../src/fleet/rollouts/server-for.ts";
import { etcdConfig } from "../../../test/fleet/configs.ts";
import type { EtcdCluster } from "../../../test/fleet/etcd-cluster.ts";
import { randomFrom } from "../../../test/support/random.ts";
import { type Fleet, type FleetWorld, play, type Played, type Script } from "./fleet.ts";
import type { Requests } from "./requests.ts";
import { etcdSlotDesk, type SlotDesk } from "./slots.ts";
import { realTime } from "./time.ts";
import type { World } from "./terms.ts";

export interface EtcdPlay {
  readonly cluster: EtcdCluster;
  readonly requests: Requests;
  /** The name of its group: many fleets share a cluster. */
  readonly group: string;
  readonly fleet: Fleet;
  readonly script: Script;
  readonly seed: number;
  /** Seconds in which a member of etcd has to answer. */
  readonly timeout: number;
  /** Milliseconds after which a host that is not through counts as stuck; without it, a test has its own. */
  readonly stuckAfter?: number;
  /** The slots for which acts wait; null if they need none. */
  readonly slots: number | null;
}

const now = (): Date => new Date();

/**
 * Plays a script to a fleet that asks a real etcd, in real time.
 *
 * @throws Error if a host is stuck
 */
export async function playOnEtcd(given: EtcdPlay): Promise<Played> {
  const { cluster, requests, group, fleet, script, seed, slots, timeout } = given;
  const { retry } = fleet;
  const lock = etcdConfig(cluster.endpoints, { group, retry, timeout, slots: slots ?? 1 });
  const { proxy } = DEFAULT_CONFIG;
  const pause = async (): Promise<void> => await realTime.pause(retry * 1000);
  const desk: SlotDesk | null = slots === null ? null : etcdSlotDesk(lock, pause);
  const world: FleetWorld = {
    time: realTime,
    random: randomFrom(seed),
    server: (id) => rolloutServerFor(lock, { group: null }, id, now, proxy),
    dies: whenAnswered,
    slots: desk,
    requests: requests.count,
  };
  return await play(fleet, world, withLimit(script, given.stuckAfter ?? null));
}

function withLimit(script: Script, limitMs: number | null): Script {
  if (limitMs === null) return script;
  return async (stage) => {
    const over = new AbortController();
    const late = realTime.pause(limitMs, over.signal).then(() => {
      if (over.signal.aborted) return;
      throw new Error(`hosts are stuck after ${limitMs} ms`);
    });
    await Promise.race([script(stage).finally(() => over.abort()), late]);
  };
}

/** A killed process leaves no more than one request: what asks again after it must not run on. */
const whenAnswered: World["dies"] = async (asked) => await asked;
