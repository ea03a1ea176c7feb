import * as v from "valibot";

// What the hosts of a group know of their rollout. Every value in etcd is parsed by one of these schemas:
// another version of the program may have written it, so unknown keys are dropped and new ones optional.

/** A host on which a rollout failed. */
export const failureSchema = v.object({
  /** The name of the host with etcd. */
  id: v.string(),
  host: v.string(),
  wave: v.number(),
  finalization: v.string(),
  why: v.string(),
  at: v.string(),
});
export type Failure = v.InferOutput<typeof failureSchema>;

export const haltSchema = v.object({
  at: v.string(),
  /** Who halted it: a host by itself, or an operator on a host. */
  by: v.string(),
  why: v.string(),
  kind: v.picklist(["failures", "missing", "operator"]),
  /** The names with etcd of the hosts that are missing; `fleet resume` goes on without these. */
  missing: v.optional(v.array(v.string())),
});
export type Halt = v.InferOutput<typeof haltSchema>;

/** The rollout of a group: at one moment, there is one. */
export const rolloutSchema = v.object({
  schemaVersion: v.literal(1),
  /** Grows by one with each rollout of the group. */
  seq: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** The revision, or what `--rollout` says. */
  name: v.string(),
  startedAt: v.string(),
  /** The name of the host that began it, for people. */
  startedBy: v.string(),
  /** The finalization of that host: an older one of another host, with another name, is late. */
  startedFor: v.optional(v.string()),
  /** Null while it goes on. */
  halt: v.nullable(haltSchema),
  /** One for each host that failed up to a halt. A host that fails while it is halted only has that state. */
  failures: v.array(failureSchema),
  /** How many of the failures an operator has forgiven with `fleet resume`; these come first. */
  forgiven: v.number(),
  /** When it was resumed last, and by whom. */
  resumed: v.optional(v.object({ at: v.string(), by: v.string() })),
});
export type Rollout = v.InferOutput<typeof rolloutSchema>;

/** What a host does in the rollout that it joined last. */
export const MEMBER_STATES = [
  /** It waits for its wave, or for its other gates. */
  "waiting",
  /** It may act, or acts. */
  "acting",
  /** It is live, and has to stay healthy for the time of its soak. */
  "soaking",
  "live",
  "failed",
  /** Its finalization was cancelled: it does not take part any more. */
  "left",
] as const;
export type MemberState = (typeof MEMBER_STATES)[number];

/** A host of a group, and how far it is. One that is known stays known until somebody forgets it. */
export const memberSchema = v.object({
  schemaVersion: v.literal(1),
  id: v.string(),
  host: v.string(),
  wave: v.number(),
  /** The rollout that it joined last. */
  seq: v.number(),
  finalization: v.string(),
  generation: v.nullable(v.number()),
  state: v.picklist(MEMBER_STATES),
  /** When it came to this state. */
  since: v.string(),
  /** What it waits for, or why it failed; null for nothing. */
  why: v.nullable(v.string()),
});
export type Member = v.InferOutput<typeof memberSchema>;

/** How a host counts for the waves above its own. */
export const DONE = ["live", "failed", "without"] as const;
export type Done = (typeof DONE)[number];

/** A rollout that was superseded by the next one. */
export const pastRolloutSchema = v.object({
  ...rolloutSchema.entries,
  endedAt: v.string(),
  /** How many of its hosts had ended live, and how many were known. */
  live: v.number(),
  members: v.number(),
  /** Whether all of its hosts had ended, or were gone on without; absent if it is unknown. */
  isOver: v.optional(v.boolean()),
});
export type PastRollout = v.InferOutput<typeof pastRolloutSchema>;

/** The failures that count against `maxFailures`. */
export function countedFailures({ failures, forgiven }: Rollout): readonly Failure[] {
  return failures.slice(forgiven);
}
