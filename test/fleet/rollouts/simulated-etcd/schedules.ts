import {
  type FleetWorld,
  play,
  type Played,
  type Script,
} from "../../../../bench/fleet/rollouts/fleet.ts";
import { VirtualTime } from "../../../../bench/fleet/rollouts/time.ts";
import { DEFAULT_CONFIG } from "../../../../src/core/config/defaults.ts";
import type { RolloutServer } from "../../../../src/fleet/rollouts/rollout-server.ts";
import { Keys } from "../../../../src/fleet/rollouts/etcd/keys.ts";
import { randomFrom } from "../../../support/random.ts";
import { etcdConfig } from "../../configs.ts";
import { type Schedule, whileItIsUnderWay } from "../model/schedules.ts";
import { watchGroup } from "./promises.ts";
import { loadEngine } from "./engine.ts";
import { Processes } from "./processes.ts";
import { EtcdStore } from "./store.ts";

/** Longer than a host waits without news. */
const LIMIT_MS = 2_000_000;

/**
 * Plays a script to a fleet that asks the real engine, which asks a simulated etcd, in simulated time.
 *
 * @param code see bundleEngine
 * @throws Error if a host is stuck
 */
export async function playOnEngine(
  code: string,
  { fleet, loss, seed }: Schedule,
  script: Script,
): Promise<Played> {
  const random = randomFrom(seed);
  const time = new VirtualTime(random);
  const store = new EtcdStore();
  const now = (): Date => new Date(time.now());
  const processes = new Processes(store, { time, random, delayMs: 30, loss });
  const { rolloutServerFor } = loadEngine(code, time, processes);
  const server = (id: string, death: AbortSignal): RolloutServer => {
    const lock = etcdConfig([processes.endpointOf(death)], { retry: fleet.retry });
    return rolloutServerFor(lock, { group: null }, id, now, DEFAULT_CONFIG.proxy);
  };
  const dies = whileItIsUnderWay(time, random);
  const world: FleetWorld = {
    time,
    random,
    slots: null,
    server,
    dies,
    requests: processes.requests,
  };
  const { prefix, group } = etcdConfig(["http://etcd.example"]);
  const unallowed = watchGroup(store, new Keys(prefix, group));
  const played = await time.run(play(fleet, world, script), LIMIT_MS);
  played.oracle.violations.push(...unallowed);
  return played;
}
