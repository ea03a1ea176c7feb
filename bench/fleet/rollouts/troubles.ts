import type { EtcdCluster } from "../../../test/fleet/etcd-cluster.ts";
import type { Script, Stage } from "./fleet.ts";

/** What happens to etcd while a script is played. */
export type Trouble = (cluster: EtcdCluster, stage: Stage) => Promise<void>;

/** The leader is killed when a share of the hosts has begun to act, and is back when twice as many have. */
export const leaderDies: Trouble = async (cluster, stage) => {
  await whenBegun(stage, 0.2);
  const leader = await cluster.leader();
  await cluster.kill(leader);
  await whenBegun(stage, 0.4);
  cluster.bringBack(leader);
};

/**
 * The leader neither answers nor ends until the others have another one. A host whose watch it serves
 * hears nothing meanwhile.
 */
export const leaderFreezes: Trouble = async (cluster, stage) => {
  await whenBegun(stage, 0.2);
  const leader = await cluster.leader();
  await cluster.freeze(leader);
  await cluster.leader(leader);
  cluster.thaw(leader);
};

/** All of etcd is away for a moment. */
export const etcdIsAway: Trouble = async (cluster, stage) => {
  await whenBegun(stage, 0.3);
  await Promise.all([0, 1, 2].map(async (member) => await cluster.kill(member)));
  for (const member of [0, 1, 2]) cluster.bringBack(member);
};

async function whenBegun({ oracle, hosts }: Stage, share: number): Promise<void> {
  await oracle.when(() => oracle.acts >= hosts.length * share);
}

/** A script with its trouble; ends when both have. */
export function troubled(script: Script, cluster: EtcdCluster, trouble: Trouble): Script {
  return async (stage) => {
    await Promise.all([script(stage), trouble(cluster, stage)]);
  };
}
