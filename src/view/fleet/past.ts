import { endOfPast } from "../../core/fleet/past-end.ts";
import type { PastRollout } from "../../core/fleet/rollout.ts";

/** How a rollout ended that a newer one has replaced: `ended live on 3 of 3 hosts, and was then superseded by fix`. */
export function pastInWords(past: PastRollout, by: string): string {
  const { live, members, halt } = past;
  const then = `and was then superseded by ${by}`;
  const { kind, blamed } = endOfPast(past);
  switch (kind) {
    case "live":
      return `ended live on ${live} of ${members} hosts, ${then}`;
    case "failed":
      return `ended with failures (${hostsOf(blamed)}), ${then}`;
    case "halted":
      return `was halted by ${halt?.by ?? "?"}: ${halt?.why ?? "?"}, ${then}`;
    case "superseded":
      return `was superseded by ${by}`;
  }
}

function hostsOf(blamed: readonly { readonly host: string }[]): string {
  return [...new Set(blamed.map(({ host }) => host))].join(", ");
}
