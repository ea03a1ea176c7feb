import * as v from "valibot";
import { PAST_ENDS } from "../core/fleet/past-end.ts";
import { DONE, haltSchema, MEMBER_STATES } from "../core/fleet/rollout.ts";
import { moment } from "../core/record/clock-schema.ts";
import { described, orNull } from "./described.ts";

const group = described(v.string(), "The hosts that share the rollout.");
const server = described(v.array(v.string()), "The addresses of etcd.");

const halt = v.object({
  at: moment,
  by: described(v.string(), "The host that halted it by itself, or the operator."),
  why: v.string(),
  kind: described(
    haltSchema.entries.kind,
    "`failures`: too many hosts failed; `missing`: a host did not take part in time; `operator`: `fleet halt`.",
  ),
});

const failure = v.object({
  id: v.string(),
  host: v.string(),
  wave: v.number(),
  finalization: v.string(),
  why: v.string(),
  at: moment,
  isForgiven: described(v.boolean(), "`fleet resume` came after it: it does not count any more."),
});

const rollout = v.object({
  seq: described(v.number(), "Grows by one with each rollout of the group."),
  name: described(v.string(), "The revision, or what `--rollout` said."),
  startedAt: moment,
  startedBy: described(v.string(), "The host that began it."),
  halt: orNull(halt, "Null while it goes on."),
  resumed: orNull(
    v.object({ at: moment, by: v.string() }),
    "The last `fleet resume` of it; null if there was none.",
  ),
  failures: described(v.array(failure), "Hosts that failed, the first one first."),
});

const host = v.object({
  id: described(v.string(), "The host's name with etcd; `fleet forget` takes it too."),
  host: v.string(),
  isThisHost: v.boolean(),
  state: described(
    v.picklist([...MEMBER_STATES, "not-joined"]),
    "What it does in this rollout; `not-joined`: it is known from an earlier one only. `left`: its finalization was cancelled.",
  ),
  done: orNull(
    v.picklist(DONE),
    "How it counts for the waves above: `without`, the rollout goes on without it. Null if they still wait for it.",
  ),
  since: orNull(moment, "When it came to this state; null if it has not joined."),
  generation: orNull(v.number(), "Null if it has not joined, or if the target has none."),
  finalization: orNull(v.string(), "Null if it has not joined."),
  why: orNull(v.string(), "What it waits for, or why it failed."),
});

const wave = v.object({
  wave: v.number(),
  isComplete: described(v.boolean(), "No host of a higher wave waits for it any more."),
  live: described(v.number(), "How many of its hosts are live and have soaked."),
  hosts: v.array(host),
});

/** What `fleet status` prints with `--json`. */
export const fleetSchema = v.object({
  schemaVersion: v.literal(1),
  group,
  server,
  rollout: orNull(rollout, "Null if there has been none, or if it is unknown."),
  waves: orNull(
    v.array(wave),
    "In their order; null if unknown, and for a rollout that was followed by its name when a newer one has replaced it.",
  ),
  unknown: orNull(v.string(), "Why the rollout is unknown; null if it is known."),
});

/** What `fleet history` prints with `--json`. */
export const fleetHistorySchema = v.object({
  schemaVersion: v.literal(1),
  group,
  server,
  past: described(
    v.array(
      v.object({
        ...rollout.entries,
        endedAt: described(moment, "When the next rollout replaced it."),
        live: described(v.number(), "How many hosts had ended live then."),
        members: described(v.number(), "How many hosts were known then."),
        end: described(
          v.picklist(PAST_ENDS),
          "`live`: all hosts were live, or were gone on without; `failed`: hosts had failed; `halted`: it was halted; `superseded`: it was on its way.",
        ),
      }),
    ),
    "The rollouts that a newer one replaced, the newest first.",
  ),
});

/** What `fleet halt`, `fleet resume` and `fleet forget` print with `--json`. */
export const fleetActSchema = v.object({
  schemaVersion: v.literal(1),
  group,
  server,
  act: v.picklist(["halt", "resume", "forget"]),
  host: orNull(v.string(), "The host that was forgotten; null for the other acts."),
  by: described(v.string(), "Who asked for it."),
  rollout: described(rollout, "As it is now."),
});

export type FleetJson = v.InferOutput<typeof fleetSchema>;
export type FleetHistoryJson = v.InferOutput<typeof fleetHistorySchema>;
export type FleetActJson = v.InferOutput<typeof fleetActSchema>;
export type RolloutJson = v.InferOutput<typeof rollout>;
export type WaveJson = v.InferOutput<typeof wave>;
export type FleetHostJson = v.InferOutput<typeof host>;
