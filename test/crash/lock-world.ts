import { readingAt } from "../../src/core/record/clock.ts";
import type { SlotPorts, SlotServer } from "../../src/fleet/slot-keeping.ts";
import { fleetLockConfig } from "../fleet/configs.ts";
import type { Slot } from "../../src/core/record/slot.ts";

export const LOCK = fleetLockConfig("http://lock.example");

/** What the lock server does that is out of the ordinary. */
export interface LockWeather {
  /** So many questions for a slot are refused first. */
  readonly fullFor?: number;
  /** So many requests of either kind get no answer, though they were heeded. */
  readonly silentFor?: number;
  /** Which acts need a slot. */
  readonly for?: "reboots" | "all acts";
}

/** A lock server with one slot for this host, and what this host has on disk about it. */
export class LockWorld {
  /** What the server knows: survives whatever happens to the host. */
  isHeld = false;
  /** Whether this host has ever held it. */
  wasTaken = false;
  /** What is on disk. */
  slot: Slot | null = null;
  readonly #pass: () => void;
  readonly #hasEnded: () => boolean;
  full: number;
  silent: number;

  /** @param pass a point at which the host may crash */
  constructor(
    { fullFor = 0, silentFor = 0 }: LockWeather,
    pass: () => void,
    hasEnded: () => boolean,
  ) {
    this.full = fullFor;
    this.silent = silentFor;
    this.#pass = pass;
    this.#hasEnded = hasEnded;
  }

  ports(now: () => Date): SlotPorts {
    return {
      clock: () => readingAt(now().toISOString()),
      read: () => this.slot,
      write: (slot) => {
        this.slot = slot;
        this.#pass();
      },
      remove: () => {
        this.slot = null;
        this.#pass();
      },
      server: () => this.#server,
      self: () => ({ host: "web1", finalizations: [] }),
      standing: async () =>
        this.#hasEnded() ? { kind: "ended", keepsBecause: null } : { kind: "unfinished" },
    };
  }

  #isSilent(): boolean {
    if (this.silent === 0) return false;
    this.silent--;
    return true;
  }

  /** A crash after the request and before the answer is one of the points. */
  readonly #server: SlotServer = {
    take: async () => {
      if (this.full > 0) {
        this.full--;
        return { kind: "refused", why: "full" };
      }
      this.isHeld = this.wasTaken = true;
      this.#pass();
      return this.#isSilent() ? NO_ANSWER : { kind: "held" };
    },
    giveBack: async () => {
      this.isHeld = false;
      this.#pass();
      return this.#isSilent() ? NO_ANSWER : { kind: "given-back" };
    },
    newLease: async () => NO_ANSWER,
    renew: async () => NO_ANSWER,
    look: async () => NO_ANSWER,
  };
}

const NO_ANSWER = { kind: "unknown", why: "no answer" } as const;
