/**
 * Rollouts of simulated fleets: what a bad revision reaches, how long a good one takes, and what etcd is
 * asked. SEEDS: how many bad revisions (100). REAL_SEEDS: how many of them on a real etcd (10).
 * LARGE: how many hosts the large fleet has (2000).
 */
import { EtcdCluster, etcdMissing } from "../../../test/fleet/etcd-cluster.ts";
import { verdict } from "../../statistics.ts";
import { badOnEtcd, badOnSimulatedEtcd, badWithSlots } from "./bad.ts";
import { Requests } from "./requests.ts";
import { goodRevisions, troubledRollouts } from "./good.ts";

const missing = etcdMissing();
if (missing !== null) {
  console.error(`bench-fleet: ${missing}`);
  process.exit(1);
}

const { SEEDS = "100", REAL_SEEDS = "10", LARGE = "2000" } = process.env;

await using cluster = await EtcdCluster.start();
using requests = new Requests();
const place = { cluster, requests };

console.log("rollouts over five waves of equal size, on an etcd of three\n");
const met = [
  ...(await badOnSimulatedEtcd(Number(SEEDS))),
  ...(await badOnEtcd(place, Number(REAL_SEEDS))),
  ...(await badWithSlots(place)),
  ...(await troubledRollouts(place)),
  ...(await goodRevisions(place, Number(LARGE))),
];
console.log("");
const verdicts = met.map(({ what, measured, limit }) => verdict(what, measured, limit));
process.exitCode = verdicts.every(Boolean) ? 0 : 1;
