import type { FleetConfig } from "../../core/config/fleet/fleet-config.ts";
import type { Done, Member, PastRollout, Rollout } from "../../core/fleet/rollout.ts";
import type { Unknown } from "../slot-keeping.ts";

/** A host in a rollout, as its gate and its end tell etcd of it. */
export interface Self extends Pick<
  FleetConfig,
  "wave" | "maxFailures" | "joinWithin" | "onMissing"
> {
  /** Its name with etcd: see holderOf. */
  readonly id: string;
  /** Its name for people. */
  readonly host: string;
  /** The name of the rollout: the revision of the target, or what `--rollout` says. */
  readonly rollout: string;
  readonly finalization: string;
  readonly generation: number | null;
}

/** What a host that asks to act is told. */
export type Admission =
  /** It may act, and the group knows that it does. */
  | { readonly kind: "admitted"; readonly rollout: Rollout }
  /** It has joined, and has to wait. `why` says for which waves and hosts, or why the rollout is halted. */
  | {
      readonly kind: "held";
      readonly because: "wave" | "missing" | "halted" | "superseded";
      readonly why: string;
      readonly rollout: Rollout;
    }
  /** Also if another host takes part under the name of this one: see lock.id. */
  | Unknown;

/** A wave of the rollout. */
export interface WaveView {
  readonly wave: number;
  readonly members: readonly MemberView[];
}

export interface MemberView extends Member {
  /** Null if it has not ended in this rollout. */
  readonly done: Done | null;
  /** False if it is known from an earlier rollout only. */
  readonly hasJoined: boolean;
}

/** Everything that a group knows, at one moment. */
export interface GroupView {
  readonly kind: "known";
  readonly group: string;
  /** Null if there has been none. */
  readonly rollout: Rollout | null;
  /** In the order of the waves, and of the names within one. */
  readonly waves: readonly WaveView[];
}

/** How far the group is, in numbers. */
export interface Progress {
  readonly rollout: Rollout;
  /** The waves of all hosts that are known. */
  readonly waves: number;
  /** The number of waves that are complete, from the lowest on. */
  readonly complete: number;
  readonly members: number;
  readonly live: number;
}

export type Told =
  | { readonly kind: "told"; readonly progress: Progress | null }
  /** The rollout has been superseded, or this host has joined a newer one: nothing was written. */
  | { readonly kind: "past" }
  | Unknown;

export type OperatorAct =
  | { readonly kind: "done"; readonly rollout: Rollout }
  /** There is nothing to do: no rollout, no such host, halted already, not halted. */
  | { readonly kind: "refused"; readonly why: string }
  /** It may have been done, unless it says that nothing was changed, because no change was sent. */
  | (Unknown & { readonly changed?: "nothing" });

/** The rollouts of a group. Every request may be repeated; none rejects. */
export interface RolloutServer {
  /**
   * Joins the rollout and asks to act. Each decision is one transaction on what was read: it fails if
   * anything that could close the gate has changed since, and is then made again.
   *
   * @param waitedSeconds since this finalization joined; after `joinWithin` absent hosts are not waited for
   */
  readonly admit: (self: Self, waitedSeconds: number) => Promise<Admission>;
  /** The same without joining and without changing anything, for `explain`. */
  readonly preview: (self: Self) => Promise<Admission>;
  /** A host that was admitted and does not act now waits again. */
  readonly withdraw: (self: Self) => Promise<Told>;
  /** A host that is live has begun to soak. */
  readonly soaks: (self: Self) => Promise<Told>;
  /**
   * A host has ended in the rollout. The answer has the numbers after that. The finalization may be newer
   * than that with which it joined: a rollback by hand.
   */
  readonly ends: (
    self: Self,
    end: { readonly kind: "live" } | { readonly kind: "failed"; readonly why: string },
  ) => Promise<Told>;
  /** Its finalization was cancelled: it does not take part, and is not waited for longer than `joinWithin`. */
  readonly leaves: (self: Self, why: string) => Promise<Told>;
  readonly look: () => Promise<GroupView | Unknown>;
  /** The newest first. */
  readonly history: () => Promise<
    { readonly kind: "known"; readonly past: readonly PastRollout[] } | Unknown
  >;
  readonly halt: (by: string, why: string) => Promise<OperatorAct>;
  /** Forgives all failures so far, and goes on without the hosts that were missing. */
  readonly resume: (by: string) => Promise<OperatorAct>;
  /** @param host its name for people, or with etcd */
  readonly forget: (host: string) => Promise<OperatorAct>;
  /**
   * Resolves at the next change of the rollout that may open or close a gate, if it has changed since the last
   * answer of this server already, if no member of etcd can be watched, when an absent host has had its
   * `joinWithin`, after some minutes, or with the signal. Never rejects.
   *
   * @param of `everything`: also at the progress of each host, for somebody who looks on
   */
  readonly change: (signal: AbortSignal, of?: "gates" | "everything") => Promise<void>;
}
