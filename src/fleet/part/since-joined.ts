import { secondsLeft } from "../../core/record/clock.ts";
import type { Part } from "../../core/record/fleet/part.ts";
import { readClock, TimeLimit } from "../../host/process/clock.ts";
import type { Host } from "../../host/process/host.ts";

/**
 * How long a finalization has waited since it joined its rollout, without the time in which etcd did not
 * answer: no other host could join then.
 */
export class SinceJoined {
  readonly #host: Host;
  #counted: { readonly since: string; readonly time: TimeLimit } | null = null;
  /** Since when etcd does not answer; null while it does. */
  #silentSinceMs: number | null = null;

  constructor(host: Host) {
    this.#host = host;
  }

  seconds(part: Part): number {
    const { joined, fleet, withoutAnswer } = part;
    if (joined === null) return 0;
    if (this.#counted?.since !== joined.at) {
      const limit = fleet.joinWithin + withoutAnswer;
      const time = new TimeLimit(this.#host, (now) => secondsLeft(limit, joined, now));
      this.#counted = { since: joined.at, time };
    }
    const passed = fleet.joinWithin - this.#counted.time.leftMs() / 1000;
    return Math.max(0, passed - this.#silentMs() / 1000);
  }

  /** The part after an answer, or the part itself if nothing is to be noted. */
  afterAnswer(part: Part, kind: "known" | "unknown"): Part {
    if (kind === "unknown") {
      this.#silentSinceMs ??= this.#host.elapsedMs();
      return part;
    }
    const silentMs = this.#silentMs();
    this.#silentSinceMs = null;
    if (part.joined === null) return { ...part, joined: readClock(this.#host) };
    if (silentMs === 0) return part;
    this.#counted?.time.extend(silentMs);
    return { ...part, withoutAnswer: part.withoutAnswer + silentMs / 1000 };
  }

  #silentMs(): number {
    return this.#silentSinceMs === null ? 0 : this.#host.elapsedMs() - this.#silentSinceMs;
  }
}
