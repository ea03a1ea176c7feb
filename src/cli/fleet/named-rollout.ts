import type { RolloutServer } from "../../fleet/rollouts/rollout-server.ts";
import type { FleetJson } from "../../json/fleet.ts";
import { shortName } from "../../view/fleet/counts.ts";

/** Where a rollout is that is followed by its name. */
export type Arrival =
  /** It has not begun. */
  | "awaited"
  /** It is the present one. */
  | "present"
  /** Another one has replaced it. */
  | "superseded";

/**
 * A rollout that is followed by its name, perhaps before its first host has joined. A rollout of the same name
 * that was over at the first look is another one.
 */
export class NamedRollout {
  readonly name: string;
  readonly #server: Pick<RolloutServer, "history">;
  #first: number | null = null;
  /** The newest rollout whose predecessors were looked through. */
  #searched = 0;

  constructor(name: string, server: Pick<RolloutServer, "history">) {
    this.name = name;
    this.#server = server;
  }

  async arrival({ rollout }: Pick<FleetJson, "rollout">): Promise<Arrival> {
    const seq = rollout?.seq ?? 0;
    this.#first ??= seq;
    if (rollout !== null && this.#isMeant(rollout)) return "present";
    if (seq <= Math.max(this.#first, this.#searched)) return "awaited";
    const history = await this.#server.history();
    if (history.kind === "unknown") return "awaited";
    this.#searched = seq;
    const from = this.#first;
    const isPast = history.past.some((past) => past.seq >= from && this.#isMeant(past));
    return isPast ? "superseded" : "awaited";
  }

  /** Also by the short form of a revision, which the screens show. */
  #isMeant(rollout: Parameters<typeof shortName>[0]): boolean {
    return [rollout.name, shortName(rollout)].includes(this.name);
  }
}
