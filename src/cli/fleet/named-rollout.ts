import type { PastRollout } from "../../core/fleet/rollout.ts";
import type { RolloutServer } from "../../fleet/rollouts/rollout-server.ts";
import type { FleetJson } from "../../json/fleet.ts";
import { shortName } from "../../view/fleet/counts.ts";

/** Where a rollout is that is followed by its name. */
export type Arrival =
  /** It has not begun. */
  | { readonly kind: "awaited" }
  /** It is the present one. */
  | { readonly kind: "present" }
  /** Another one has replaced it. */
  | { readonly kind: "past"; readonly past: PastRollout; readonly by: string }
  | { readonly kind: "unknown"; readonly why: string };

/** The newest deploy of this host: the rollout that it belongs to, and when it was scheduled. */
export interface OwnDeploy {
  readonly rollout: string | null;
  readonly scheduledAt: string;
}

/** A rollout that is followed by its name, perhaps before its first host has joined. */
export class NamedRollout {
  readonly name: string;
  readonly #server: Pick<RolloutServer, "history">;
  readonly #own: OwnDeploy | null;
  /** The newest rollout whose predecessors were looked through. */
  #searched = 0;

  /** @param own null if this host has deployed nothing */
  constructor(name: string, server: Pick<RolloutServer, "history">, own: OwnDeploy | null) {
    this.name = name;
    this.#server = server;
    this.#own = own;
  }

  async arrival({ rollout }: Pick<FleetJson, "rollout">): Promise<Arrival> {
    if (rollout !== null && this.#isMeant(rollout)) return { kind: "present" };
    if (rollout === null || rollout.seq <= this.#searched) return { kind: "awaited" };
    const history = await this.#server.history();
    if (history.kind === "unknown") return history;
    this.#searched = rollout.seq;
    const past = history.past.find((one) => this.#isMeant(one) && !this.#isDeployedAgain(one));
    if (past === undefined) return { kind: "awaited" };
    const next = history.past.find(({ seq }) => seq === past.seq + 1) ?? rollout;
    return { kind: "past", past, by: shortName(next) };
  }

  /** Also by the short form of a revision, which the screens show. */
  #isMeant(rollout: Parameters<typeof shortName>[0]): boolean {
    return [rollout.name, shortName(rollout)].includes(this.name);
  }

  /** After a revert, an old commit begins a rollout of its own: this host waits for that one to begin. */
  #isDeployedAgain({ name, endedAt }: PastRollout): boolean {
    if (this.#own === null || this.#own.rollout !== name) return false;
    return Date.parse(this.#own.scheduledAt) > Date.parse(endedAt);
  }
}
