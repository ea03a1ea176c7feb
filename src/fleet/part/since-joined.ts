import { secondsLeft } from "../../core/record/clock.ts";
import type { Part } from "../../core/record/fleet/part.ts";
import { readClock, TimeLimit } from "../../host/process/clock.ts";
import type { Host } from "../../host/process/host.ts";
import type { Admission } from "../rollouts/rollout-server.ts";
import { isSameGroup } from "./terms.ts";

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
    const { joined, seq, fleet, withoutAnswer } = part;
    if (joined === null) return 0;
    const since = `${joined.at} ${seq ?? ""}`;
    if (this.#counted?.since !== since) {
      const limit = fleet.joinWithin + withoutAnswer;
      const time = new TimeLimit(this.#host, (now) => secondsLeft(limit, joined, now));
      this.#counted = { since, time };
    }
    const passed = fleet.joinWithin - this.#counted.time.leftMs() / 1000;
    return Math.max(0, passed - this.#silentMs() / 1000);
  }

  /**
   * The part to ask with.
   *
   * @param fresh the same by the settings of now, without a wait
   */
  beforeAsk({ answered, joined, seq = null, withoutAnswer, ...before }: Part, fresh: Part): Part {
    const part = { ...fresh, ...(answered !== undefined && { answered }) };
    // Nobody was missed in another group, or while this host was off.
    const isOfThisBoot = joined?.bootId === readClock(this.#host).bootId;
    if (!isOfThisBoot || !isSameGroup(before, fresh)) return part;
    return { ...part, joined, seq, withoutAnswer };
  }

  /** The part after an answer, or the part itself if nothing is to be noted. */
  afterAnswer(part: Part, answer: Admission): Part {
    if (answer.kind === "unknown") {
      this.#silentSinceMs ??= this.#host.elapsedMs();
      return part;
    }
    const silentMs = this.#silentMs();
    this.#silentSinceMs = null;
    const now = readClock(this.#host);
    const known = part.answered === undefined ? { ...part, answered: now } : part;
    if (answer.kind === "held" && answer.because === "superseded") {
      return known.joined === null ? known : notJoined(known);
    }
    const { seq } = answer.rollout;
    if (known.joined === null || known.seq !== seq) {
      return { ...known, joined: now, seq, withoutAnswer: 0 };
    }
    if (silentMs === 0) return known;
    this.#counted?.time.extend(silentMs);
    return { ...known, withoutAnswer: known.withoutAnswer + silentMs / 1000 };
  }

  #silentMs(): number {
    return this.#silentSinceMs === null ? 0 : this.#host.elapsedMs() - this.#silentSinceMs;
  }
}

function notJoined(part: Part): Part {
  return { ...part, joined: null, seq: null, withoutAnswer: 0 };
}

/** How long it has waited since etcd answered for the first time, in milliseconds, in whatever rollout. */
export function waitedMs(host: Pick<Host, "paths" | "now">, { answered, fleet }: Part): number {
  if (answered === undefined) return 0;
  const limit = fleet.joinWithin;
  return Math.max(0, 1000 * (limit - secondsLeft(limit, answered, readClock(host))));
}
