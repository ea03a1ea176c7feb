import type { Script, Stage } from "./fleet.ts";
import type { Fate, Revision } from "./terms.ts";
import { fractionOf } from "../../../src/fleet/holder.ts";

const GOOD: Revision = { name: "good", fate: () => "lives" };
const FIX: Revision = { name: "fix", fate: () => "lives" };

/** A revision that breaks a share of the hosts, always the same ones. */
function bad(share: number, how: Fate, seed: number): Revision {
  const fate = (host: string): Fate => (fractionOf(`${seed} ${host}`) < share ? how : "lives");
  return { name: "bad", fate };
}

async function allLive({ oracle, hosts }: Stage, { name }: Revision, absent = 0): Promise<void> {
  await oracle.when(() => oracle.liveOn(name) === hosts.length - absent);
}

/** Everybody who has begun to act has told how it ended. */
async function quiet({ oracle }: Stage): Promise<void> {
  await oracle.when(() => oracle.underWay(oracle.newest) === 0);
}

/** A good revision reaches all hosts. */
export const goodRevision: Script = async (stage) => {
  await stage.deploy(GOOD);
  await allLive(stage, GOOD);
};

/** A bad revision halts, and its fix reaches all hosts. */
export function badRevision(share: number, how: Fate, seed: number): Script {
  const revision = bad(share, how, seed);
  return async (stage) => {
    const { oracle, hosts } = stage;
    await stage.deploy(revision);
    const haveEnded = (): boolean =>
      oracle.liveOn("bad") + oracle.count(oracle.of("bad"), "failed") === hosts.length;
    await oracle.when(() => oracle.isHalted("bad") || haveEnded());
    await quiet(stage);
    await stage.deploy(FIX);
    await allLive(stage, FIX);
  };
}

/** The second revision supersedes the first one when half of the hosts are live on it. */
export const twoInARow: Script = async (stage) => {
  const { oracle, hosts } = stage;
  await stage.deploy(GOOD);
  await oracle.when(() => oracle.liveOn(GOOD.name) >= hosts.length / 2);
  await stage.deploy(FIX);
  await allLive(stage, FIX);
};

/** The gates open when all hosts but one have a later revision, and last on that one. */
export const laggard: Script = async (stage) => {
  const { oracle, hosts } = stage;
  const late = hosts.slice(-1);
  for (const host of hosts) host.close();
  await stage.deploy(GOOD);
  await stage.deploy(FIX, late);
  for (const host of hosts) if (!late.includes(host)) host.open();
  await oracle.when(() => oracle.of(FIX.name) !== 0);
  for (const host of late) host.open();
  await allLive(stage, FIX, late.length);
  if (oracle.of(GOOD.name) !== 0) throw new Error("the older revision has begun");
};

/** All hosts of the first wave are forgotten. In the next rollout the others wait for a new canary. */
export const newCanary: Script = async (stage) => {
  const { oracle, hosts } = stage;
  const [canary, ...gone] = hosts.filter(({ wave }) => wave === 0);
  if (canary === undefined) throw new Error("no host is the canary");
  await stage.deploy(GOOD);
  await allLive(stage, GOOD);
  for (const { id } of [canary, ...gone]) await stage.forget(id);
  for (const { id } of gone) oracle.excused.add(id);
  await stage.deploy(FIX, [canary, ...gone]);
  await oracle.when(() => oracle.of(FIX.name) !== 0);
  const others = hosts.filter((host) => host !== canary);
  await stage.deploy(FIX, others);
  await allLive(stage, FIX, gone.length);
};

/** An operator halts a good revision after a third of the hosts, and resumes. */
export const haltAndResume: Script = async (stage) => {
  const { oracle, hosts } = stage;
  await stage.deploy(GOOD);
  await oracle.when(() => oracle.liveOn(GOOD.name) >= hosts.length / 3);
  await stage.halt();
  await quiet(stage);
  await stage.resume();
  await allLive(stage, GOOD);
};

/** A bad revision is resumed until it has been everywhere: the hosts that it breaks get the fix. */
export function resumedAgainAndAgain(share: number, seed: number): Script {
  const revision = bad(share, "breaks", seed);
  return async (stage) => {
    const { oracle, hosts } = stage;
    await stage.deploy(revision);
    const broken = hosts.filter(({ id }) => revision.fate(id) === "breaks").length;
    const isThrough = (): boolean =>
      oracle.liveOn(revision.name) + oracle.count(oracle.of("bad"), "failed") === hosts.length;
    while (!isThrough()) {
      await oracle.when(() => isThrough() || oracle.isHalted("bad"));
      await quiet(stage);
      if (!isThrough()) await stage.resume();
    }
    if (oracle.count(oracle.of("bad"), "failed") !== broken) throw new Error("others broke");
    await stage.deploy(FIX);
    await allLive(stage, FIX);
  };
}

/** A host of the first wave gets no deploy. The others go on without it after a while. */
export const goOnWithout: Script = async (stage) => {
  const { oracle, hosts } = stage;
  const absent = hosts.slice(0, 1);
  for (const { id } of absent) oracle.excused.add(id);
  await stage.deploy(GOOD, absent);
  await allLive(stage, GOOD, absent.length);
};

/** Somebody cancels the deploy on a host that waits. The others go on without it after a while. */
export const cancelOne: Script = async (stage) => {
  const { oracle, hosts } = stage;
  const host = hosts.findLast(({ wave }) => wave === 1);
  if (host === undefined) throw new Error("no host waits");
  await stage.deploy(GOOD);
  oracle.excused.add(host.id);
  host.cancel();
  const gone = (): number => (host.hasLeft ? 1 : 0);
  await oracle.when(() => oracle.liveOn(GOOD.name) + gone() === hosts.length);
};

/** A host of the first wave gets no deploy. The rollout halts, and an operator forgets the host. */
export const forgetTheMissing: Script = async (stage) => {
  const { oracle, hosts } = stage;
  const absent = hosts.slice(0, 1);
  await stage.deploy(GOOD, absent);
  await oracle.when(() => oracle.isHalted(GOOD.name));
  for (const { id } of absent) {
    oracle.excused.add(id);
    await stage.forget(id);
  }
  await stage.resume();
  await allLive(stage, GOOD, absent.length);
};
