import type { RolloutNote } from "../../state-dir/rollout-note.ts";
import { countedFailures, MEMBER_STATES } from "../../core/fleet/rollout.ts";
import { family, type Sample } from "../metrics-text.ts";

/** What a host knows of the others is what it saw when it looked last: docs/monitoring.md. */
const HELP = {
  info: "The rollout of the group as this host last saw it; always 1.",
  seen_timestamp_seconds: "When this host last looked at the rollout of its group.",
  start_timestamp_seconds: "When the rollout began.",
  halted: "1 if the rollout was halted when this host last looked.",
  failures:
    "Failed hosts that count against maxFailures, as this host last saw; those that were forgiven do not.",
  waves: "The waves of the group, as this host last saw; absent if it has not counted.",
  waves_complete: "The waves whose hosts have all ended, as this host last saw.",
  members: "The hosts of the group, as this host last saw.",
  live: "The hosts that are live in the rollout, as this host last saw.",
  counted_timestamp_seconds: "When this host last counted the waves and hosts of the group.",
  missing: "1 while this host waits for hosts of lower waves that do not take part.",
  member_state:
    "1 for the state of this host in the rollout that it joined last, 0 for all others; acting: it may act.",
  member_state_changed_timestamp_seconds: "When this host came to that state.",
} as const;

/** The metrics of the last look at the rollout; none without one. */
export function rolloutMetricsText(note: RolloutNote | null): string {
  if (note === null) return "";
  const { group, at, rollout, counts, countedAt, own } = note;
  const of = { group, rollout: rollout.name };
  const families: readonly Family[] = [
    ["info", [[of, 1]]],
    ["seen_timestamp_seconds", moment({ group }, at)],
    ["start_timestamp_seconds", moment(of, rollout.startedAt)],
    ["halted", [[of, rollout.halt === null ? 0 : 1]]],
    ["failures", [[of, countedFailures(rollout).length]]],
    ["waves", counts === null ? [] : [[of, counts.waves]]],
    ["waves_complete", counts === null ? [] : [[of, counts.complete]]],
    ["members", counts === null ? [] : [[of, counts.members]]],
    ["live", counts === null ? [] : [[of, counts.live]]],
    ["counted_timestamp_seconds", countedAt === null ? [] : moment(of, countedAt)],
    ["missing", [[of, own?.because === "missing" ? 1 : 0]]],
    ...ofOwn(group, own),
  ];
  return families
    .map(([name, samples]) => family(`deploy_finalize_rollout_${name}`, HELP[name], samples))
    .join("");
}

type Family = readonly [name: keyof typeof HELP, samples: readonly Sample[]];

function ofOwn(group: string, own: RolloutNote["own"]): readonly Family[] {
  if (own === null) return [];
  const of = { group, rollout: own.rollout };
  const wave = String(own.wave);
  const states = MEMBER_STATES.map((state): Sample => [
    { ...of, wave, state },
    state === own.state ? 1 : 0,
  ]);
  return [
    ["member_state", states],
    ["member_state_changed_timestamp_seconds", moment(of, own.since)],
  ];
}

/** Absent if another program wrote what is no time. */
function moment(labels: Sample[0], at: string): readonly Sample[] {
  const seconds = Date.parse(at) / 1000;
  return Number.isNaN(seconds) ? [] : [[labels, seconds]];
}
