import type { Part, PartEnd } from "../../core/record/fleet/part.ts";
import { messageOf } from "../../core/refusal.ts";
import { readBootId } from "../../host/nixos/systems.ts";
import type { FinalizationContext } from "../context.ts";
import type { Soak } from "./soak.ts";

type Soaking = Extract<PartEnd, { kind: "soaking" }>;

/**
 * Notes in which boot a process watches a soak, until that process is stopped in order. So a host that went down
 * by itself, and is up again with the same system, is not taken for a healthy one.
 */
export class WatchedSoak {
  readonly boot: Soak["boot"];
  readonly #context: Pick<FinalizationContext, "host" | "rollout" | "requireLocks">;
  readonly #bootId: string;
  readonly #end: Soaking;

  constructor(
    context: Pick<FinalizationContext, "host" | "rollout" | "requireLocks">,
    end: Soaking,
  ) {
    this.#context = context;
    this.#end = end;
    this.#bootId = readBootId(context.host.paths);
    const { watchedIn = null } = end;
    this.boot = watchedIn === null || watchedIn === this.#bootId ? "as-usual" : "unannounced";
  }

  /** The part with that, on the disk. */
  takeUp(part: Part): Part {
    // What is noted already stays until the end is noted, also if this process dies before.
    return this.boot === "unannounced" ? part : this.#note(part, this.#bootId);
  }

  /** This process is stopped, as at a shutdown. */
  leave(part: Part): void {
    const { host, requireLocks } = this.#context;
    if (this.boot === "unannounced") return;
    try {
      requireLocks();
      this.#note(part, null);
    } catch (error) {
      host.say(`cannot note that the soak stops: ${messageOf(error)}`);
    }
  }

  #note(part: Part, watchedIn: string | null): Part {
    return this.#context.rollout.note(part, { ...this.#end, watchedIn });
  }
}
