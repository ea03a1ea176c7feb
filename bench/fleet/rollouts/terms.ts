import type { RolloutServer, Self } from "../../../src/fleet/rollouts/rollout-server.ts";
import type { Oracle } from "./oracle.ts";
import type { SlotDesk } from "./slots.ts";
import type { Time } from "./time.ts";

/** How a revision goes on a host. */
export type Fate = "lives" | "breaks" | "breaks-in-soak";

export interface Revision {
  readonly name: string;
  readonly fate: (host: string) => Fate;
}

export type HostSettings = Pick<Self, "wave" | "maxFailures" | "joinWithin" | "onMissing"> & {
  readonly actMs: number;
  readonly soakMs: number;
  /** Seconds between two tries without an answer, or without a slot. */
  readonly retry: number;
  /** How probable a crash is at each point where one may come, from 0 to 1. */
  readonly crash: number;
};

/** The world around a host. */
export interface World {
  readonly time: Time;
  readonly random: () => number;
  readonly oracle: Oracle;
  /** A new process asks with a new server. After its death it hears nothing more. */
  readonly server: (death: AbortSignal) => RolloutServer;
  /** Resolves when a process that is killed during a request dies. */
  readonly dies: (asked: Promise<unknown>) => Promise<unknown>;
  /** Null if an act needs no slot. */
  readonly slots: SlotDesk | null;
}

export type State =
  | "waiting"
  | "leaving"
  | "left"
  | "acting"
  | "failing"
  | "soaking"
  | "proven"
  | "ended";

/** What is on the disk of a host: how far its finalization is. */
export interface Finalization {
  /** As those of the program, it begins with the moment of the deploy. */
  readonly id: string;
  readonly number: number;
  readonly revision: Revision;
  readonly state: State;
  /** When it joined its rollout. */
  readonly joinedAt: number | null;
  /** The rollout that admitted it. */
  readonly seq: number;
  readonly why: string;
}
