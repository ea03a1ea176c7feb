import { adviceFor } from "../core/advice.ts";
import type { Config } from "../core/config/config.ts";
import type { FleetConfig } from "../core/config/fleet/fleet-config.ts";
import { groupOfFleet } from "../core/config/fleet/group.ts";
import type { EtcdLockConfig } from "../core/config/lock-config.ts";
import type { ProxyConfig } from "../core/config/proxy-config.ts";
import { messageOf } from "../core/refusal.ts";
import type { Tried } from "../core/tried.ts";
import type { Host } from "../host/process/host.ts";
import { placesOfEtcd } from "./etcd-places.ts";
import { EtcdGateway, guarded } from "./etcd-gateway.ts";
import { fractionOf, holderOf } from "./holder.ts";
import { EtcdGroup } from "./rollouts/etcd/group.ts";
import { lookAt } from "./rollouts/etcd/looking.ts";
import { put, remove } from "./rollouts/etcd/requests.ts";
import type { GroupView } from "./rollouts/rollout-server.ts";
import type { Unknown } from "./slot-keeping.ts";

/**
 * Looks at the rollout of the group, and writes and removes a key that means nothing to the hosts. So the
 * rollout stays as it is.
 */
export async function tryRollouts(
  host: Host,
  { lock, proxy }: Pick<Config, "lock" | "proxy">,
  fleet: FleetConfig,
): Promise<Tried> {
  if (lock?.backend !== "etcd") {
    const advice = 'Set lock with backend = "etcd", or remove fleet.';
    return { kind: "fails", why: "rollouts need an etcd", advice };
  }
  try {
    const holder = holderOf(lock, host.paths.machineId);
    const group = groupFor(host, lock, fleet, holder, proxy);
    const seen = await guarded(async () => await lookAt(group, () => {}));
    const tried = seen.kind === "unknown" ? seen : ((await writeAndRemove(group, holder)) ?? seen);
    if (tried.kind === "unknown") return failing(tried.why, lock, group);
    return { kind: "works", how: `read and wrote the rollouts of group ${inWords(tried)}` };
  } catch (error) {
    return failing(messageOf(error), lock);
  }
}

function groupFor(
  { now }: Pick<Host, "now">,
  lock: EtcdLockConfig,
  fleet: FleetConfig,
  holder: string,
  proxy: ProxyConfig,
): EtcdGroup {
  const gateway = new EtcdGateway({ ...lock, proxy }, fractionOf(holder));
  const name = groupOfFleet(fleet, lock);
  return new EtcdGroup({ prefix: lock.prefix, gateway, name, salt: holder, now });
}

/** The key is of this host, and whatever an earlier test left there goes too. Null if that worked. */
async function writeAndRemove(group: EtcdGroup, holder: string): Promise<Unknown | null> {
  const key = `${group.keys.base}test/${holder}`;
  const written = await guarded(async () => await group.commit([], [put(key, {})]));
  // Also without an answer: etcd may have written it all the same.
  const removed = await guarded(async () => await group.commit([], [remove({ key })]));
  return [written, removed].find((one): one is Unknown => isUnknown(one)) ?? null;
}

function isUnknown(answer: object | null): answer is Unknown {
  return answer !== null && "kind" in answer && answer.kind === "unknown";
}

function inWords({ group, waves }: GroupView): string {
  const hosts = waves.reduce((sum, { members }) => sum + members.length, 0);
  return `${group}, which knows ${hosts === 1 ? "1 host" : `${hosts} hosts`}`;
}

function failing(why: string, lock: EtcdLockConfig, group?: EtcdGroup): Tried {
  const below = group?.keys.base ?? `${lock.prefix}/`;
  const advice = adviceFor(why, placesOfEtcd(lock, below));
  return { kind: "fails", why, advice: advice ?? "Check the etcd, and the files of lock." };
}
