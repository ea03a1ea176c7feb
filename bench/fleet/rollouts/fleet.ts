import type { OperatorAct, RolloutServer } from "../../../src/fleet/rollouts/rollout-server.ts";
import { RolloutHost } from "./host.ts";
import type { HostSettings, Revision, World } from "./terms.ts";
import { Oracle } from "./oracle.ts";
import type { Time } from "./time.ts";

export interface Fleet extends Omit<HostSettings, "wave"> {
  /** How many hosts each wave has. */
  readonly waves: readonly number[];
  /** Whether the hosts know each other from an earlier rollout. */
  readonly members: "known" | "new";
  /** A revision reaches all hosts within so many milliseconds, in any order. */
  readonly spreadMs: number;
}

/** What scripts do with a fleet. */
export interface Stage {
  readonly fleet: Fleet;
  readonly oracle: Oracle;
  readonly hosts: readonly RolloutHost[];
  readonly random: () => number;
  /** @param absent hosts that do not get it */
  readonly deploy: (revision: Revision, absent?: readonly RolloutHost[]) => Promise<void>;
  readonly halt: () => Promise<void>;
  readonly resume: () => Promise<void>;
  readonly forget: (host: string) => Promise<void>;
}

export type Script = (stage: Stage) => Promise<void>;

/** The world of a fleet: the hosts' worlds without what is the host's own. */
export interface FleetWorld extends Omit<World, "oracle" | "server"> {
  readonly server: (id: string, death: AbortSignal) => RolloutServer;
  /** How many requests there have been. */
  readonly requests: () => number;
}

export interface Played {
  readonly oracle: Oracle;
  readonly ms: number;
  readonly requests: number;
  readonly crashes: number;
}

/** Lets the hosts of a fleet run while a script is played to them. */
export async function play(fleet: Fleet, world: FleetWorld, script: Script): Promise<Played> {
  const oracle = new Oracle(fleet.maxFailures);
  const hosts = fleet.waves.flatMap((count, wave) =>
    Array.from({ length: count }, (_, index) => {
      const id = `w${wave}-${String(index).padStart(4, "0")}`;
      const server: World["server"] = (death) => world.server(id, death);
      return new RolloutHost(id, { ...fleet, wave }, { ...world, oracle, server });
    }),
  );
  if (fleet.members === "known") await register(world, oracle, hosts);
  const before = { at: world.time.now(), requests: world.requests() };
  const running = Promise.all(hosts.map(async (host) => await host.run()));
  const played = script(stageOf(fleet, world, oracle, hosts));
  try {
    // A host never ends by itself: the first of the two that fails ends it all.
    await Promise.race([played, running]);
  } finally {
    for (const host of hosts) host.switchOff();
  }
  const ms = world.time.now() - before.at;
  const requests = world.requests() - before.requests;
  await running;
  const crashes = hosts.reduce((sum, host) => sum + host.crashes, 0);
  return { oracle, ms, requests, crashes };
}

function stageOf(
  fleet: Fleet,
  world: FleetWorld,
  oracle: Oracle,
  hosts: readonly RolloutHost[],
): Stage {
  const { time, random } = world;
  const operator = world.server("operator", NEVER);
  const operate = async (ask: () => Promise<OperatorAct>): Promise<void> => {
    const asked = oracle.asks();
    oracle.operated(asked, await known(world.time, ask));
  };
  return {
    fleet,
    oracle,
    hosts,
    random,
    deploy: async (revision, absent = []) => {
      const present = hosts.filter((host) => !absent.includes(host));
      await Promise.all(
        present.map(async (host) => {
          // At another moment than the deploys before.
          await time.pause(1 + random() * fleet.spreadMs);
          host.deploy(revision);
        }),
      );
    },
    halt: async () => await operate(async () => await operator.halt("operator", "by hand")),
    resume: async () => {
      oracle.resumes();
      await operate(async () => await operator.resume("operator"));
      oracle.hasResumed();
    },
    forget: async (host) => await operate(async () => await operator.forget(host)),
  };
}

/** Lets all hosts know each other, as after an earlier rollout, without an act. */
async function register(
  { server, time }: FleetWorld,
  oracle: Oracle,
  hosts: readonly RolloutHost[],
): Promise<void> {
  for (const { id, wave, settings } of hosts) {
    const own = { id, host: id, finalization: "20261122-212900-0000", generation: null };
    const self = { ...settings, ...own, rollout: "registers" };
    const group = server(id, NEVER);
    await known(time, async () => await group.admit(self, 0));
    oracle.registered({ id, wave });
    await known(time, async () => await group.ends(self, { kind: "live" }));
  }
}

const NEVER = new AbortController().signal;

const RETRY_MS = 50;

/** Asks until there is an answer. */
async function known<T extends { readonly kind: string }>(
  time: Time,
  ask: () => Promise<T>,
): Promise<Exclude<T, { kind: "unknown" }>> {
  for (;;) {
    const answer = await ask();
    if (isKnown(answer)) return answer;
    await time.pause(RETRY_MS);
  }
}

function isKnown<T extends { readonly kind: string }>(
  answer: T,
): answer is Exclude<T, { kind: "unknown" }> {
  return answer.kind !== "unknown";
}
