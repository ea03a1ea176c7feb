import { EtcdCluster, etcdMissing } from "../../test/fleet/etcd-cluster.ts";
import { table, verdict } from "../statistics.ts";
import { drain, type Fleet, type Trouble, whenDone } from "./simulation.ts";

const FLEET: Fleet = {
  hosts: 200,
  slots: 3,
  retry: 2,
  rebootMs: 150,
  onRollback: "keep",
  breaks: () => false,
  crash: 0.01,
  seed: 1,
};

const missing = etcdMissing();
if (missing !== null) {
  console.error(`bench-fleet: ${missing}`);
  process.exit(1);
}

/** The leader dies when a quarter is done, and is back when half is. */
const leaderDies: Trouble = async (cluster, done) => {
  await whenDone(done, FLEET.hosts / 4);
  const leader = await cluster.leader();
  await cluster.kill(leader);
  await whenDone(done, FLEET.hosts / 2);
  cluster.bringBack(leader);
};

/** What a bad system reaches if only slots stop it. */
async function brokenHosts(): Promise<number> {
  await using fresh = await EtcdCluster.start();
  return (await drain(fresh, { ...FLEET, breaks: () => true })).broken;
}

await using cluster = await EtcdCluster.start();
const drained = await drain(cluster, FLEET, leaderDies);
const { mostActing, mostHeld, left, seconds, crashes, requests } = drained;
const ideal = (FLEET.hosts * FLEET.rebootMs) / 1000 / FLEET.slots;

console.log(
  `a fleet of ${FLEET.hosts} hosts, ${FLEET.slots} slots, an etcd of three whose leader is killed and brought back`,
);
console.log(
  table([
    ["hosts that acted at once, at most", String(mostActing)],
    ["slots taken at once, at most", String(mostHeld)],
    ["slots lost", String(left)],
    ["crashes of hosts", String(crashes)],
    ["time to drain", `${seconds.toFixed(1)} s`],
    ["the same, if no slot were ever idle", `${ideal.toFixed(1)} s`],
    ["requests a host", (requests / FLEET.hosts).toFixed(1)],
  ]),
);
console.log(
  `a reboot takes ${FLEET.rebootMs} ms, a host tries every ${FLEET.retry} s on average\n`,
);
const verdicts = [
  verdict("hosts that acted at once", mostActing, FLEET.slots),
  verdict("slots taken at once", mostHeld, FLEET.slots),
  verdict("slots lost", left, 0),
  verdict("hosts that a bad system breaks without rollouts", await brokenHosts(), FLEET.slots),
  verdict("time to drain, times the ideal", seconds / ideal, 3),
];
process.exitCode = verdicts.every(Boolean) ? 0 : 1;
