import { adviceFor, type Places } from "../core/advice.ts";
import type { LockConfig } from "../core/config/lock-config.ts";
import type { ProxyConfig } from "../core/config/proxy-config.ts";
import { messageOf } from "../core/refusal.ts";
import type { Tried } from "../core/tried.ts";
import type { Host } from "../host/process/host.ts";
import { placesOfEtcd } from "./etcd-places.ts";
import { answersAnybody } from "./fleetlock.ts";
import { holderOf } from "./holder.ts";
import { serverFor } from "./slot-access.ts";
import type { Claim, Unknown } from "./slot-keeping.ts";

/** Seconds after which etcd frees a test slot by itself, whatever becomes of this process. */
const LEASE = 60;

/**
 * Takes a slot of the fleet lock and gives it back at once, under an id of its own: the slot that this
 * host may hold stays, and a server that drains nodes finds none.
 */
export async function trySlot(
  host: Host,
  lock: LockConfig,
  proxy: ProxyConfig,
  hostName: string,
): Promise<Tried> {
  try {
    const holder = holderOf(lock, host.paths.machineId);
    const claim = claimFor(host.now(), holder, hostName);
    const stranger = await findStranger(lock, proxy, claim.id);
    return stranger ?? (await takeAndFree(host, lock, proxy, claim));
  } catch (error) {
    return failing(messageOf(error), lock);
  }
}

type TestClaim = Omit<Claim, "lease">;

function claimFor(now: Date, holder: string, hostName: string): TestClaim {
  const finalization = `test-${now.getTime()}`;
  const id = `test-${holder}`.slice(0, 128);
  return { id, host: `${hostName} (test)`, finalization, token: finalization };
}

/** FleetLock's success is any 200: so a server that refuses nothing would give a slot to every host. */
async function findStranger(
  lock: LockConfig,
  proxy: ProxyConfig,
  id: string,
): Promise<Tried | null> {
  if (lock.backend !== "fleetlock") return null;
  const answers = await answersAnybody({ ...lock, proxy }, id);
  if (answers.kind === "unknown") return failing(answers.why, lock);
  if (answers.kind === "no") return null;
  const why = `something else answers at lock.url (${lock.url}): it grants what is no request of FleetLock`;
  return { kind: "fails", why, advice: "Check lock.url, and the proxy in front of it." };
}

async function takeAndFree(
  host: Host,
  lock: LockConfig,
  proxy: ProxyConfig,
  claim: TestClaim,
): Promise<Tried> {
  const short = lock.backend === "etcd" ? { ...lock, lease: LEASE } : lock;
  const server = serverFor(short, claim.id, host.now, proxy);
  const lease = lock.backend === "etcd" ? await server.newLease() : null;
  if (lease?.kind === "unknown") return failing(lease.why, lock);
  const taking = await server.take({ ...claim, lease: lease?.id ?? null });
  // Also after a refusal and after no answer: the server may have taken it all the same.
  const given = await server.giveBack(claim.id);
  if (given.kind === "unknown" && taking.kind !== "refused") {
    return notGivenBack(taking.kind === "unknown" ? taking : given, claim, lock);
  }
  if (taking.kind !== "held") return failing(taking.why, lock);
  return { kind: "works", how: `gave a slot of group ${lock.group} and took it back` };
}

function notGivenBack({ why }: Unknown, { id }: TestClaim, lock: LockConfig): Tried {
  const first = adviceFor(why, placesOf(lock)) ?? "Ask the server for the cause.";
  const advice = `${first} Then give the test slot back: deploy-finalize lock release --holder ${id}`;
  return { kind: "fails", why: `the test slot ${id} may be held: ${why}`, advice };
}

function failing(why: string, lock: LockConfig): Tried {
  return { kind: "fails", why, advice: adviceFor(why, placesOf(lock)) ?? FULL };
}

const FULL =
  "If all slots are taken, test again later; otherwise check the server, lock.group and the files of lock.";

function placesOf(lock: LockConfig): Places {
  const { group, certFile } = lock;
  if (lock.backend === "fleetlock") {
    const key: Places["key"] =
      certFile === null
        ? { kind: "missing", setting: "lock.certFile and lock.keyFile" }
        : { kind: "known", words: `The certificate in ${certFile}` };
    return {
      address: `lock.url (${lock.url})`,
      key,
      right: `take a slot of group ${group}`,
      target: "the path before /v1/pre-reboot",
      caFile: "lock.caFile",
    };
  }
  return placesOfEtcd(lock, `${lock.prefix}/${group}/`);
}
