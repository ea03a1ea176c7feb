import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import type { EtcdLockConfig } from "../../../src/core/config/lock-config.ts";
import type { Member, Rollout } from "../../../src/core/fleet/rollout.ts";
import { EtcdRollouts } from "../../../src/fleet/rollouts/etcd-rollouts.ts";
import type {
  Admission,
  GroupView,
  OperatorAct,
  Progress,
  RolloutServer,
  Self,
  Told,
} from "../../../src/fleet/rollouts/rollout-server.ts";
import { etcdConfig } from "../configs.ts";

export const now = (): Date => new Date("2026-11-30T15:00:00Z");

/** A host that asks for itself. */
export function selfOf(host: string, wave: number, more: Partial<Self> = {}): Self {
  return {
    id: `id-${host}`,
    host,
    wave,
    maxFailures: 1,
    joinWithin: 3600,
    onMissing: "halt",
    rollout: "r1",
    finalization: "20261130-150000-aaaa",
    generation: 7,
    ...more,
  };
}

/** The later finalizations of a host, in their order. */
export function finalization(index: number): string {
  return `20261130-15${String(index).padStart(2, "0")}00-aaaa`;
}

export function serverOf(
  endpoints: readonly string[],
  more: Partial<EtcdLockConfig> = {},
  holder = "h",
  clock = now,
): EtcdRollouts {
  return new EtcdRollouts(
    etcdConfig(endpoints, { timeout: 20, retry: 0.1, ...more }),
    { group: "web" },
    holder,
    clock,
  );
}

export async function admitted(server: RolloutServer, self: Self): Promise<Rollout> {
  const answer = await server.admit(self, 0);
  assert.equal(answer.kind, "admitted", JSON.stringify(answer));
  return known(answer).rollout;
}

type Held = Extract<Admission, { kind: "held" }>;

export async function held(server: RolloutServer, self: Self, waited = 0): Promise<Held> {
  return heldIn(await server.admit(self, waited));
}

export function heldIn(answer: Admission): Held {
  assert.ok(answer.kind === "held", JSON.stringify(answer));
  return answer;
}

export async function live(server: RolloutServer, self: Self): Promise<Progress | null> {
  return progressIn(await server.ends(self, { kind: "live" }));
}

export async function failed(
  server: RolloutServer,
  self: Self,
  why = "rolled back: no web",
): Promise<Progress | null> {
  return progressIn(await server.ends(self, { kind: "failed", why }));
}

function progressIn(told: Told): Progress | null {
  assert.ok(told.kind === "told", JSON.stringify(told));
  return told.progress;
}

export function known<T extends { kind: string }>(answer: T): Exclude<T, { kind: "unknown" }> {
  assert.notEqual(answer.kind, "unknown", JSON.stringify(answer));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- asserted above
  return answer as Exclude<T, { kind: "unknown" }>;
}

/** Asks until there is an answer: on a busy machine a cluster elects a new leader at any moment. */
export async function untilKnown<T extends { kind: string }>(
  ask: () => Promise<T>,
): Promise<Exclude<T, { kind: "unknown" }>> {
  for (;;) {
    const answer = await ask();
    if (answer.kind !== "unknown") return known(answer);
    await delay(20);
  }
}

export async function view(server: RolloutServer): Promise<GroupView> {
  return await untilKnown(server.look);
}

/** Each host with its state, and how it counts: `web1 live/live`. */
export async function states(server: RolloutServer): Promise<string[]> {
  const { waves } = await view(server);
  return waves.flatMap(({ wave, members }) =>
    members.map(({ host, state, done }) => `${wave}:${host} ${state}/${done ?? "-"}`),
  );
}

export async function memberNamed(server: RolloutServer, host: string): Promise<Member> {
  const { waves } = await view(server);
  const member = waves.flatMap(({ members }) => members).find((each) => each.host === host);
  assert.ok(member !== undefined, `no ${host}`);
  return member;
}

export function rolloutIn(act: OperatorAct): Rollout {
  assert.ok(act.kind === "done", JSON.stringify(act));
  return act.rollout;
}
